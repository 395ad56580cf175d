"""Forgetting what is old: entries of the log with the checkpoints that did not see them, settled conflicts, answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import timezone as zones
from typing import Any, Callable, Optional

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from sb_sync.config import setting
from sb_sync.feed import backend_for
from sb_sync.models import StoredAnswer, SyncConflict

__all__ = ["PurgeReport", "forget_answers", "forget_conflicts", "purge"]

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

    A cursor whose checkpoint goes with them, being as old, begins again at its next pull; no other misses anything.
    `progress` is called with the number of entries deleted so far. It can be stopped and started again at any time.
    """
    backend = backend_for(using)
    before = datetime.now(zones.utc) - timedelta(days=setting("FEED_RETENTION_DAYS") if days is None else days)
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


def forget_conflicts(
    using: str = DEFAULT_DB_ALIAS, *, days: Optional[int] = None, chunk: int = CHUNK, dry_run: bool = False
) -> int:
    """Delete conflicts that were settled more than `days` ago (by default the setting LOG_RETENTION_DAYS).

    One that nobody settled stays: the client's side stands nowhere else. Returns how many were, or would be, deleted.
    """
    before = timezone.now() - timedelta(days=setting("LOG_RETENTION_DAYS") if days is None else days)
    settled = SyncConflict.objects.using(using).exclude(status=SyncConflict.Status.UNSETTLED)
    return _forget(settled.filter(settled_at__lt=before), chunk, dry_run=dry_run)


def forget_answers(using: str = DEFAULT_DB_ALIAS, *, chunk: int = CHUNK, dry_run: bool = False) -> int:
    """Delete answers to an Idempotency-Key that are older than the setting IDEMPOTENCY_RETENTION; return how many."""
    before = timezone.now() - setting("IDEMPOTENCY_RETENTION")
    return _forget(StoredAnswer.objects.using(using).filter(created_at__lte=before), chunk, dry_run=dry_run)


def _forget(rows: Any, chunk: int, *, dry_run: bool) -> int:
    """Delete rows, a transaction for each chunk; it can be stopped and started again at any time."""
    if dry_run:
        return int(rows.count())
    total = 0
    while True:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:chunk])
        total += int(rows.model._base_manager.using(rows.db).filter(pk__in=keys).delete()[0]) if keys else 0
        if len(keys) < chunk:
            return total
