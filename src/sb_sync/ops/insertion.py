"""Inserts as statements that others can be sent together with."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from sb_sync import feed
from sb_sync.events import Statement

__all__ = ["insert"]

#: `existing` is the row that stands, `excluded` the one that was to be inserted.
Assignments = Mapping[str, str]


def insert(
    model: Type[Model],
    rows: Sequence[Dict[str, Any]],
    *,
    unique: Sequence[str] = (),
    assignments: Optional[Assignments] = None,
) -> List[Statement]:
    """Return the statement that inserts rows or, given what is unique, changes those that stand.

    Rows come in the order of their keys, so that two requests at once cannot deadlock.
    """
    if not rows:
        return []
    connection = connections[DEFAULT_DB_ALIAS]
    fields: List[Any] = [model._meta.get_field(name) for name in rows[0]]
    sql = _write_insert(model, tuple(rows[0]), len(rows), tuple(unique), tuple((assignments or {}).items()))
    values = (field.get_db_prep_save(row[field.attname], connection) for row in rows for field in fields)
    return [Statement(sql, tuple(values))]


@lru_cache(maxsize=64)
def _write_insert(
    model: Type[Model],
    names: Tuple[str, ...],
    count: int,
    unique: Tuple[str, ...],
    assignments: Tuple[Tuple[str, str], ...],
) -> str:
    """Return the text of the statement for so many rows: names of ours, quoted, and places for values."""
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    fields: List[Any] = [model._meta.get_field(name) for name in names]
    table, columns = model._meta.db_table, [field.column for field in fields]
    groups = ", ".join(["({})".format(", ".join(["%s"] * len(columns)))] * count)
    if assignments:
        return feed.backend_for(DEFAULT_DB_ALIAS).write_upsert(table, columns, groups, unique, dict(assignments))
    return f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))}) VALUES {groups}"  # noqa: S608
