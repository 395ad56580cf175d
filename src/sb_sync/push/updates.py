"""Changes of many stored rows in one statement."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Dict, List, Sequence, Tuple

from django.db import connections
from django.db.models import DateField, TimeField

from sb_sync.access import Scope, scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.feed import backend_for
from sb_sync.optimizations.chunks import split
from sb_sync.push.batch import Change

__all__ = ["update_rows"]

# A value cast to these would be cut to the length in silence, where the column itself refuses it.
LENGTH = re.compile(r"\b(varchar|char|character varying|character)\b\s*(?:\(\d+\))?((?:\[\d*\])*)", re.IGNORECASE)


def update_rows(scope: Scope, synced: SyncedModel, changes: Sequence[Change], using: str) -> None:
    """Write the changed values of rows; only rows that the user may see are written.

    Changes of the same columns go together: one statement where the database joins an update to a list of values,
    else one prepared statement run for each row inside the driver.
    """
    groups: Dict[Tuple[str, ...], List[Change]] = defaultdict(list)
    moments = _make_moments(synced)
    for change in changes:
        change.values.update(moments)
        groups[tuple(sorted(change.values))].append(change)
    for attnames, group in groups.items():
        columns = [_field_of(synced, attname) for attname in attnames]
        for chunk in split(group, using, width=len(columns) + 1):
            _update(scope, synced, columns, chunk, using)


def _make_moments(synced: SyncedModel) -> Dict[str, Any]:
    """Return the values of fields that tell when a row was last written."""
    blank = synced.model()
    return {
        field.attname: field.pre_save(blank, False)
        for field in synced.model._meta.concrete_fields
        if isinstance(field, (DateField, TimeField)) and field.auto_now
    }


def _field_of(synced: SyncedModel, attname: str) -> Any:
    return next(field for field in synced.model._meta.concrete_fields if field.attname == attname)


def _update(scope: Scope, synced: SyncedModel, columns: Sequence[Any], changes: Sequence[Change], using: str) -> None:
    """Write one run of changes of the same columns."""
    if backend_for(using).supports_update_from:
        _update_joined(scope, synced, columns, changes, using)
    else:
        _update_each(synced, columns, changes, using)


def _update_joined(
    scope: Scope, synced: SyncedModel, columns: Sequence[Any], changes: Sequence[Change], using: str
) -> None:
    """Join the table to a list of values."""
    connection = connections[using]
    key: Any = synced.model._meta.pk
    visible = scoped_queryset(scope, synced).using(using).filter(pk__in=[change.key for change in changes]).values("pk")
    compiler = visible.query.get_compiler(using)
    condition, bounds = compiler.as_sql()
    backend = backend_for(using)
    parameters: List[Any] = []
    rows: List[List[str]] = []
    for change in changes:
        marks = [backend.write_cast("%s", key.rel_db_type(connection))]
        parameters.append(key.get_db_prep_value(change.key, connection))
        for field in columns:
            value = field.get_db_prep_save(change.values[field.attname], connection)
            place = field.get_placeholder(value, compiler, connection) if hasattr(field, "get_placeholder") else "%s"
            marks.append(backend.write_cast(place, _cast_type(field, connection)))
            parameters.append(value)
        rows.append(marks)
    names = [key.column, *(field.column for field in columns)]
    sql = backend.write_update(synced.model._meta.db_table, names, rows, condition)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, *bounds])


def _cast_type(field: Any, connection: Any) -> str:
    """Return the type that a value is given in a list of values; one without a length, so that nothing is cut."""
    return LENGTH.sub(r"text\2", field.db_type(connection))


def _update_each(synced: SyncedModel, columns: Sequence[Any], changes: Sequence[Change], using: str) -> None:
    """Run one statement for each row, where one writer works at a time: what was visible still is."""
    connection = connections[using]
    quote = connection.ops.quote_name
    key: Any = synced.model._meta.pk
    sets = ", ".join(f"{quote(field.column)} = %s" for field in columns)
    # Names are quoted, values are parameters.
    sql = f"UPDATE {quote(synced.model._meta.db_table)} SET {sets} WHERE {quote(key.column)} = %s"  # noqa: S608
    rows = [
        [
            *(field.get_db_prep_save(change.values[field.attname], connection) for field in columns),
            key.get_db_prep_value(change.key, connection),
        ]
        for change in changes
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
