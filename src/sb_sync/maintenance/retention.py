"""Forgetting what is old: entries of the feed with the checkpoints that did not see them, journals, answers, jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Optional

from django.db import DEFAULT_DB_ALIAS, router, transaction
from django.utils import timezone

from sb_sync.config import days_ago, setting
from sb_sync.feed import backend_for, to_stored, to_utc
from sb_sync.models import (
    MetricRollup,
    PerformanceMetrics,
    StoredAnswer,
    SyncConflict,
    SyncJob,
    SyncJobChunk,
    SyncLog,
    TokenFamily,
)
from sb_sync.models.rollups import EVER

__all__ = [
    "PurgeReport",
    "forget_answers",
    "forget_conflicts",
    "forget_jobs",
    "forget_log_ins",
    "forget_logs",
    "forget_metrics",
    "forget_rollups",
    "purge",
]

CHUNK = 5000
#: Takes how many were deleted so far.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class PurgeReport:
    """How many entries were deleted, or would be, and how many checkpoints went with them; a dry run knows not."""

    entries: int
    checkpoints: Optional[int]


def purge(
    using: str,
    *,
    days: Optional[int] = None,
    chunk: int = CHUNK,
    dry_run: bool = False,
    progress: Optional[Progress] = None,
) -> PurgeReport:
    """Delete entries older than `days` (by default the setting FEED_RETENTION_DAYS), a transaction for each chunk.

    A cursor whose checkpoint goes with them, being as old, begins again at its next pull; no other misses anything.
    `progress` is called with the number of entries deleted so far. It can be stopped and started again at any time.
    """
    backend = backend_for(using)
    before = to_utc(days_ago(setting("FEED_RETENTION_DAYS") if days is None else days))
    if dry_run:
        return PurgeReport(backend.count_purgeable(before), None)
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
    before = days_ago(setting("LOG_RETENTION_DAYS") if days is None else days)
    settled = SyncConflict.objects.using(using).exclude(status=SyncConflict.Status.UNSETTLED)
    return _forget(settled.filter(settled_at__lt=before), chunk, dry_run=dry_run)


def forget_answers(using: str = DEFAULT_DB_ALIAS, *, chunk: int = CHUNK, dry_run: bool = False) -> int:
    """Delete answers to an Idempotency-Key that are older than the setting IDEMPOTENCY_RETENTION; return how many."""
    before = timezone.now() - setting("IDEMPOTENCY_RETENTION")
    return _forget(StoredAnswer.objects.using(using).filter(created_at__lte=before), chunk, dry_run=dry_run)


def forget_jobs(using: str = DEFAULT_DB_ALIAS, *, chunk: int = CHUNK, dry_run: bool = False) -> int:
    """Delete background pushes that ended longer ago than the setting IDEMPOTENCY_RETENTION; return how many.

    Till then the first answer to their Idempotency-Key may be given again, and names them.
    """
    _forget_lost_chunks(using, dry_run=dry_run)
    before = timezone.now() - setting("IDEMPOTENCY_RETENTION")
    return _forget(SyncJob.objects.using(using).filter(finished_at__lte=before), chunk, dry_run=dry_run)


def forget_logs(*, before: datetime, dry_run: bool = False, progress: Optional[Progress] = None) -> int:
    """Delete entries of the sync log that are older than a time; return how many."""
    rows = SyncLog.objects.using(DEFAULT_DB_ALIAS).filter(timestamp__lt=before)
    return _forget(rows, CHUNK, dry_run=dry_run, progress=progress)


def forget_metrics(
    *, before: datetime, dry_run: bool = False, waiting: bool = False, progress: Optional[Progress] = None
) -> int:
    """Delete measurements that are older than a time; return how many. One that was not rolled up yet stays.

    Unless those that wait for it are meant too: a dry run of a clean-up, which would roll them up first.
    """
    rows = PerformanceMetrics.objects.using(DEFAULT_DB_ALIAS).filter(timestamp__lt=before)
    chosen = rows if waiting else rows.exclude(rolled_up_at=None)
    return _forget(chosen, CHUNK, dry_run=dry_run, progress=progress)


def forget_rollups(*, before: datetime, dry_run: bool = False, progress: Optional[Progress] = None) -> int:
    """Delete what was rolled up for hours before a time; return how many rows. The sums since ever stay."""
    rows = MetricRollup.objects.using(DEFAULT_DB_ALIAS).filter(hour__gt=to_stored(EVER), hour__lt=before)
    return _forget(rows, CHUNK, dry_run=dry_run, progress=progress)


def forget_log_ins(*, before: datetime, dry_run: bool = False, progress: Optional[Progress] = None) -> int:
    """Delete log-ins of which no token has served since a time; return how many."""
    rows = TokenFamily.objects.using(DEFAULT_DB_ALIAS).filter(expires_at__lt=before)
    return _forget(rows, CHUNK, dry_run=dry_run, progress=progress)


def _forget_lost_chunks(using: str, *, dry_run: bool) -> None:
    """Delete chunks of jobs that are gone: no cascade reaches another database than the jobs'."""
    home = router.db_for_write(SyncJob)
    if using == home or dry_run:
        return
    chunks = SyncJobChunk.objects.using(using)
    found = set(chunks.values_list("job_id", flat=True).distinct())
    known = set(SyncJob.objects.using(home).filter(pk__in=found).values_list("pk", flat=True))
    chunks.filter(job_id__in=found - known).delete()


def _forget(rows: Any, chunk: int, *, dry_run: bool, progress: Optional[Progress] = None) -> int:
    """Delete rows, a transaction for each chunk; it can be stopped and started again at any time."""
    if dry_run:
        return int(rows.count())
    total = 0
    while True:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:chunk])
        # Rows that are deleted one by one need not be read for it, however large they are.
        chosen = rows.model._base_manager.using(rows.db).filter(pk__in=keys).only("pk")
        total += int(chosen.delete()[1].get(rows.model._meta.label, 0)) if keys else 0
        if progress is not None:
            progress(total)
        if len(keys) < chunk:
            return total
