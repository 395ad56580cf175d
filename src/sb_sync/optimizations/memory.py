"""The memory of this process, and how much it may have."""

from __future__ import annotations

import functools
import logging
import os
import sys
from pathlib import Path
from typing import Any, Callable, Optional, TypeVar

from sb_sync.optimizations.measurement import BYTES_PER_MIB, read_peak

__all__ = ["MemoryOptimizer", "find_memory_limit"]

logger = logging.getLogger("sb_sync")

Function = TypeVar("Function", bound=Callable[..., Any])
STATISTICS = Path("/proc/self/statm")
#: Where Linux says how much a container may have: version 2 of its control groups, version 1.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class MemoryOptimizer:
    """See how much memory work takes."""

    @staticmethod
    def get_memory_usage() -> float:
        """Return how much memory this process holds now, in MiB.

        Where the system does not tell that (only Linux does to everybody), the most that it ever held; 0.0 on Windows.

        >>> MemoryOptimizer.get_memory_usage() > 1
        True
        """
        try:
            resident = int(STATISTICS.read_text(encoding="ascii").split()[1])
        except (OSError, ValueError, IndexError):
            return read_peak()
        return resident * _page_size() / BYTES_PER_MIB

    @staticmethod
    def monitor_memory(function: Function) -> Function:
        """Let a function tell by how many MiB each call made the process grow, as `memory_used` and in the log.

        Negative where memory was given back. Other threads of the process count too.

        >>> @MemoryOptimizer.monitor_memory
        ... def load():
        ...     return bytes(32 * 1024 * 1024).count(1)
        >>> load()
        0
        >>> isinstance(load.memory_used, float)
        True
        """

        @functools.wraps(function)
        def monitored(*args: Any, **kwargs: Any) -> Any:
            before = MemoryOptimizer.get_memory_usage()
            try:
                return function(*args, **kwargs)
            finally:
                used = MemoryOptimizer.get_memory_usage() - before
                told.memory_used = used
                logger.debug("%s took %.1f MiB", function.__qualname__, used)

        told: Any = monitored
        told.memory_used = 0.0
        return told  # type: ignore[no-any-return]  # of the same shape as the function


def find_memory_limit() -> Optional[float]:
    """Return how much memory this process may have, in MiB: its container's limit, else the machine's; None unknown."""
    found = [_read_limit(path) for path in LIMITS]
    found.append(_read_machine())
    known = [limit for limit in found if limit]
    return min(known) / BYTES_PER_MIB if known else None


def _read_limit(path: Path) -> Optional[int]:
    """Return a limit in bytes; a group without one says `max`, or a number beyond every machine."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _read_machine() -> Optional[int]:
    if sys.platform == "win32":
        return None
    try:
        return _page_size() * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None


def _page_size() -> int:
    return os.sysconf("SC_PAGE_SIZE") if sys.platform != "win32" else 4096
