"""New rows: made with their defaults, by instances only where the project may see these, and inserted together."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from inspect import getattr_static
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Type

from django.db import connections
from django.db.models import DateField, Model, QuerySet, TimeField
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute

from sb_sync import compat
from sb_sync.catalog import SyncedModel
from sb_sync.feed import backend_for
from sb_sync.optimizations.chunks import split
from sb_sync.protocol import INTERNAL
from sb_sync.push.batch import Change, Outcome, refuse
from sb_sync.push.columns import are_known, make_column, prepare
from sb_sync.push.state import PushState

__all__ = ["Defaults", "find_defaults", "insert_columns", "insert_rows", "is_moment", "make_rows"]

logger = logging.getLogger("sb_sync")


def make_rows(state: PushState, synced: SyncedModel, changes: Sequence[Change]) -> Dict[int, Outcome]:
    """Give new rows all their values, with defaults; return the refused where the project's code fails."""
    refused: Dict[int, Outcome] = {}
    defaults = None if state.route(synced).saves_one_by_one else find_defaults(synced.model)
    for change in changes:
        if not change.is_creation:
            continue
        try:
            if defaults is not None:
                change.row = defaults.complete(change.values)
            if change.row is None:
                change.instance = synced.model(**change.values)
        except Exception:
            logger.exception("A new %s could not be made.", change.record.label)
            refused[change.record.index] = refuse(INTERNAL)
    return refused


@dataclass(frozen=True)
class Defaults:
    """What a new row holds where nothing is given: values, and functions that make one for each row."""

    values: Mapping[str, Any]
    makers: Mapping[str, Callable[[], Any]]

    def complete(self, given: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        """Return all values of a row, None where the database is to compute one of them."""
        row = {**self.values, **given}
        for name, make in self.makers.items():
            if name not in given:
                row[name] = make()
                if hasattr(row[name], "resolve_expression"):
                    return None
        return row


@lru_cache(maxsize=None)
def find_defaults(model: Type[Model]) -> Optional[Defaults]:
    """Return the defaults of a model's fields, None where an instance may do more than to hold values."""
    fields: Sequence[Any] = model._meta.concrete_fields
    if not _has_plain_instances(model) or not are_known(fields):
        return None
    if any(compat.has_database_default(field) or compat.is_generated(field) for field in fields):
        return None
    makers = {field.attname: field.get_default for field in fields if callable(field.default) and field.has_default()}
    values = {field.attname: field.get_default() for field in fields if field.attname not in makers}
    if any(hasattr(value, "resolve_expression") for value in values.values()):
        return None
    return Defaults(values, makers)


def _has_plain_instances(model: Type[Model]) -> bool:
    """Tell whether nothing of the project's runs when instances of a model are made and inserted together."""
    queryset: Any = type(model._base_manager.all())
    return (
        all(getattr(model, name) is getattr(Model, name) for name in ("__new__", "__init__", "__setattr__"))
        and all(getattr(queryset, name) is getattr(QuerySet, name) for name in ("bulk_create", "_batched_insert"))
        and all(_is_plain(getattr_static(model, field.attname)) for field in model._meta.concrete_fields)
    )


def _is_plain(attribute: Any) -> bool:
    """Tell whether an attribute of a model's class holds a value and does nothing else."""
    return type(attribute) in (DeferredAttribute, ForeignKeyDeferredAttribute)


def insert_rows(synced: SyncedModel, changes: Sequence[Change], using: str) -> None:
    """Insert new rows in as few statements as can be, and note their keys."""
    key: Any = synced.model._meta.pk
    rows = [change.row for change in changes if change.row is not None]
    keys: Optional[List[Any]] = None
    if len(rows) == len(changes):
        fields: Sequence[Any] = synced.model._meta.concrete_fields
        table = {field.attname: [row[field.attname] for row in rows] for field in fields}
        keys = insert_columns(synced, table, using)
    if keys is None:
        _insert_instances(synced, changes, using)
        return
    for change, value in zip(changes, keys):
        assert change.row is not None
        change.key = change.row[key.attname] = value


def insert_columns(synced: SyncedModel, table: Mapping[str, Sequence[Any]], using: str) -> Optional[List[Any]]:
    """Insert new rows of known fields, given as columns by attribute name, and return their keys.

    None, and nothing is done, where the database cannot: some keys are to be made and others not, or it does not tell
    those that it made. Times of writing are one for all, as it is one statement.
    """
    backend = backend_for(using)
    key: Any = synced.model._meta.pk
    keys = list(table[key.attname])
    is_keyless = keys.count(None) == len(keys)
    if not is_keyless and None in keys:
        return None
    fields = [field for field in synced.model._meta.concrete_fields if field is not key or not is_keyless]
    columns = {field: _moments(field, len(keys)) or table[field.attname] for field in fields}
    if backend.supports_columns:
        return _insert_arrays(synced, columns, using, made=key.column if is_keyless else None) or keys
    if backend.runs_in_process and not is_keyless:
        _insert_each(synced, columns, using)
        return keys
    return None


def _moments(field: Any, count: int) -> List[Any]:
    """Return the time of writing for each row, nothing where a field holds something else."""
    return [field.pre_save(field.model(), True)] * count if is_moment(field, is_new=True) else []


def _insert_arrays(
    synced: SyncedModel, columns: Mapping[Any, Sequence[Any]], using: str, *, made: Optional[str]
) -> List[Any]:
    """Insert by arrays; return what the database put into the column that it made, if any."""
    connection = connections[using]
    count = len(next(iter(columns.values())))
    keys: List[Any] = []
    for rows in split(range(count), using):
        part = slice(rows[0], rows[-1] + 1)
        arrays = [make_column(field, values[part], connection) for field, values in columns.items()]
        keys += backend_for(using).insert_columns(synced.model._meta.db_table, arrays, returning=made)
    return keys


def _insert_each(synced: SyncedModel, columns: Mapping[Any, Sequence[Any]], using: str) -> None:
    """Run one prepared statement for each row, inside the driver."""
    connection = connections[using]
    quote = connection.ops.quote_name
    values = [prepare(field, given, connection) for field, given in columns.items()]
    names = ", ".join(quote(field.column) for field in columns)
    marks = ", ".join(["%s"] * len(columns))
    # Names are quoted, values are parameters.
    sql = f"INSERT INTO {quote(synced.model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(sql, list(zip(*values)))


def is_moment(field: Any, *, is_new: bool) -> bool:
    """Tell whether a field holds the time when a row was made or last written."""
    return isinstance(field, (DateField, TimeField)) and (field.auto_now or (is_new and field.auto_now_add))


def _insert_instances(synced: SyncedModel, changes: Sequence[Change], using: str) -> None:
    """Let Django insert."""
    for change in changes:
        # A group that was refused before left keys on its instances.
        change.instance = synced.model(**(change.values if change.row is None else change.row))
    synced.model._base_manager.using(using).bulk_create([change.instance for change in changes])
    for change in changes:
        change.key = change.instance.pk
        if change.row is not None:
            change.row[synced.model._meta.pk.attname] = change.key
