"""Queries that are asked with each request, put together once."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

from django.conf import settings
from django.db import connections
from django.db.models import Expression, QuerySet

from sb_sync.optimizations.rows import CompiledQuery

__all__ = ["Parameter", "Prepared"]


class Parameter(Expression):
    """A value that is given when the query is asked, of the type of a field."""

    def __init__(self, name: str, field: Any) -> None:
        """Take the name under which the value is given; None is none: it compares with nothing."""
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return a place for the value."""
        return "%s", (self,)


class Prepared:
    """A query by `values_list` whose SQL does not depend on the values that it is asked with.

    To put a query together takes Django longer than it takes a database to answer a small one. The annotations of the
    query must stand behind its fields.
    """

    def __init__(self, make: Callable[[str], QuerySet[Any, Any]]) -> None:
        """Take what makes the query for a database, with `Parameter` in place of values."""
        self._make = make
        # By database, and by whether times have zones: what is made of values depends on it, and tests change it.
        self._queries: Dict[Tuple[str, bool], CompiledQuery] = {}

    def ask(self, using: str, **values: Any) -> List[Tuple[Any, ...]]:
        """Return the rows for values."""
        place = (using, settings.USE_TZ)
        query = self._queries.get(place)
        if query is None:
            query = self._queries[place] = CompiledQuery.compile(self._make(using), using)
        connection = connections[using]
        parameters = [
            part.output_field.get_db_prep_value(values[part.name], connection) if isinstance(part, Parameter) else part
            for part in query.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(query.sql, parameters)
            return query.convert(cursor.fetchall(), using)
