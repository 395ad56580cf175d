"""Every command spells the keys of its JSON in one way: small letters and underscores."""

from __future__ import annotations

import io
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from django.core.management import call_command, get_commands

from sb_sync import feed
from sb_sync.config import SECTIONS
from sb_sync.testing.factories import make_member, make_organization
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)

KEY = re.compile(r"[a-z0-9_]+")
#: What stands as a key because it is somebody's name.
NAMES = {*SECTIONS, *(key for keys in SECTIONS.values() for key in keys)}
RUNS: Dict[str, List[str]] = {
    "cleanup_sync_logs": ["", "--dry-run"],
    "configure_model_discovery": [
        "--list-current", "--test-discovery", "--set-exclude-patterns Log$ --dry-run",
        "--reset-to-defaults --dry-run",
    ],
    "dynamic_permissions": [
        "--action discover", "--action generate --org-slug acme --output-file {folder}/rights.json",
        "--action apply --org-slug acme --config-file {folder}/rights.json --dry-run",
        "--action export --org-slug acme --output-file {folder}/other.json",
        "--action validate --config-file {folder}/rights.json", "--action template",
    ],
    "generate_sync_report": [""],
    "manage_config": [
        "--action show", "--action export --file {folder}/set.json",
        "--action import --file {folder}/set.json --dry-run",
        "--action validate", "--action summary", "--action reset --force --dry-run",
    ],
    "optimize_performance": ["--action analyze", "--action optimize", "--action cleanup", "--action monitor"],
    "setup_audit_trails": ["--action setup", "--action check", "--action cleanup"],
    "setup_organizations": [
        "--action create_groups", "--action create_org --org-name South --org-slug south",
        "--action add_user --username {user} --org-slug acme --group-name Users",
        "--action set_permissions --org-slug acme --config-file {folder}/rights.json",
        "--action setup_example --dry-run",
    ],
    "show_models": [f"--action {name}" for name in ("summary", "all", "enabled", "disabled", "default", "details")],
    "sync_feed": [
        "--action status", "--action install", "--action verify", "--action repair --dry-run", "--action purge",
        "--action purge --dry-run",
    ],
    "sync_jobs": ["--action list", "--action work"],
}  # fmt: skip


def keys_of(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        yield from document
    values = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for value in values:
        yield from keys_of(value)


def test_every_command_and_every_action_is_walked() -> None:
    assert sorted(RUNS) == sorted(name for name, app in get_commands().items() if app == "sb_sync")
    for name, runs in RUNS.items():
        parser: Any = import_module(f"sb_sync.management.commands.{name}").Command().create_parser("manage.py", name)
        actions = next((each.choices for each in parser._actions if "--action" in each.option_strings), ())
        assert {run.split()[1] for run in runs if run.startswith("--action")} == set(actions)


@pytest.mark.parametrize("name", sorted(RUNS))
def test_keys_are_small_letters_and_underscores(name: str, tmp_path: Path) -> None:
    acme = make_organization("acme")
    user = make_member(acme)
    Region.objects.create(site_id=acme.pk, name="North")
    call_command("setup_organizations", "--action", "create_groups", stdout=io.StringIO())
    rights = ["--org-slug", "acme", "--output-file", str(tmp_path / "rights.json")]
    call_command("dynamic_permissions", "--action", "generate", *rights, stdout=io.StringIO(), stderr=io.StringIO())
    try:
        for line in RUNS[name]:
            out = io.StringIO()
            arguments = line.format(folder=tmp_path, user=user.get_username()).split()
            call_command(name, *arguments, "--json", stdout=out, stderr=io.StringIO())
            found = set(keys_of(json.loads(out.getvalue())))
            assert found
            assert [key for key in sorted(found - NAMES) if not KEY.fullmatch(key)] == []
    finally:
        feed.install("default")


def test_a_kind_of_primary_key_and_a_key_of_the_settings_have_names_of_their_own() -> None:
    models = {}
    for name, options in (
        ("dynamic_permissions", ["--action", "discover"]),
        ("configure_model_discovery", ["--test-discovery"]),
    ):
        out = io.StringIO()
        call_command(name, *options, "--json", stdout=out)
        models[name] = {each["model"]: each for each in json.loads(out.getvalue())["models"]}
    region = models["dynamic_permissions"]["testapp.Region"]
    assert (region["primary_key"], "key" in region) == ("automatic", False)
    keys = {each["key"] for each in models["configure_model_discovery"].values()}
    assert keys & NAMES
    assert keys <= NAMES | {""}
