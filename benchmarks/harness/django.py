"""Ask the Django process for things."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from contextlib import contextmanager
from typing import Any, Dict, Iterator

from benchmarks.harness.processes import ROOT, end, end_with_parent

__all__ = ["Django", "TaskFailed", "django"]


class TaskFailed(Exception):
    """A task raised; the message is its traceback."""


class Django:
    """A running Django process on one database."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def ask(self, task: str, **arguments: Any) -> Any:
        """Run a task and return its result."""
        self.begin(task, **arguments)
        return self.finish()

    def begin(self, task: str, **arguments: Any) -> None:
        """Start a task without waiting for it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"task": task, "arguments": arguments}) + "\n")
        self._process.stdin.flush()

    def is_done(self) -> bool:
        """Tell whether the task that was begun has ended."""
        return bool(select.select([self._process.stdout], [], [], 0)[0])

    def finish(self) -> Any:
        """Wait for the task that was begun and return its result."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise TaskFailed("the Django process ended")
        told = json.loads(line)
        if "error" in told:
            raise TaskFailed(told["error"])
        return told["result"]


@contextmanager
def django(environment: Dict[str, str]) -> Iterator[Django]:
    """Run a Django process for the time of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.project.worker"],
        cwd=str(ROOT),
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        universal_newlines=True,
        start_new_session=True,
        preexec_fn=end_with_parent(),  # noqa: PLW1509 - no threads yet
    )
    try:
        yield Django(process)
    finally:
        end(process)
