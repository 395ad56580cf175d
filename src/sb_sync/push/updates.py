"""Changes of many stored rows in one statement."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from django.db import connections
from django.db.models.expressions import RawSQL

from sb_sync.access import Scope, plain_condition, scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.feed import backend_for
from sb_sync.optimizations.chunks import split
from sb_sync.push.batch import Change
from sb_sync.push.columns import are_known, is_known, make_column, prepare
from sb_sync.push.creations import is_moment

__all__ = ["make_moments", "update_columns", "update_rows"]

#: Rows to be written: the key of each, then the values of its columns.
Table = Sequence[Tuple[Any, ...]]

# A value cast to these would be cut to the length in silence, where the column itself refuses it.
LENGTH = re.compile(r"\b(varchar|char|character varying|character)\b\s*(?:\(\d+\))?((?:\[\d*\])*)", re.IGNORECASE)


def update_rows(scope: Scope, synced: SyncedModel, changes: Sequence[Change], using: str) -> None:
    """Write the changed values of rows; only rows that the user may see are written.

    Changes of the same columns go together.
    """
    groups: Dict[Tuple[str, ...], List[Change]] = defaultdict(list)
    moments = make_moments(synced)
    for change in changes:
        change.values.update(moments)
        groups[tuple(sorted(change.values))].append(change)
    for attnames, group in groups.items():
        columns = {attname: [change.values[attname] for change in group] for attname in attnames}
        update_columns(scope, synced, [change.key for change in group], columns, using)


def update_columns(
    scope: Scope, synced: SyncedModel, keys: Sequence[Any], columns: Mapping[str, Sequence[Any]], using: str
) -> None:
    """Write the values of columns, by attribute name, into the rows of these keys that the user may see.

    One statement where the database joins an update to arrays or to a list of values, else one prepared statement run
    for each row inside the driver.
    """
    backend = backend_for(using)
    by_name = {field.attname: field for field in synced.model._meta.concrete_fields}
    fields = [by_name[attname] for attname in columns]
    table = list(zip(keys, *columns.values()))
    if backend.supports_columns and are_known([synced.model._meta.pk, *fields]):
        for chunk in split(table, using):
            _update_columns(scope, synced, fields, chunk, using)
    elif backend.supports_update_from:
        for chunk in split(table, using, width=len(fields) + 1):
            _update_joined(scope, synced, fields, chunk, using)
    else:
        _update_each(synced, fields, table, using)


def make_moments(synced: SyncedModel) -> Dict[str, Any]:
    """Return the values of fields that tell when a row was last written."""
    blank = synced.model()
    return {
        field.attname: field.pre_save(blank, False)
        for field in synced.model._meta.concrete_fields
        if is_moment(field, is_new=False)
    }


def _update_columns(scope: Scope, synced: SyncedModel, fields: Sequence[Any], table: Table, using: str) -> None:
    """Join the table to one array for each column."""
    connection = connections[using]
    key: Any = synced.model._meta.pk
    new = [make_column(field, values, connection) for field, values in zip([key, *fields], zip(*table))]
    condition = _write_condition(scope, synced, using)
    backend_for(using).update_columns(synced.model._meta.db_table, new, condition)


def _write_condition(scope: Scope, synced: SyncedModel, using: str) -> Tuple[str, Sequence[Any]]:
    """Return the condition, with its values, that holds for rows of the table that the user may see."""
    quote = connections[using].ops.quote_name
    options: Any = synced.model._meta
    plain = plain_condition(scope, synced)
    if plain:
        columns = [options.get_field(name).column for name in plain]
        return " AND ".join(f"{quote(options.db_table)}.{quote(name)} = %s" for name in columns), [*plain.values()]
    # A constant of the backend's own.
    keys = RawSQL(backend_for(using).new_keys, ())  # noqa: S611
    visible = scoped_queryset(scope, synced).using(using).filter(pk__in=keys).values("pk")
    sql, values = visible.query.get_compiler(using).as_sql()
    return f"{quote(options.db_table)}.{quote(options.pk.column)} IN ({sql})", values


def _update_joined(scope: Scope, synced: SyncedModel, fields: Sequence[Any], table: Table, using: str) -> None:
    """Join the table to a list of values."""
    connection = connections[using]
    key: Any = synced.model._meta.pk
    visible = scoped_queryset(scope, synced).using(using).filter(pk__in=[row[0] for row in table]).values("pk")
    compiler = visible.query.get_compiler(using)
    condition, bounds = compiler.as_sql()
    backend = backend_for(using)
    parameters: List[Any] = []
    rows: List[List[str]] = []
    for named, *values in table:
        marks = [backend.write_cast("%s", key.rel_db_type(connection))]
        parameters.append(key.get_db_prep_value(named, connection))
        for field, given in zip(fields, values):
            value = field.get_db_prep_save(given, connection)
            place = field.get_placeholder(value, compiler, connection) if hasattr(field, "get_placeholder") else "%s"
            marks.append(backend.write_cast(place, _cast_type(field, connection)))
            parameters.append(value)
        rows.append(marks)
    names = [key.column, *(field.column for field in fields)]
    sql = backend.write_update(synced.model._meta.db_table, names, rows, condition)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, *bounds])


def _cast_type(field: Any, connection: Any) -> str:
    """Return the type that a value is given in a list of values; one without a length, so that nothing is cut."""
    return LENGTH.sub(r"text\2", field.db_type(connection))


def _update_each(synced: SyncedModel, fields: Sequence[Any], table: Table, using: str) -> None:
    """Run one statement for each row, where one writer works at a time: what was visible still is."""
    connection = connections[using]
    quote = connection.ops.quote_name
    key: Any = synced.model._meta.pk
    sets = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    # Names are quoted, values are parameters.
    sql = f"UPDATE {quote(synced.model._meta.db_table)} SET {sets} WHERE {quote(key.column)} = %s"  # noqa: S608
    keys, *columns = zip(*table)
    written = [_prepare(field, values, connection) for field, values in zip(fields, columns)]
    named = [key.get_db_prep_value(each, connection) for each in keys]
    with connection.cursor() as cursor:
        cursor.executemany(sql, list(zip(*written, named)))


def _prepare(field: Any, values: Sequence[Any], connection: Any) -> List[Any]:
    """Return the values of any field as its column takes them."""
    if is_known(field):
        return prepare(field, values, connection)
    return [field.get_db_prep_save(value, connection) for value in values]
