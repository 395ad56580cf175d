"""Counting rows without holding the server: no further than a number, no longer than a time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, ContextManager, Dict, Iterator, Optional, Tuple

from django.db import OperationalError, connections, transaction
from django.db.models import QuerySet

__all__ = ["LimitedCount", "count_rows"]

# After how many steps of its machine SQLite asks whether to go on.
STEPS = 20_000
# How each product says that the time was up.
TIME_IS_UP: Tuple[Any, ...] = (1969, 3024, "57014", "interrupted")


@dataclass(frozen=True)
class LimitedCount:
    """How many rows there are: exactly `number`, more than that, or None where it took too long."""

    number: Optional[int]
    is_more: bool = False


def count_rows(*querysets: QuerySet[Any], most: int = 100_000, seconds: float = 2.0) -> Tuple[LimitedCount, ...]:
    """Count the rows of querysets of one database, each no further than `most` and no longer than `seconds`.

    Of a database that knows no limit of time it is only the number that bounds.
    """
    using = querysets[0].db
    limit = LIMITS.get(connections[using].vendor, _no_limit)
    with transaction.atomic(using=using):
        with limit(connections[using], seconds) as begin:
            counts = tuple(_count(rows, most, begin) for rows in querysets)
        # Nothing was written, and settings of the transaction go with it.
        transaction.set_rollback(True, using=using)
    return counts


def _count(rows: QuerySet[Any], most: int, begin: Callable[[], None]) -> LimitedCount:
    """Count the rows of one queryset, whose end leaves the transaction usable."""
    begin()
    try:
        with transaction.atomic(using=rows.db):
            found = rows.order_by().values("pk")[: most + 1].count()
    except OperationalError as error:
        if not _is_time_up(error):
            raise
        return LimitedCount(None)
    return LimitedCount(min(found, most), is_more=found > most)


def _is_time_up(error: OperationalError) -> bool:
    cause = error.__cause__
    told = (getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None), *getattr(cause, "args", ()))
    return any(word in TIME_IS_UP for word in told)


def _nothing_to_begin() -> None:
    """Do nothing: the database counts the time of each statement by itself."""


@contextmanager
def _limit_postgresql(connection: Any, seconds: float) -> Iterator[Callable[[], None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))])
    yield _nothing_to_begin


@contextmanager
def _limit_mysql(connection: Any, seconds: float) -> Iterator[Callable[[], None]]:
    """Limit the statements of a session; MySQL counts milliseconds, MariaDB seconds."""
    name = "max_statement_time" if connection.mysql_is_mariadb else "max_execution_time"
    value = seconds if connection.mysql_is_mariadb else int(seconds * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT @@SESSION.{name}")
        before = cursor.fetchone()[0]
        cursor.execute(f"SET SESSION {name} = {value}")
        try:
            yield _nothing_to_begin
        finally:
            cursor.execute(f"SET SESSION {name} = {before}")


@contextmanager
def _limit_sqlite(connection: Any, seconds: float) -> Iterator[Callable[[], None]]:
    """Stop the statements of a connection, each when its time since `begin` is up."""
    connection.ensure_connection()

    def begin() -> None:
        end = time.monotonic() + seconds
        connection.connection.set_progress_handler(lambda: int(time.monotonic() > end), STEPS)

    try:
        yield begin
    finally:
        connection.connection.set_progress_handler(None, 0)


@contextmanager
def _no_limit(connection: Any, seconds: float) -> Iterator[Callable[[], None]]:
    yield _nothing_to_begin


LIMITS: Dict[str, Callable[[Any, float], ContextManager[Callable[[], None]]]] = {
    "mysql": _limit_mysql,
    "postgresql": _limit_postgresql,
    "sqlite": _limit_sqlite,
}
