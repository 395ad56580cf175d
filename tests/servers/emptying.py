"""Emptying PostgreSQL between tests: a few small tables hold rows, and `TRUNCATE` of all takes a third of a second."""

from __future__ import annotations

from typing import Any, List

__all__ = ["install"]

# Beyond so many rows `TRUNCATE` is the quicker one.
MANY = 500
#: Written by triggers while other tables are emptied.
LOG = "sb_sync_change"


def install() -> None:
    """Let tests that commit leave their tables by `DELETE`; whoever calls `flush` gets Django's own."""
    from django.test import TransactionTestCase  # isort: skip  # the next one cannot be the first of Django's

    from django.db.backends.postgresql.operations import DatabaseOperations

    truncate = DatabaseOperations.sql_flush
    tear_down = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # not in the stubs

    def empty(self: Any, style: Any, tables: List[str], **options: Any) -> List[str]:
        filled = _find(self.connection, tables, beyond=0)
        if _find(self.connection, filled, beyond=MANY):
            return list(truncate(self, style, tables, **options))
        last = [name for name in tables if name.startswith(LOG)]
        names = [*(name for name in filled if name not in last), *last]
        return [f"DELETE FROM {self.quote_name(name)}" for name in names]  # quoted

    def leave(self: Any) -> None:
        DatabaseOperations.sql_flush = empty  # type: ignore[method-assign,assignment]
        try:
            tear_down(self)
        finally:
            DatabaseOperations.sql_flush = truncate  # type: ignore[method-assign]

    TransactionTestCase._fixture_teardown = leave  # type: ignore[attr-defined]


def _find(connection: Any, tables: List[str], *, beyond: int) -> List[str]:
    """Return the tables that hold more rows than so many."""
    if not tables:
        return []
    quote = connection.ops.quote_name
    asked = (f"SELECT %s WHERE EXISTS (SELECT 1 FROM {quote(name)} OFFSET {beyond})" for name in tables)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked), tables)
        return [name for (name,) in cursor.fetchall()]
