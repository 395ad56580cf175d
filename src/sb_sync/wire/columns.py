"""Which columns a statement asks for, and in what shape.

To make a Python time of a column and text of the time again is most of the work of a page. So PostgreSQL is asked for
text that is written as the wire has it, and SQLite for what it stores (`stored`); the codec is then passed over. Every
other database is asked for values, and so are these for every column that is not certainly what Django made of a class
of its own.
"""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence, Set, Tuple, Type

from django.conf import settings
from django.db import models
from django.db.models.expressions import Col

from sb_sync.optimizations.rows import convert_values
from sb_sync.wire.fields import WireField
from sb_sync.wire.stored import Writer, find_writer, read_stored

__all__ = ["is_text", "select"]

# What Python's calendar does not hold must fail, as it does where Python reads it: no text is an integer of these.
FAIL = "CAST(CAST({0} AS text) AS integer)::text"
WHOLE_SECONDS, MICROSECONDS = "HH24:MI:SS", "HH24:MI:SS.US"
TEXTS: Mapping[Type[Any], str] = {
    models.DateTimeField: (
        "CASE WHEN {0} BETWEEN '0001-01-01T00:00:00Z'::timestamptz AND '9999-12-31T23:59:59.999999Z'::timestamptz"
        " THEN to_char({0} AT TIME ZONE INTERVAL '0', CASE WHEN {0}::timestamptz(0) = {0}"
        f""" THEN 'YYYY-MM-DD"T"{WHOLE_SECONDS}"Z"' ELSE 'YYYY-MM-DD"T"{MICROSECONDS}"Z"' END) ELSE {FAIL} END"""
    ),
    models.DateField: (
        "CASE WHEN {0} BETWEEN '0001-01-01'::date AND '9999-12-31'::date"
        f" THEN to_char({{0}}::timestamp, 'YYYY-MM-DD') ELSE {FAIL} END"
    ),
    models.TimeField: (
        "CASE WHEN {0} < '24:00'::time THEN to_char({0}::interval, CASE WHEN {0}::time(0) = {0}"
        f" THEN '{WHOLE_SECONDS}' ELSE '{MICROSECONDS}' END) ELSE {FAIL} END"
    ),
    models.DecimalField: "{0}::text",
    models.UUIDField: "{0}::text",
}
REFERENCES: Set[Type[Any]] = {models.ForeignKey, models.OneToOneField}


class _TextColumn(Col):
    """A column that is read as text for the wire; to whatever else Django does with it, it is a column.

    PostgreSQL writes the text itself. What SQLite stores is made text here, unless a column is left to Django.
    """

    def __init__(self, alias: Any, target: Any, output_field: Any, wire_field: WireField) -> None:
        super().__init__(alias, target, output_field)
        self.wire_field = wire_field
        # Known once the column is part of a statement.
        self.write: Optional[Writer] = None

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Tuple[str, Sequence[Any]]:
        """Return the text."""
        sql, parameters = self.as_sql(compiler, connection)
        return TEXTS[type(self.output_field)].replace("{0}", sql), parameters

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Tuple[str, Sequence[Any]]:
        """Return what is stored: of no column, so that the driver leaves it as it is."""
        sql, parameters = self.as_sql(compiler, connection)
        self.write = find_writer(self.output_field, connection)
        return sql if self.write is None else f"+{sql}", parameters

    def convert_values(self, values: Sequence[Any], connection: Any) -> Sequence[Any]:
        """Return the column for the wire where it is read as it is stored, else as Django reads it."""
        if self.write is None:
            return convert_values(self, values, connection)
        different = set(values)
        if 2 * len(different) > len(values):
            return [self._write_value(value, connection) for value in values]
        known = {value: self._write_value(value, connection) for value in different}
        return [known[value] for value in values]

    def _write_value(self, value: Any, connection: Any) -> Any:
        """Return one value for the wire; what is not stored as Django stores it goes the way of all columns."""
        text = self.write(value) if self.write is not None else None
        if text is not None or value is None:
            return text
        read = read_stored(self.output_field, value, connection)
        return self.wire_field.encode(convert_values(self, [read], connection)[0])

    def relabeled_clone(self, relabels: Mapping[Any, Any]) -> _TextColumn:
        """Return the same column of another alias."""
        return type(self)(relabels.get(self.alias, self.alias), self.target, self.output_field, self.wire_field)

    def get_group_by_cols(self, alias: Any = None) -> Any:
        """Return the column: rows are told apart by what stands in it."""
        return [Col(self.alias, self.target, self.output_field)]


class _Text(models.F):
    """The text of a column, by name."""

    # No field of the model may be called so.
    default_alias = "sb_sync_text"

    def __init__(self, wire_field: WireField) -> None:
        super().__init__(wire_field.attname)
        self.wire_field = wire_field

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        """Return the column of the query that asks."""
        column: Any = super().resolve_expression(*args, **kwargs)
        return _TextColumn(column.alias, column.target, column.output_field, self.wire_field)


def select(field: WireField) -> Any:
    """Return what `values_list` takes for a column."""
    return field.attname if _find_text(field.field) is None else _Text(field)


def is_text(field: WireField, values: Sequence[Any]) -> bool:
    """Tell whether the values of a column came as text that is good for the wire."""
    return _find_text(field.field) is not None and isinstance(next(filter(None, values), None), str)


def _find_text(field: Any) -> Optional[str]:
    """Return how PostgreSQL writes a column for the wire, None where Python must do it.

    Tables that others made may have other columns; without time zones an hour comes twice a year, and Python says which
    one is meant.
    """
    if not field.model._meta.managed:
        return None
    while type(field) in REFERENCES:
        field = field.target_field
    if type(field) is models.DateTimeField and not settings.USE_TZ:
        return None
    return TEXTS.get(type(field))
