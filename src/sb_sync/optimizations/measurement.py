"""What a piece of work took: time, statements, memory."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Iterator, Optional, Tuple

from django.db import connections

if sys.platform != "win32":
    import resource

__all__ = ["BYTES_PER_MIB", "Measurement", "measure", "read_peak"]

BYTES_PER_MIB = 1024 * 1024
# The system counts the peak in KiB, on macOS in bytes.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class Measurement:
    """Figures of the work so far: `seconds`, `queries`, and `memory`, the growth of the process's peak in MiB.

    Only what runs inside `running` counts: the pauses between are somebody else's.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.queries = 0
        self._seconds = 0.0
        self._memory = 0.0
        self._began: Optional[Tuple[float, float]] = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure what runs inside, on all databases."""
        self._began = (time.perf_counter(), read_peak())
        try:
            with ExitStack() as stack:
                for connection in connections.all():
                    stack.enter_context(connection.execute_wrapper(self._count))
                yield
        finally:
            self._seconds, self._memory, self._began = self.seconds, self.memory, None

    @property
    def seconds(self) -> float:
        """Return the time that was worked."""
        return self._seconds + (0.0 if self._began is None else time.perf_counter() - self._began[0])

    @property
    def memory(self) -> float:
        """Return by how many MiB the peak of the process has grown."""
        return self._memory + (0.0 if self._began is None else read_peak() - self._began[1])

    def _count(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Count one statement: a wrapper of Django's `connection.execute_wrapper`."""
        self.queries += 1
        return execute(sql, params, many, context)


@contextmanager
def measure() -> Iterator[Measurement]:
    """Measure what runs inside, on all databases."""
    measurement = Measurement()
    with measurement.running():
        yield measurement


def read_peak() -> float:
    """Return the most memory that the process has held, in MiB; Windows does not tell."""
    if sys.platform == "win32":
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT / BYTES_PER_MIB
