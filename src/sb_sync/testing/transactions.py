"""Let pipelines run inside an open transaction, as tests that roll back need."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

from sb_sync.feed import open_transactions_allowed

__all__ = ["allow_open_transactions"]


@contextmanager
def allow_open_transactions() -> Iterator[None]:
    """Allow pushes and pulls inside `transaction.atomic()`; a pull then sees what the open transaction wrote."""
    token = open_transactions_allowed.set(True)
    try:
        yield
    finally:
        open_transactions_allowed.reset(token)
