"""Hold the reference against the code: nothing that exists is left out, nothing is told that does not exist."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path
from typing import Any, Dict, Iterator, Set, Type

from celery import Task
from django.core import exceptions

import sb_sync
from sb_sync import errors, optimizations, protocol, tasks
from sb_sync.api.urls import urlpatterns
from sb_sync.config import SETTINGS
from tests.docs.pages import read, reference_pages, tables, words_in_tables

SOURCES = sorted(Path(sb_sync.__file__).parent.rglob("*.py"))
# Handlers that every view has by itself.
OWN_METHODS = {"HEAD", "OPTIONS"}
PARAMETER = re.compile("<[^>]*>")
READ_SETTING = re.compile(r"\bsettings\.([A-Z][A-Z_]+)\b|\bgetattr\(settings, \"([A-Z_]+)\"")
#: Django's own: read, and told of nowhere, as what they do is what they always do.
DJANGOS = {"AUTH_USER_MODEL", "BASE_DIR", "ROOT_URLCONF", "USE_TZ"}


def test_every_setting_stands_in_the_reference_with_its_meaning() -> None:
    page = read("reference/settings.md")
    for name, setting in SETTINGS.items():
        assert f"| `{name}` | " in page, name
        assert setting.meaning.rstrip(".") in page, name


def test_no_setting_is_told_that_does_not_exist() -> None:
    told = [table for table in tables("key") if table.page == "reference/settings.md"]
    assert {word for table in told for word in table.words()} == set(SETTINGS)


def test_every_setting_of_django_that_is_read_stands_in_the_reference() -> None:
    found = {name for text in _sources() for pair in READ_SETTING.findall(text) for name in pair if name}
    told = "".join(map(read, reference_pages()))
    missing = {name for name in found - DJANGOS if f"`{name}`" not in told and f"{name} = " not in told}
    assert not missing - {"SB_SYNC"}
    beside = {word for table in tables("setting") for word in table.words()}
    assert {name for name in beside if name.isupper()} <= found


def test_every_address_stands_in_the_reference_with_its_methods() -> None:
    told = {PARAMETER.sub("<>", next(iter(row))): _methods_told(row[1]) for row in _rows("address")}
    assert told == {f"`{route}`": methods for route, methods in _routes().items()}


def test_every_error_code_stands_in_the_reference_with_its_status() -> None:
    told = {
        row[0].strip("`"): int(row[1]) for table in tables("code") if "status" in table.columns for row in table.rows
    }
    raised = {error.code: error.status for error in _descendants(errors.SyncError)}
    assert told == {**raised, protocol.INTERNAL: 500}


def test_every_code_of_a_refused_record_stands_in_the_reference() -> None:
    (table,) = [table for table in tables("code") if table.heading == "Codes of a refused record"]
    assert table.words() == set(protocol.RECORD_CODES)


def test_every_attribute_of_a_model_sync_stands_in_the_reference() -> None:
    told = {word.split("(")[0] for word in words_in_tables("reference/model-sync.md")}
    assert told == {name for name in vars(sb_sync.ModelSync) if not name.startswith("_")}


def test_every_system_check_stands_in_the_reference() -> None:
    told = {word for table in tables("id") for word in table.words()}
    assert told == set(re.findall(r"\"(sb_sync\.[EW]\d{3})\"", "".join(_sources())))


def test_every_system_check_says_how_to_mend_what_it_names() -> None:
    made = [call for text in _sources() for call in _check_messages(text)]
    assert len(made) >= len([word for table in tables("id") for word in table.words()])
    for call in made:
        assert {"hint", "id"} <= {keyword.arg for keyword in call.keywords}, ast.dump(call)


def test_every_task_stands_in_the_reference() -> None:
    found = {name for name, value in vars(tasks).items() if isinstance(value, Task)}
    assert {word for table in tables("task") for word in table.words()} == found
    assert {entry["task"].rpartition(".")[2] for entry in tasks.BEAT_SCHEDULE.values()} <= found


def test_every_helper_for_the_projects_code_stands_in_the_reference() -> None:
    text = "".join(map(read, reference_pages()))
    own = {name: getattr(optimizations, name) for name in optimizations.__all__}
    methods = {f"{name}.{each}" for name, value in own.items() for each in _methods_of(value)}
    assert not {name for name in {*own, *methods} if not re.search(rf"\b{re.escape(name)}\b", text)}
    told = set(re.findall(r"\b((?:{})\.[a-z]\w*)".format("|".join(own)), text))
    assert not {name for name in told if not hasattr(own[name.partition(".")[0]], name.partition(".")[2])}


def test_whatever_is_told_to_come_with_the_helpers_can_be_imported_with_them() -> None:
    page = read("reference/helpers.md")
    imports = re.findall(r"^from sb_sync\.optimizations import (\([^)]*\)|.*)$", page, re.MULTILINE)
    told = {name for names in imports for name in re.findall(r"\w+", names)}
    told |= {re.split(r"\W", word)[0] for word in words_in_tables("reference/helpers.md")}
    # Classes that they return or raise; those of Python and Django come from there.
    classes = set(re.findall(r"`([A-Z]\w*[a-z]\w*)", page)) - set(vars(builtins)) - set(vars(exceptions))
    assert {"BulkOperations", "measure", "Measurement", "BulkCounts", "FieldMetadata"} <= told | classes
    assert not (told | classes) - set(optimizations.__all__)
    assert all(hasattr(optimizations, name) for name in optimizations.__all__)


def _methods_of(value: Any) -> Set[str]:
    """Return the functions that a class offers by itself."""
    kinds = (staticmethod, classmethod)
    return {name for name, found in vars(value).items() if isinstance(found, kinds) and not name.startswith("_")}


def _sources() -> Iterator[str]:
    for path in SOURCES:
        yield path.read_text(encoding="utf-8")


def _check_messages(text: str) -> Iterator[ast.Call]:
    """Yield the calls that make a message of a system check."""
    if "django.core.checks" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Error", "CheckWarning"):
            yield node


def _rows(first_column: str) -> Iterator[Any]:
    for table in tables(first_column):
        yield from table.rows


def _methods_told(cell: str) -> Set[str]:
    return set(re.findall("[A-Z]+", cell))


def _routes() -> Dict[str, Set[str]]:
    """Return the methods of each address of the API."""
    found: Dict[str, Set[str]] = {}
    for pattern in urlpatterns:
        view: Any = pattern.callback  # type: ignore[union-attr]  # none of them is an include
        route = getattr(pattern.pattern, "_route", None)
        if route:
            methods = {name.upper() for name in view.view_class.http_method_names if hasattr(view.view_class, name)}
            found[PARAMETER.sub("<>", route)] = methods - OWN_METHODS
    return found


def _descendants(base: Type[errors.SyncError]) -> Set[Type[errors.SyncError]]:
    """Return every class below a class."""
    direct = set(base.__subclasses__())
    return direct.union(*(_descendants(error) for error in direct))
