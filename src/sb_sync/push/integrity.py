"""What a database refused, told in the words of a record's errors: constraint names decide, never message texts."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Type

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, OperationalError, connections
from django.db.models import Model
from django.utils.translation import gettext as _

from sb_sync.catalog import SyncedModel
from sb_sync.feed import backend_for
from sb_sync.protocol import INVALID
from sb_sync.push.batch import NON_FIELD, Outcome, refuse
from sb_sync.push.references import missing
from sb_sync.push.uniques import duplicate, wire_names
from sb_sync.wire import ModelSchema

__all__ = ["REFUSED", "explain", "explain_validation", "is_key_collision", "telling_refusals"]

#: What a database or its driver raises for values that it does not take.
REFUSED = (IntegrityError, DataError, OverflowError, UnicodeError)

# SQLite tells columns where other databases tell names: it has no other channel than the text.
COLUMNS = re.compile(r"(UNIQUE|NOT NULL) constraint failed: (?!index)(?P<columns>[\w.]+(?:, [\w.]+)*)")
NAMES = re.compile(r"(?:CHECK constraint failed: |UNIQUE constraint failed: index ')(?P<name>\w+)")

# MariaDB and MySQL number their errors. What a client sent may stand in the text, but never behind the name.
NULL_REFUSED, FOREIGN_KEY_REFUSED = 1048, 1452
NUMBERED = {
    NULL_REFUSED: re.compile(r"^Column '(.+)' cannot be null"),
    1062: re.compile(r"for key '(?:[^'.]*\.)?([^']+)'$"),
    FOREIGN_KEY_REFUSED: re.compile(r"CONSTRAINT `([^`]+)` FOREIGN KEY"),
    3819: re.compile(r"^Check constraint '(.+)' is violated"),
    4025: re.compile(r"^CONSTRAINT `([^`]+)` failed"),
}


class Violation(NamedTuple):
    """The constraint that failed: its name, or its columns where the database tells no name."""

    name: Optional[str]
    columns: Sequence[str] = ()
    kind: Optional[str] = None


@contextmanager
def telling_refusals(using: str) -> Iterator[None]:
    """Raise `DataError` for values that the database refused under the name of a fault of its own."""
    try:
        yield
    except OperationalError as error:
        if backend_for(using).is_refusal(error):
            raise DataError(*error.args) from error
        raise


def explain(error: BaseException, synced: SyncedModel, schema: ModelSchema, using: str) -> Outcome:
    """Return the refusal that an error of the database means for one record."""
    if not isinstance(error, IntegrityError):
        return refuse(INVALID, {NON_FIELD: [_("A value is not one that the database can hold.")]})
    violation = _read_violation(error)
    constraint = _find_constraint(violation, synced, using)
    fields = _find_fields(synced.model, constraint.get("columns") or violation.columns)
    if constraint.get("foreign_key") or violation.kind == "foreign":
        return missing((wire_names(synced, schema, fields) if fields else [NON_FIELD])[0])
    if constraint.get("unique") or constraint.get("primary_key") or violation.kind == "UNIQUE":
        return duplicate(synced, schema, fields)
    if violation.kind == "NOT NULL":
        return refuse(INVALID, {name: [_("This field cannot be null.")] for name in wire_names(synced, schema, fields)})
    return refuse(INVALID, {NON_FIELD: [_message_of(synced.model, violation.name)]})


def is_key_collision(error: BaseException, synced: SyncedModel, using: str) -> bool:
    """Tell whether a row was refused because its primary key is taken."""
    if not isinstance(error, IntegrityError):
        return False
    violation = _read_violation(error)
    constraint = _find_constraint(violation, synced, using)
    key: Any = synced.model._meta.pk
    columns = list(constraint.get("columns") or violation.columns)
    is_unique = bool(constraint.get("unique") or constraint.get("primary_key")) or violation.kind == "UNIQUE"
    return is_unique and columns == [key.column]


def _read_violation(error: BaseException) -> Violation:
    """Return the constraint that an IntegrityError is about, from what its driver tells."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        if diagnosis.constraint_name:
            return Violation(diagnosis.constraint_name)
        return Violation(None, [diagnosis.column_name] if diagnosis.column_name else [], "NOT NULL")
    if error.args and isinstance(error.args[0], int):
        return _read_numbered(*error.args[:2])
    text = str(error)
    columns = COLUMNS.match(text)
    if columns is not None:
        named = [each.rpartition(".")[2] for each in columns["columns"].split(", ")]
        return Violation(None, named, columns[1])
    name = NAMES.match(text)
    if name is not None:
        return Violation(name["name"])
    return Violation(None, (), "foreign" if text.startswith("FOREIGN KEY") else None)


def _read_numbered(number: int, text: str) -> Violation:
    """Return the constraint that an error of MariaDB or MySQL is about: its number says which kind of name it holds."""
    found = NUMBERED[number].search(text) if number in NUMBERED else None
    if found is None:
        return Violation(None)
    if number == NULL_REFUSED:
        return Violation(None, [found[1]], "NOT NULL")
    return Violation(found[1], (), "foreign" if number == FOREIGN_KEY_REFUSED else None)


def _find_constraint(violation: Violation, synced: SyncedModel, using: str) -> Dict[str, Any]:
    """Return what the database knows of a constraint by its name."""
    for model in (synced.model, *synced.model._meta.get_parent_list()):
        found = _read_constraints(using, model._meta.db_table).get(violation.name or "")
        if found is not None:
            return dict(found)
    return {}


@lru_cache(maxsize=None)
def _read_constraints(using: str, table: str) -> Dict[str, Any]:
    """Return the constraints of a table by name."""
    connection = connections[using]
    with connection.cursor() as cursor:
        return dict(connection.introspection.get_constraints(cursor, table))


def _find_fields(model: Type[Model], columns: Sequence[str]) -> List[Any]:
    """Return the fields of columns."""
    return [field for field in model._meta.concrete_fields if field.column in columns]


def _message_of(model: Type[Model], name: Optional[str]) -> str:
    """Return the message that the project gave to a constraint, or a general one."""
    for constraint in model._meta.constraints:
        if constraint.name == name:
            get_message = getattr(constraint, "get_violation_error_message", None)
            if get_message is not None:
                return str(get_message())
    return _("Constraint “%(name)s” is violated.") % {"name": name or ""}


def explain_validation(error: ValidationError, schema: ModelSchema) -> Outcome:
    """Return the refusal that a ValidationError of project code means."""
    if not hasattr(error, "error_dict"):
        return refuse(INVALID, {NON_FIELD: error.messages})
    errors: Dict[str, List[str]] = {}
    for name, messages in error.message_dict.items():
        known = schema.by_name.get(name)
        errors.setdefault(known.name if known is not None else NON_FIELD, []).extend(messages)
    return refuse(INVALID, errors)
