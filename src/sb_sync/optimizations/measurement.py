"""What a piece of work took: time, statements, memory."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Iterator

from django.db import connections

if sys.platform != "win32":
    import resource

__all__ = ["Measurement", "measure"]

BYTES_PER_MIB = 1024 * 1024
# The system counts the peak in KiB, on macOS in bytes.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class Measurement:
    """Figures of the work so far: `seconds`, `queries`, and `memory`, the growth of the process's peak in MiB."""

    def __init__(self) -> None:
        """Begin now."""
        self.queries = 0
        self._began = time.perf_counter()
        self._peak = _read_peak()

    @property
    def seconds(self) -> float:
        """Return the time since the beginning."""
        return time.perf_counter() - self._began

    @property
    def memory(self) -> float:
        """Return by how many MiB the peak of the process has grown."""
        return _read_peak() - self._peak

    def count(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Count one statement: a wrapper of Django's `connection.execute_wrapper`."""
        self.queries += 1
        return execute(sql, params, many, context)


@contextmanager
def measure() -> Iterator[Measurement]:
    """Measure what runs inside, on all databases."""
    measurement = Measurement()
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(measurement.count))
        yield measurement


def _read_peak() -> float:
    """Return the most memory that the process has held, in MiB; Windows does not tell."""
    if sys.platform == "win32":
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT / BYTES_PER_MIB
