"""The search for objects that only keep each other alive, put off while a bounded piece of work is done."""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import Iterator

__all__ = ["paused_collection"]

_lock = threading.Lock()
_pauses = 0
_was_enabled = False


@contextmanager
def paused_collection() -> Iterator[None]:
    """Put off the search for cycles until the work inside ends, in whatever thread it runs.

    Each record is a few dozen objects that live until the answer is made, and Python would look through all of them
    again and again: a quarter of the time. Only for work whose size has a limit. Objects that nothing refers to are
    freed at once all the same.
    """
    _pause()
    try:
        yield
    finally:
        _resume()


def _pause() -> None:
    global _pauses, _was_enabled  # one collector for the process, so one count
    with _lock:
        if _pauses == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1


def _resume() -> None:
    global _pauses
    with _lock:
        _pauses -= 1
        is_last = _pauses == 0
        if is_last and _was_enabled:
            gc.enable()
    if not is_last and _was_enabled:
        # Where threads always overlap there may never be a last one.
        gc.collect(1)
