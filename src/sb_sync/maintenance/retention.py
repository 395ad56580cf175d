"""Forgetting what is old: entries of the log, with the checkpoints that did not see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Callable, Optional

from django.db import transaction

from sb_sync.config import setting
from sb_sync.feed import backend_for

__all__ = ["PurgeReport", "purge"]

CHUNK = 5000


@dataclass(frozen=True)
class PurgeReport:
    """How many entries and checkpoints were deleted, or would be."""

    entries: int
    checkpoints: int


def purge(
    using: str,
    *,
    days: Optional[int] = None,
    chunk: int = CHUNK,
    dry_run: bool = False,
    progress: Optional[Callable[[int], None]] = None,
) -> PurgeReport:
    """Delete entries older than `days` (by default the setting FEED_RETENTION_DAYS), a transaction for each chunk.

    A cursor whose checkpoint goes with them begins again at its next pull; no other misses anything. `progress` is
    called with the number of entries deleted so far. It can be stopped and started again at any time.
    """
    backend = backend_for(using)
    before = datetime.now(timezone.utc) - timedelta(days=setting("FEED_RETENTION_DAYS") if days is None else days)
    if dry_run:
        return PurgeReport(backend.count_purgeable(before), 0)
    entries = checkpoints = 0
    while True:
        with transaction.atomic(using=using):
            step = backend.purge(before, chunk)
        entries += step.entries
        checkpoints += step.checkpoints
        if progress is not None:
            progress(entries)
        if step.is_done:
            return PurgeReport(entries, checkpoints)
