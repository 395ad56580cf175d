"""Rolling measurements up: each is counted once, by its hour and since ever, for its organization and for all together.

Numbers of rows say nothing of the order of commits, so what is counted is marked, not remembered by a last number: a
row that comes late is found like any other. Counts and marks are one transaction; it can be stopped and started again
at any time, and several may roll up at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from sb_sync import feed
from sb_sync.models import MetricRollup, PerformanceMetrics
from sb_sync.models.rollups import EVER, TOGETHER
from sb_sync.ops.insertion import insert
from sb_sync.optimizations.chunks import split
from sb_sync.optimizations.histogram import bucket_of

__all__ = ["SUMS", "Measured", "count_coming", "find_waiting", "roll_up", "start_of_hour"]

CHUNK = 5000
SUMS = ("operations", "seconds", "records", "queries", "memory")
UNIQUE = ("site_id", "hour", "operation_type", "model_name", "bucket")
COLUMNS = (
    "pk", "site_id", "timestamp", "operation_type", "model_name", "processing_time", "batch_size", "query_count",
    "memory_usage",
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One measurement, as a row of it tells."""

    pk: int
    site_id: Optional[int]
    timestamp: datetime
    operation: str
    model_name: str
    seconds: float
    records: int
    queries: int
    memory: float

    @property
    def sums(self) -> Tuple[float, ...]:
        """Return what it adds to each of `SUMS`."""
        return (1, self.seconds, self.records, self.queries, self.memory)


def find_waiting(site_id: Optional[int] = None) -> QuerySet[PerformanceMetrics, Any]:
    """Return what is not rolled up yet, of one organization or of all, as the index has it from its end.

    As tuples for `Measured`. Within an organization the newest come first.
    """
    rows = PerformanceMetrics._base_manager.using(DEFAULT_DB_ALIAS).filter(rolled_up_at=None)
    if site_id is not None:
        rows = rows.filter(site_id=site_id)
    return rows.order_by("-rolled_up_at", "-site_id", "-id").values_list(*COLUMNS)


def roll_up(*, chunk: int = CHUNK, progress: Optional[Callable[[int], None]] = None) -> int:
    """Count what is not counted yet, a transaction for each chunk; return how many measurements that were.

    `progress` is called with the number so far.
    """
    total = 0
    while True:
        with transaction.atomic(using=DEFAULT_DB_ALIAS):
            found = _roll_up_some(chunk)
        total += found
        if progress is not None:
            progress(total)
        if found < chunk:
            return total


def count_coming(before: datetime) -> int:
    """Return how many rows of hours before a time a roll-up would add to those that stand."""
    ever = feed.to_stored(EVER)
    coming = {
        key
        for row in find_waiting().filter(timestamp__lt=before + timedelta(hours=1)).iterator()
        for key in _keys_of(Measured(*row))
        if ever < key[1] < before
    }
    standing = MetricRollup._base_manager.using(DEFAULT_DB_ALIAS).filter(hour__gt=ever, hour__lt=before)
    if coming:
        coming.difference_update(standing.order_by().values_list(*UNIQUE).iterator())
    return len(coming)


def start_of_hour(moment: datetime) -> datetime:
    """Return the hour in which a stored time lies, as it is stored."""
    return feed.to_stored(feed.to_utc(moment).replace(minute=0, second=0, microsecond=0))


def _roll_up_some(most: int) -> int:
    """Count and mark some measurements; return how many. Others that do the same at this moment take others."""
    backend = feed.backend_for(DEFAULT_DB_ALIAS)
    backend.begin_push()
    skips = connections[DEFAULT_DB_ALIAS].features.has_select_for_update_skip_locked
    rows = [Measured(*row) for row in find_waiting().select_for_update(skip_locked=skips)[:most]]
    sums = _add_up(rows)
    for part in split(sorted(sums), DEFAULT_DB_ALIAS, width=len(UNIQUE) + len(SUMS)):
        for statement in _add_to_table((key, sums[key]) for key in part):
            backend.execute(statement.sql, statement.parameters)
    now = timezone.now()
    for keys in split([row.pk for row in rows], DEFAULT_DB_ALIAS):
        PerformanceMetrics._base_manager.using(DEFAULT_DB_ALIAS).filter(pk__in=keys).update(rolled_up_at=now)
    return len(rows)


def _add_up(rows: Iterable[Measured]) -> Dict[Tuple[Any, ...], List[float]]:
    """Return the sums of measurements under every key of a row that they count in."""
    sums: Dict[Tuple[Any, ...], List[float]] = {}
    for row in rows:
        for key in _keys_of(row):
            found = sums.setdefault(key, [0] * len(SUMS))
            for place, number in enumerate(row.sums):
                found[place] += number
    return sums


def _keys_of(row: Measured) -> Iterator[Tuple[Any, ...]]:
    """Yield the rows that a measurement counts in; one whose organization is gone counts among all together."""
    hour, kind = start_of_hour(row.timestamp), (row.operation, row.model_name, bucket_of(row.seconds))
    if row.site_id is not None:
        yield (row.site_id, hour, *kind)
    yield (TOGETHER, hour, *kind)
    yield (TOGETHER, feed.to_stored(EVER), *kind)


def _add_to_table(sums: Iterable[Tuple[Tuple[Any, ...], List[float]]]) -> Any:
    """Return the statement that adds sums to those that stand; keys come in order, so that no two of these deadlock."""
    rows = [dict(zip((*UNIQUE, *SUMS), (*key, *found))) for key, found in sums]
    return insert(
        MetricRollup,
        rows,
        unique=UNIQUE,
        assignments={name: f"existing.{name} + excluded.{name}" for name in SUMS},
    )
