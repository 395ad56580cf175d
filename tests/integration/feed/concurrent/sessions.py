"""Sessions of the database that a test drives step by step."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from django.db import connection, transaction

SECONDS = 30
# MariaDB renews what it tells of transactions only where nobody asked for a tenth of a second.
PAUSE_SECONDS = {"postgresql": 0.01, "mysql": 0.15}
NUMBER = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT connection_id()"}
BLOCKED = {
    "postgresql": "SELECT cardinality(pg_blocking_pids(%s)) > 0",
    "mysql": "SELECT count(*) FROM information_schema.innodb_trx"
    " WHERE trx_mysql_thread_id = %s AND trx_state = 'LOCK WAIT'",
}


class Session:
    """A connection in a thread of its own; each step runs there, in the order given."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.atomic: Any = None
        self.pid = self.do(self._connect)

    def do(self, step: Callable[[], Any]) -> Any:
        """Run a step to its end."""
        return self.pool.submit(step).result(SECONDS)

    def start(self, step: Callable[[], Any]) -> Future[Any]:
        """Begin a step that will have to wait, and return once it waits."""
        future = self.pool.submit(step)
        wait_until(lambda: future.done() or self.is_blocked())
        assert not future.done(), "the step did not have to wait"
        return future

    def begin(self) -> None:
        """Open a transaction."""
        self.do(self._begin)

    def commit(self) -> None:
        """Commit it."""
        self.do(lambda: self.atomic.__exit__(None, None, None))

    def is_blocked(self) -> bool:
        """Tell whether the session waits for another one."""
        with connection.cursor() as cursor:
            cursor.execute(BLOCKED[connection.vendor], [self.pid])
            return bool(cursor.fetchone()[0])

    def close(self) -> None:
        """End the session."""
        self.pool.submit(lambda: connection.close()).result(SECONDS)
        self.pool.shutdown()

    def _connect(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(NUMBER[connection.vendor])
            return int(cursor.fetchone()[0])

    def _begin(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()


@contextmanager
def sessions(count: int) -> Iterator[Any]:
    """Open sessions and close them whatever happens."""
    opened = [Session() for _ in range(count)]
    try:
        yield opened
    finally:
        for session in opened:
            session.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(PAUSE_SECONDS[connection.vendor])
