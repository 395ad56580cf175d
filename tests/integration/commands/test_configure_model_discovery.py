"""configure_model_discovery: list, try, set, reset."""

from __future__ import annotations

import io
import json
from typing import Any, Dict, Iterator, List

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from sb_sync import catalog, config
from sb_sync.config import MODEL_DISCOVERY, SyncConfig
from sb_sync.models import SyncConfiguration

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_set(db: None) -> Iterator[None]:
    catalog.refresh()
    yield
    SyncConfig.reset(SyncConfiguration.objects.values_list("section", "key"))
    catalog.refresh()


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("configure_model_discovery", *arguments, stdout=out)
    return out.getvalue()


def stored() -> Dict[str, Any]:
    return {row.key: row.value for row in SyncConfiguration.objects.all()}


def included(told: str) -> List[str]:
    return [each["model"] for each in json.loads(told)["models"] if each["included"]]


@pytest.mark.parametrize(
    ("option", "key", "values"),
    [
        ("--set-include-apps", "INCLUDE_APPS", ["testapp", "auth"]),
        ("--set-exclude-models", "EXCLUDE_MODELS", ["testapp.Shelf", "testapp.tag"]),
        ("--set-include-patterns", "INCLUDE_MODEL_PATTERNS", ["^testapp"]),
        ("--set-exclude-patterns", "EXCLUDE_MODEL_PATTERNS", ["Line$", "Tag"]),
        ("--set-exclude-fields", "EXCLUDE_MODELS_WITH_FIELDS", ["sku"]),
        ("--set-require-fields", "REQUIRE_MODELS_WITH_FIELDS", ["organization"]),
    ],
)
def test_each_option_sets_its_key_and_holds_at_once(option: str, key: str, values: List[str]) -> None:
    before = set(catalog.synced_models())
    run(option, *values, "--dry-run")
    assert stored() == {}
    assert set(catalog.synced_models()) == before
    tried = included(run("--test-discovery", option, *values, "--json"))
    assert stored() == {}
    told = json.loads(run(option, *values, "--json"))
    assert stored() == {key: values}
    assert [each["key"] for each in told["changes"]] == [key]
    moved = {*told["moved_in"], *(each["model"] for each in told["moved_out"])}
    now = set(catalog.synced_models())
    contract = {"testapp.Contract"}
    assert (now ^ before) - contract == moved - contract
    assert set(tried) - contract == now - contract
    run(option)
    assert stored() == {key: []}


def test_several_keys_are_set_at_once_all_or_none() -> None:
    run("--set-include-apps", "testapp", "--set-exclude-models", "testapp.Shelf", "--reason", "first try")
    assert stored() == {"INCLUDE_APPS": ["testapp"], "EXCLUDE_MODELS": ["testapp.Shelf"]}
    assert SyncConfiguration.history.first().history_change_reason == "first try"
    with pytest.raises(CommandError) as refused:
        run("--set-include-apps", "nowhere", "--set-exclude-models", "Nobody", "--set-exclude-patterns", "(a+)+")
    assert len(str(refused.value).splitlines()) == 3
    assert stored()["INCLUDE_APPS"] == ["testapp"]


def test_the_present_values_are_listed() -> None:
    SyncConfig.set_config("MODEL_DISCOVERY", "MODEL_PREFIX", "My")
    told = json.loads(run("--json"))["MODEL_DISCOVERY"]
    assert set(told) == set(MODEL_DISCOVERY)
    assert told["MODEL_PREFIX"] == {"value": "My", "default": "", "source": "database"}
    assert told["INCLUDE_APPS"]["source"] == "default"
    assert run("--list-current") == run()
    assert "MODEL_PREFIX" in run()


def test_a_test_says_why_each_model_is_in_or_out() -> None:
    told = run("--test-discovery", "--set-exclude-patterns", "Shelf$")
    assert "excluded by EXCLUDE_MODEL_PATTERNS 'Shelf$'" in told
    assert "Nothing was written" in told


def test_a_reset_gives_every_key_of_discovery_its_default_and_no_other() -> None:
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 5)
    SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_MODELS", ["testapp.Shelf"])
    assert "+ testapp.Shelf" in run("--reset-to-defaults", "--dry-run")
    assert "EXCLUDE_MODELS" in stored()
    run("--reset-to-defaults")
    assert stored() == {"MAX_BATCH_SIZE": 5}
    assert "Nothing changes" in run("--reset-to-defaults")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--list-current", "--test-discovery"], "Take one of"),
        (["--list-current", "--set-include-apps", "testapp"], "Take one of"),
        (["--reset-to-defaults", "--set-include-apps", "testapp"], "Take one of"),
        (["--dry-run"], "--dry-run belongs to"),
        (["--set-exclude-patterns", "["], "is no regular expression"),
        (["--test-discovery", "--set-exclude-patterns", "["], "is no regular expression"),
        (["--set-exclude-fields", "nothing_has_this"], "no installed model has"),
        (["--set-include-apps", "sb_sync"], "never synchronised"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_mend(arguments: List[str], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        run(*arguments)
    assert stored() == {}


def test_a_quiet_run_says_nothing() -> None:
    assert run("--set-exclude-models", "testapp.Shelf", "-v", "0") == ""
    assert config.discovery_values()["EXCLUDE_MODELS"] == ["testapp.Shelf"]
