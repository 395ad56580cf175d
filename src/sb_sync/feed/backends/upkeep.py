"""Looking after tables, and after those who hold them: what each product has for it."""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Sequence

from django.db import connections

__all__ = ["find_oldest_writer", "optimize_table_statements"]

#: Who writes, on the whole server: prepared transactions write without anybody.
OLDEST_WRITER = (
    "SELECT extract(epoch FROM clock_timestamp() - min(since))::float FROM (SELECT xact_start AS since"
    " FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
    " UNION ALL SELECT prepared FROM pg_prepared_xacts) writers"
)


def optimize_table_statements(using: str, tables: Sequence[str], *, force: bool) -> List[str]:
    """Return the statements that renew what the planner knows of tables, and give back what dead rows hold.

    With force also those that make tables anew, smaller, and lock them meanwhile. None of them runs in a transaction.
    """
    connection = connections[using]
    names = [connection.ops.quote_name(table) for table in tables]
    return STATEMENTS[connection.vendor](names, force)


def find_oldest_writer(using: str) -> Optional[float]:
    """Return for how many seconds the oldest transaction that writes has been open; None where none is seen.

    Only PostgreSQL tells. A purge keeps whatever such a transaction may still add to.
    """
    if connections[using].vendor != "postgresql":
        return None
    with connections[using].cursor() as cursor:
        cursor.execute(OLDEST_WRITER)
        found = cursor.fetchone()[0]
    return None if found is None else float(found)


def _postgresql(names: Sequence[str], force: bool) -> List[str]:
    return [f"VACUUM ({'FULL, ' if force else ''}ANALYZE) {name}" for name in names]


def _mysql(names: Sequence[str], force: bool) -> List[str]:
    return [f"{'OPTIMIZE' if force else 'ANALYZE'} TABLE {name}" for name in names]


def _sqlite(names: Sequence[str], force: bool) -> List[str]:
    return [*(f"ANALYZE {name}" for name in names), *(["VACUUM"] if force else [])]


STATEMENTS: Dict[str, Callable[[Sequence[str], bool], List[str]]] = {
    "mysql": _mysql,
    "postgresql": _postgresql,
    "sqlite": _sqlite,
}
