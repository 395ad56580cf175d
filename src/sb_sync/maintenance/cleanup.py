"""Forgetting everything that is old, in all tables of this package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Callable, Dict, Iterable, Iterator, Mapping, Optional, Tuple

from sb_sync.config import days_ago, setting
from sb_sync.maintenance import retention
from sb_sync.maintenance.verify import all_databases, feed_databases
from sb_sync.ops.rollup import count_coming, find_waiting, roll_up

__all__ = ["CleanupReport", "clean_up", "clean_up_measurements", "forget_beside_the_feed"]

#: Takes how many rows are done so far, and what was done to which.
Progress = Callable[[int, str], None]
#: What is forgotten, and how.
Work = Tuple[str, Callable[..., int]]
#: What may be so long that its progress is told.
LONG = frozenset({"sync_logs", "measurements", "rolled_up_measurements", "log_ins", "changes"})


@dataclass(frozen=True)
class CleanupReport:
    """How many rows of each kind were deleted, and how many measurements rolled up before; or would be."""

    deleted: Mapping[str, int]
    rolled_up: int
    dry_run: bool

    @property
    def total(self) -> int:
        """Return how many rows were deleted."""
        return sum(self.deleted.values())


def clean_up(
    *, days: Optional[int] = None, dry_run: bool = False, progress: Optional[Progress] = None
) -> CleanupReport:
    """Delete logs, measurements and log-ins older than `days` (by default LOG_RETENTION_DAYS), and what else is old.

    Settled conflicts go with the logs. The feed, answers that could be given again, and background pushes have
    retentions of their own. In chunks: it can be stopped and started again at any time.
    """
    kept = setting("LOG_RETENTION_DAYS") if days is None else days
    before = days_ago(kept)
    works = [*_works_on_journals(before, dry_run=dry_run), *_works_on_databases(kept)]
    return _roll_up_and_forget(works, dry_run=dry_run, progress=progress)


def clean_up_measurements(*, progress: Optional[Progress] = None) -> CleanupReport:
    """Delete measurements older than LOG_RETENTION_DAYS, and what was rolled up of hours as old; nothing else."""
    works = _works_on_measurements(days_ago(setting("LOG_RETENTION_DAYS")), dry_run=False)
    return _roll_up_and_forget(works, dry_run=False, progress=progress)


def forget_beside_the_feed(using: str, *, days: Optional[int] = None, dry_run: bool = False) -> Dict[str, int]:
    """Delete what is old in a database beside the feed itself, settled conflicts by `days`; return how many rows."""
    return {what: work(dry_run=dry_run) for what, work in _works_beside_the_feed(using, days)}


def _roll_up_and_forget(works: Iterable[Work], *, dry_run: bool, progress: Optional[Progress]) -> CleanupReport:
    """Count measurements, then forget: what is not counted yet must not go uncounted."""
    if dry_run:
        rolled_up = find_waiting().count()
    else:
        rolled_up = roll_up(progress=progress and partial(_tell, progress, "measurements rolled up"))
    deleted: Dict[str, int] = {}
    for what, work in works:
        options: Dict[str, Any] = {"dry_run": dry_run}
        if what in LONG and progress is not None:
            options["progress"] = partial(_tell, progress, f"{what.replace('_', ' ')} deleted")
        deleted[what] = deleted.get(what, 0) + work(**options)
    return CleanupReport(deleted, rolled_up, dry_run)


def _works_on_journals(before: datetime, *, dry_run: bool) -> Iterator[Work]:
    yield "sync_logs", partial(retention.forget_logs, before=before)
    yield from _works_on_measurements(before, dry_run=dry_run)
    yield "log_ins", partial(retention.forget_log_ins, before=before)


def _works_on_measurements(before: datetime, *, dry_run: bool) -> Iterator[Work]:
    yield "measurements", partial(retention.forget_metrics, before=before, waiting=dry_run)
    yield "rolled_up_measurements", partial(retention.forget_rollups, before=before)
    if dry_run:
        # What a roll-up would write of hours that are old would go with the others.
        yield "rolled_up_measurements", partial(_count_coming, before)


def _works_on_databases(days: int) -> Iterator[Work]:
    for using in all_databases():
        yield from _works_beside_the_feed(using, days)
    for using in feed_databases():
        yield "changes", partial(_purge, using)


def _works_beside_the_feed(using: str, days: Optional[int]) -> Iterator[Work]:
    yield "conflicts", partial(retention.forget_conflicts, using, days=days)
    yield "answers", partial(retention.forget_answers, using)
    yield "jobs", partial(retention.forget_jobs, using)


def _count_coming(before: datetime, **options: Any) -> int:
    return count_coming(before)


def _purge(using: str, **options: Any) -> int:
    return retention.purge(using, **options).entries


def _tell(progress: Progress, what: str, done: int) -> None:
    progress(done, what)
