"""What is kept in the project's cache (Django's `default`)."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Callable, TypeVar

from django.core.cache import cache

from sb_sync.cache_counts import count_cache

__all__ = ["CacheOptimizer"]

Value = TypeVar("Value")
PREFIX = "sb_sync.data."
#: What every cache takes as a key; memcached knows no blanks and no more than 250 bytes.
PLAIN = re.compile(r"[!-~]{1,150}")
TIMEOUT = 300
MISSING = object()
_count = count_cache("data")


class CacheOptimizer:
    """Keep what is expensive to find. Keys have a prefix of their own: nothing else in the cache is touched.

    A key says nothing of users: whoever keeps what only some may see puts organization or user into it.
    """

    @staticmethod
    def get_or_set_cache(key: str, fn: Callable[[], Value], timeout: int = TIMEOUT) -> Value:
        """Return what is kept under a key; where nothing is, what `fn` returns, kept for `timeout` seconds.

        None is kept like any other value. Of several that miss at once each calls `fn`.

        >>> CacheOptimizer.get_or_set_cache("doctest answer", lambda: 42)
        42
        >>> CacheOptimizer.get_or_set_cache("doctest answer", lambda: 43)
        42
        """
        name = _name(key)
        found = cache.get(name, MISSING)
        _count.add(hit=found is not MISSING)
        if found is not MISSING:
            return found  # type: ignore[no-any-return]  # it was put there by `fn`
        value = fn()
        cache.set(name, value, timeout)
        return value

    @staticmethod
    def cache_model_data(key: str, data: Any, timeout: int = TIMEOUT) -> None:
        """Keep data under a key for `timeout` seconds, in place of what was kept: `get_or_set_cache` gives it again.

        >>> CacheOptimizer.cache_model_data("doctest customers", [{"id": 1}])
        >>> CacheOptimizer.get_or_set_cache("doctest customers", list)
        [{'id': 1}]
        """
        cache.set(_name(key), data, timeout)


def _name(key: str) -> str:
    """Return a key that every cache takes."""
    return PREFIX + (key if PLAIN.fullmatch(key) else "#" + hashlib.sha256(key.encode("utf-8", "replace")).hexdigest())
