"""A Celery worker of its own process, on the database of the tests, for the time of a block or until it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, TextIO

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300


class Worker:
    """A worker with one process for tasks, in a session of its own."""

    def __init__(self, process: subprocess.Popen[bytes], log: TextIO) -> None:
        self.process = process
        self.log = log

    def kill(self) -> None:
        """End it as a loss of power would: none of its processes can do anything more."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait_until(self, happened: Callable[[], Any]) -> None:
        """Wait for something that the worker does; fail with its log where it ends, or does not get there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            is_late = time.monotonic() > deadline
            assert self.process.poll() is None and not is_late, Path(self.log.name).read_text()[-5000:]  # noqa: PT018
            time.sleep(0.02)


@contextmanager
def working(broker: str) -> Iterator[Worker]:
    """Start a worker that takes its tasks from a broker."""
    environment = dict(
        os.environ,
        DJANGO_SETTINGS_MODULE="tests.servers.served_settings",
        SB_SYNC_SERVED_DATABASE=str(connection.settings_dict["NAME"]),
        SB_SYNC_TEST_BROKER=broker,
    )
    command = [
        sys.executable, "-m", "celery", "--app", "tests.servers.celery_app", "worker", "--concurrency", "1",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "error",
    ]  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        process = subprocess.Popen(
            command, cwd=str(ROOT), env=environment, stdout=log, stderr=log, start_new_session=True
        )
        worker = Worker(process, log)  # type: ignore[arg-type]
        try:
            yield worker
        finally:
            if process.poll() is None:
                # Tasks that are under way would be waited for.
                worker.kill()
