"""Rows that are written column by column: one array for each, so that a statement has as many values as columns."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple, Type
from uuid import UUID

from sb_sync import compat
from sb_sync.feed.backends.base import Column, FeedBackend

__all__ = ["ColumnWriter", "write_array"]

# What the arrays are called in an update.
NEW = "sb_sync_new"
# How values are written where nothing in them has a meaning of its own in an array: as drivers write them.
BARE: Mapping[Type[Any], Callable[[Any], str]] = {
    int: str,
    float: repr,
    Decimal: str,
    UUID: str,
    date: str,
    time: str,
    datetime: str,
}


class ColumnWriter(FeedBackend):
    """Writes columns as arrays: as text where that is plain to write, else as the driver does it, value by value."""

    supports_columns = True
    new_keys = f"SELECT key FROM {NEW}"

    def insert_columns(self, table: str, columns: Sequence[Column], returning: Optional[str] = None) -> List[Any]:
        """Insert by one statement; rows are told in the order in which they were given."""
        names = ", ".join(self.quote(column.name) for column in columns)
        told = "" if returning is None else f" RETURNING {self.quote(returning)}"
        rows, values = self._write_rows(columns)
        with compat.binary_cursor(self.connection) as cursor:
            cursor.execute(f"INSERT INTO {self.quote(table)} ({names}) {rows}{told}", values)
            return [] if returning is None else [row[0] for row in cursor.fetchall()]

    def update_columns(self, table: str, columns: Sequence[Column], condition: Tuple[str, Sequence[Any]]) -> None:
        """Join the table to the arrays."""
        own, key, *others = map(self.quote, (table, *(column.name for column in columns)))
        new = ", ".join(["key", *(f"value{place}" for place, _name in enumerate(others))])
        sets = ", ".join(f"{name} = {NEW}.value{place}" for place, name in enumerate(others))
        rows, values = self._write_rows(columns)
        sql = f"WITH {NEW} ({new}) AS ({rows}) UPDATE {own} SET {sets} FROM {NEW} WHERE {own}.{key} = {NEW}.key AND "
        visible, bounds = condition
        with compat.binary_cursor(self.connection) as cursor:
            if compat.binds_on_server(self.connection):
                # What Django compiled is meant to be bound by the client.
                visible, bounds = self.connection.ops.compose_sql(visible, bounds).replace("%", "%%"), ()
            cursor.execute(f"{sql}{visible}", [*values, *bounds])

    def _write_rows(self, columns: Sequence[Column]) -> Tuple[str, List[Any]]:
        """Return the query that makes rows of columns, and its values: one for a column that holds but one object."""
        by_driver = "%b" if compat.binds_on_server(self.connection) else "%s"
        shown: List[str] = []
        single: List[Any] = []
        arrays: List[Tuple[str, str, Any]] = []
        for number, column in enumerate(columns):
            first = column.values[0]
            if number and all(value is first for value in column.values):
                shown.append(f"{by_driver}::{column.kind}")
                single.append(first)
            else:
                text = write_array(column.values)
                place, array = (by_driver, list(column.values)) if text is None else ("%s", text)
                shown.append(f"u.c{number}")
                arrays.append((f"c{number}", f"{place}::{column.kind}[]", array))
        names, calls, values = zip(*arrays)
        return f"SELECT {', '.join(shown)} FROM unnest({', '.join(calls)}) AS u ({', '.join(names)})", [
            *single,
            *values,
        ]


def write_array(values: Sequence[Any]) -> Optional[str]:
    """Return values as PostgreSQL reads an array of them; None where they are of several types, or of another."""
    kinds = set(map(type, values)) - {type(None)}
    if len(kinds) > 1:
        return None
    kind = kinds.pop() if kinds else int
    if kind is str:
        return _write_texts(values)
    write = BARE.get(kind)
    if write is None:
        return None
    return "{{{}}}".format(",".join(["NULL" if value is None else write(value) for value in values]))


def _write_texts(values: Sequence[Optional[str]]) -> str:
    """Return texts as an array: each between quotation marks, within which two characters are escaped."""
    whole = "".join(filter(None, values))
    if "\\" in whole or '"' in whole:
        values = [value and value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return "{{{}}}".format(",".join(["NULL" if value is None else f'"{value}"' for value in values]))
