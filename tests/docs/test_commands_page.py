"""Hold the reference of commands against their parsers: each command, action and option, both ways."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Dict, Iterator, Set

import pytest
from django.core.management import get_commands
from django.core.management.base import BaseCommand

from tests.docs.pages import CODE, read, sections, tables

PAGE = "reference/commands.md"
OPTION = re.compile(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*(?![\w-])")
COMMANDS = sorted(name for name, app in get_commands().items() if app == "sb_sync")
#: What the product promises; a parser may have more.
PROMISED = {
    "setup_organizations": {"create_org", "create_groups", "add_user", "set_permissions", "setup_example"},
    "dynamic_permissions": {"discover", "generate", "apply", "export", "validate", "template"},
    "manage_config": {"show", "export", "import", "validate", "summary", "reset"},
    "show_models": {"summary", "all", "enabled", "disabled", "default", "details"},
    "sync_feed": {"status", "install", "verify", "repair", "purge"},
    "optimize_performance": {"analyze", "optimize", "cleanup", "monitor"},
    "setup_audit_trails": {"setup", "check", "cleanup"},
}


def test_the_sections_of_the_page_are_the_commands() -> None:
    assert sorted(sections(PAGE)) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_action_of_a_command_stands_in_its_section(name: str) -> None:
    told = {word for table in tables("--action") if table.heading == name for word in table.words()}
    assert told == set(_actions(name))
    assert PROMISED.get(name, set()) <= told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_stands_in_its_section(name: str) -> None:
    text = sections(PAGE)[name]
    preamble = read(PAGE).partition("\n## ")[0]
    own, common = set(_parser(name)), set(_options(BaseCommand().create_parser("manage.py", name)))
    assert not own - common - set(OPTION.findall(text + preamble))
    assert not set(OPTION.findall(_without_others(text, name))) - own


def _without_others(text: str, name: str) -> str:
    """Return a text without the code that shows how to run other commands."""
    others = [other for other in get_commands() if other != name]

    def is_of_another(code: str) -> bool:
        return any(re.search(rf"(?:^|manage\.py |\s){other} ", code) for other in others)

    kept = CODE.sub(lambda match: "" if is_of_another(match[1]) else match[0], text)
    return "\n".join(line for line in kept.splitlines() if not is_of_another(line) or "manage.py" not in line)


def _command(name: str) -> Any:
    return import_module(f"sb_sync.management.commands.{name}").Command()


def _parser(name: str) -> Dict[str, Any]:
    return _options(_command(name).create_parser("manage.py", name))


def _options(parser: Any) -> Dict[str, Any]:
    """Return what a parser takes, by its long options."""
    return {name: found for found in parser._actions for name in found.option_strings if name.startswith("--")}


def _actions(name: str) -> Iterator[str]:
    """Yield the values that a command's `--action` takes."""
    found = _parser(name).get("--action")
    yield from found.choices if found is not None else ()


def test_what_is_promised_exists() -> None:
    missing: Set[str] = set(PROMISED) - set(COMMANDS)
    assert not missing
