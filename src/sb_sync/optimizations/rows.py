"""Rows of a query as the database gives them, with what Django makes of their values and nothing around it."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

__all__ = ["CompiledQuery", "convert_values", "read_runs"]


class CompiledQuery(NamedTuple):
    """The SQL of a `values_list` whose annotations stand behind its fields: rows come as the database gives them."""

    sql: str
    parameters: Tuple[Any, ...]
    #: What Django makes values of, by place in the row; columns that the driver reads as they should be are left out.
    converted: Dict[int, Any]

    @classmethod
    def compile(cls, rows: QuerySet[Any, Any], using: str) -> CompiledQuery:
        """Put a query together. Raises `EmptyResultSet` where Django knows that there is nothing to find."""
        compiler: Any = rows.using(using).query.get_compiler(using)
        sql, parameters = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        connection = connections[using]
        converted = {place: column for place, column in enumerate(columns) if _find_converters(column, connection)}
        return cls(sql, tuple(parameters), converted)

    def convert(self, rows: Sequence[Any], using: str) -> List[Tuple[Any, ...]]:
        """Return rows as Django reads them."""
        if self.converted:
            return list(zip(*self.convert_columns(rows, using)))
        # All are of one kind: what the driver makes of a row.
        return list(rows) if not rows or type(rows[0]) is tuple else list(map(tuple, rows))

    def convert_columns(self, rows: Sequence[Any], using: str) -> List[Sequence[Any]]:
        """Return rows as columns, as Django reads them; a column that has a `convert_values` of its own, as that does.

        Without rows there are no columns.
        """
        columns: List[Sequence[Any]] = list(zip(*rows))
        for place, column in self.converted.items() if columns else ():
            convert = getattr(column, "convert_values", None) or partial(convert_values, column)
            columns[place] = convert(columns[place], connections[using])
        return columns


def convert_values(column: Any, values: Sequence[Any], connection: Any) -> Sequence[Any]:
    """Return the values of a column as Django reads them."""
    for convert in _find_converters(column, connection):
        values = [convert(value, column, connection) for value in values]
    return values


def read_runs(rows: QuerySet[Any, Any], using: str, *, size: int) -> Iterator[List[Sequence[Any]]]:
    """Yield the columns of a `values_list`, its annotations behind its fields, of so many rows, by one statement.

    Values that are used while they are in the processor's own memory cost half of what they cost later.
    """
    try:
        query = CompiledQuery.compile(rows, using)
    except EmptyResultSet:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(query.sql, query.parameters)
        while True:
            run = cursor.fetchmany(size)
            if not run:
                return
            yield query.convert_columns(run, using)


def _find_converters(column: Any, connection: Any) -> List[Callable[[Any, Any, Any], Any]]:
    return [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
