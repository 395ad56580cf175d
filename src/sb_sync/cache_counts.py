"""How often the caches of this package knew the answer, in this process and since it began."""

from __future__ import annotations

import threading
from typing import Dict, Tuple

__all__ = ["CacheCount", "all_counts", "count_cache"]


class CacheCount:
    """Hits and misses of one cache. A number that several threads raise without a lock loses some."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def add(self, *, hit: bool) -> None:
        """Count one look-up."""
        with self._lock:
            if hit:
                self._hits += 1
            else:
                self._misses += 1

    @property
    def numbers(self) -> Tuple[int, int]:
        """Return hits and misses, as of one moment."""
        with self._lock:
            return self._hits, self._misses


_counts: Dict[str, CacheCount] = {}


def count_cache(name: str) -> CacheCount:
    """Return the count of a cache, a new one for a new name."""
    return _counts.setdefault(name, CacheCount())


def all_counts() -> Dict[str, Tuple[int, int]]:
    """Return (hits, misses) of every cache by name."""
    return {name: count.numbers for name, count in sorted(_counts.items())}
