"""Figures of what was measured: sums and percentiles by operation and model, of one organization or of all.

Read from what was rolled up, whatever the number of measurements, and from those that are not yet, of which so many are
looked at and no more.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Sum

from sb_sync import feed
from sb_sync.cache_counts import all_counts
from sb_sync.config import days_ago
from sb_sync.models import MetricRollup
from sb_sync.models.rollups import EVER, TOGETHER
from sb_sync.ops.rollup import SUMS, Measured, find_waiting, start_of_hour
from sb_sync.optimizations.histogram import bucket_of, find_percentile

__all__ = [
    "DAYS",
    "LONGEST_TAIL",
    "CacheFigures",
    "Figures",
    "OperationFigures",
    "one_moment",
    "read_cache_figures",
    "read_figures",
    "read_totals",
]

#: How far back figures go where nobody says otherwise.
DAYS = 7
#: Most measurements that are read one by one: roll-ups that fell behind must not make an answer slow.
LONGEST_TAIL = 20_000
#: Stands for the models of a request that concerns several, and for those that the reader may not know of.
SEVERAL = ""


@dataclass
class OperationFigures:
    """What was measured of one operation on one model; `model` is `SEVERAL` for requests that concern more."""

    operation: str
    model: str
    operations: int = 0
    seconds: float = 0.0
    records: int = 0
    queries: int = 0
    memory: float = 0.0
    buckets: Counter[int] = field(default_factory=Counter)

    @property
    def average(self) -> Optional[float]:
        """Return the mean time, in seconds; None where nothing was measured."""
        return self.seconds / self.operations if self.operations else None

    def percentile(self, share: float) -> Optional[float]:
        """Return the time within which a share of the operations ended, in seconds."""
        return find_percentile(self.buckets, share)

    def add(self, bucket: int, operations: int, seconds: float, records: int, queries: int, memory: float) -> None:
        """Add operations whose times lie in one bucket."""
        self.operations += operations
        self.seconds += seconds
        self.records += records
        self.queries += queries
        self.memory += memory
        self.buckets[bucket] += operations

    def include(self, other: OperationFigures) -> None:
        """Add what was measured elsewhere."""
        self.operations += other.operations
        self.seconds += other.seconds
        self.records += other.records
        self.queries += other.queries
        self.memory += other.memory
        self.buckets.update(other.buckets)


@dataclass(frozen=True)
class Figures:
    """What was measured since a time; `is_whole` tells that no measurement that waits to be rolled up was left out."""

    since: datetime
    by_kind: Tuple[OperationFigures, ...]
    is_whole: bool

    @property
    def total(self) -> OperationFigures:
        """Return everything together."""
        total = OperationFigures("", SEVERAL)
        for each in self.by_kind:
            total.include(each)
        return total


@dataclass(frozen=True)
class CacheFigures:
    """How often this process's caches knew the answer since it began."""

    hits: int
    misses: int

    @property
    def hit_rate(self) -> Optional[float]:
        """Return the share of hits; None where nothing was looked up."""
        looked_up = self.hits + self.misses
        return self.hits / looked_up if looked_up else None


def read_figures(site_id: Optional[int], *, days: int = DAYS, names: Optional[Mapping[str, str]] = None) -> Figures:
    """Return the figures of an organization, or of all together, of the last days; they begin with a full hour.

    Raises `Refused` outside 1 to 36,500 days.

    Where `names` are given, they are told in place of labels; models without one count under `SEVERAL`.
    """
    since = start_of_hour(days_ago(days))
    return _read(site_id, since, start=since, names=names)


def read_totals() -> Figures:
    """Return what was measured since ever, of all organizations: numbers that never fall."""
    ever = feed.to_stored(EVER)
    return _read(None, ever, start=None, names=None)


def read_cache_figures() -> CacheFigures:
    """Return the counts of all caches of this package in this process."""
    counts = all_counts().values()
    return CacheFigures(sum(hits for hits, _ in counts), sum(misses for _, misses in counts))


def _read(
    site_id: Optional[int], since: datetime, *, start: Optional[datetime], names: Optional[Mapping[str, str]]
) -> Figures:
    """Read both kinds of rows as of one moment; rows `since` then, or those since ever where there is no `start`."""
    found: Dict[Tuple[str, str], OperationFigures] = {}

    def figures_of(operation: str, model: str) -> OperationFigures:
        named = model if names is None else names.get(model, SEVERAL)
        return found.setdefault((operation, named), OperationFigures(operation, named))

    rollups = MetricRollup._base_manager.using(DEFAULT_DB_ALIAS).filter(
        site_id=TOGETHER if site_id is None else site_id
    )
    chosen = rollups.filter(hour=since) if start is None else rollups.filter(hour__gte=start)
    sums = chosen.order_by().values_list("operation_type", "model_name", "bucket")
    with one_moment():
        for operation, model, *rest in sums.annotate(*(Sum(name) for name in SUMS)):
            figures_of(operation, model).add(*rest)
        waiting: List[Measured] = [Measured(*row) for row in find_waiting(site_id)[: LONGEST_TAIL + 1]]
    for row in waiting[:LONGEST_TAIL]:
        if start is None or row.timestamp >= start:
            figures_of(row.operation, row.model_name).add(bucket_of(row.seconds), *row.sums)  # type: ignore[arg-type]
    ordered = tuple(found[key] for key in sorted(found))
    return Figures(since, ordered, is_whole=len(waiting) <= LONGEST_TAIL)


@contextmanager
def one_moment() -> Iterator[None]:
    """See one state of the database: a roll-up between two statements would count rows twice, or not at all."""
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        yield
        return
    with transaction.atomic(using=DEFAULT_DB_ALIAS):
        feed.backend_for(DEFAULT_DB_ALIAS).fix_snapshot()
        yield
