"""Hold the reference against the code: nothing that exists is left out, nothing is told that does not exist."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Iterator, Set, Type

import pytest
from django.core.management import get_commands

import sb_sync
from sb_sync import errors, protocol
from sb_sync.config import SETTINGS
from tests.docs.pages import read, words_in_tables

ACTIONS = {
    "setup_organizations": ["create_org", "create_groups", "add_user", "set_permissions", "setup_example"],
    "dynamic_permissions": ["discover", "generate", "apply", "export", "validate", "template"],
    "manage_config": ["show", "export", "import", "validate", "summary", "reset"],
    "show_models": ["summary", "all", "enabled", "disabled", "default", "details"],
    "sync_feed": ["status", "install", "verify", "repair", "purge"],
}


def test_every_setting_stands_in_the_reference_with_its_meaning() -> None:
    page = read("reference/settings.md")
    for name, setting in SETTINGS.items():
        assert f"| `{name}` | " in page, name
        assert setting.meaning.rstrip(".") in page, name


def test_no_setting_is_told_that_does_not_exist() -> None:
    beside = {"SECRET_KEY", "SB_SYNC_LOG_DIR"}
    assert words_in_tables("reference/settings.md") - beside == set(SETTINGS)


def test_every_error_code_stands_in_the_reference() -> None:
    told = words_in_tables("reference/api.md")
    missing = {error.code for error in _descendants(errors.SyncError)} - told
    assert not missing


def test_every_status_of_an_error_is_the_one_in_the_reference() -> None:
    page = read("reference/api.md")
    for error in _descendants(errors.SyncError):
        assert f"| `{error.code}` | {error.status} |" in page, error.code


def test_every_code_of_a_refused_record_stands_in_the_reference() -> None:
    told = words_in_tables("reference/api.md")
    assert not protocol.RECORD_CODES - told
    assert protocol.UNAVAILABLE in told


def test_every_command_stands_in_the_reference() -> None:
    page = read("reference/commands.md")
    for name, app in get_commands().items():
        if app == "sb_sync":
            assert f"## {name}\n" in page, name


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_action_of_a_command_stands_in_the_reference(name: str) -> None:
    told = words_in_tables("reference/commands.md")
    assert set(_actions(name)) == set(ACTIONS[name])
    assert not set(ACTIONS[name]) - told


def test_every_attribute_of_a_model_sync_stands_in_the_reference() -> None:
    told = {word.split("(")[0] for word in words_in_tables("reference/model-sync.md")}
    assert told == {name for name in vars(sb_sync.ModelSync) if not name.startswith("_")}


def test_every_system_check_stands_in_the_reference() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(sb_sync.__file__).parent.rglob("*.py"))
    told = {word for word in words_in_tables("reference/checks.md") if word.startswith("sb_sync.")}
    assert told == set(re.findall(r"\"(sb_sync\.[EW]\d{3})\"", sources))


def _actions(name: str) -> Iterator[str]:
    """Yield the values that a command's `--action` takes."""
    command = import_module(f"sb_sync.management.commands.{name}").Command()
    parser = command.create_parser("manage.py", name)
    for argument in parser._actions:
        if "--action" in argument.option_strings:
            yield from argument.choices or ()


def _descendants(base: Type[errors.SyncError]) -> Set[Type[errors.SyncError]]:
    """Return every class below a class."""
    direct = set(base.__subclasses__())
    return direct.union(*(_descendants(error) for error in direct))
