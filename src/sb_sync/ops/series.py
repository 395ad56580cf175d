"""Figures of a period: over its hours, by operation and model, and beside those of the period before.

Read from what was rolled up, in three statements whatever the number of measurements; and from those that are not yet,
of which so many are looked at and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet, Sum

from sb_sync import feed
from sb_sync.models import MetricRollup
from sb_sync.models.rollups import TOGETHER
from sb_sync.ops.metrics import LONGEST_TAIL, Figures, OperationFigures, one_moment
from sb_sync.ops.rollup import SUMS, Measured, find_waiting, start_of_hour
from sb_sync.optimizations.histogram import bucket_of

__all__ = ["HOUR", "Comparison", "Period", "PeriodFigures", "Selection", "read_comparison", "read_hours"]

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Period:
    """Full hours in UTC, from `start` to before `end`."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Return how long it is."""
        return self.end - self.start

    @property
    def before(self) -> Period:
        """Return the period of the same length that ends where this one begins."""
        return Period(self.start - self.length, self.start)

    def holds(self, moment: datetime) -> bool:
        """Tell whether a time lies in it."""
        return self.start <= moment < self.end


@dataclass(frozen=True)
class Selection:
    """Which measurements are wanted.

    `sites` are organizations, None for all together, those included that are gone; `operation` and `model` limit them
    where they are given.
    """

    period: Period
    sites: Optional[Tuple[int, ...]] = None
    operation: str = ""
    model: str = ""

    def takes(self, row: Measured) -> bool:
        """Tell whether a measurement is of the operation and the model."""
        return self.operation in ("", row.operation) and self.model in ("", row.model_name)


@dataclass
class PeriodFigures:
    """What was measured in a period: by operation and model, and by hour (in UTC) and operation."""

    period: Period
    kinds: Dict[Tuple[str, str], OperationFigures] = field(default_factory=dict)
    hours: Dict[Tuple[datetime, str], OperationFigures] = field(default_factory=dict)

    @property
    def by_kind(self) -> Tuple[OperationFigures, ...]:
        """Return the figures of each operation on each model, in their order."""
        return tuple(self.kinds[key] for key in sorted(self.kinds))

    def add_to_kind(self, operation: str, model: str, *sums: Any) -> None:
        """Add operations of one bucket to those on a model."""
        self.kinds.setdefault((operation, model), OperationFigures(operation, model)).add(*sums)

    def add_to_hour(self, hour: datetime, operation: str, *sums: Any) -> None:
        """Add operations of one bucket to those of an hour."""
        self.hours.setdefault((hour, operation), OperationFigures(operation, "")).add(*sums)


@dataclass(frozen=True)
class Comparison:
    """A period and the one before, which has no hours; `is_whole` as of `Figures`."""

    now: PeriodFigures
    before: PeriodFigures
    is_whole: bool

    @property
    def figures(self) -> Figures:
        """Return the figures of the period as those are told that suggest something."""
        return Figures(self.now.period.start, self.now.by_kind, self.is_whole)


def read_comparison(selection: Selection) -> Comparison:
    """Return the figures of a period and of the one before, as of one moment."""
    now, before = PeriodFigures(selection.period), PeriodFigures(selection.period.before)
    with one_moment():
        for hour, operation, *rest in _sums(selection, now.period, "hour", "operation_type", "bucket"):
            now.add_to_hour(feed.to_utc(hour), operation, *rest)
        for found in (now, before):
            for operation, model, *rest in _sums(selection, found.period, "operation_type", "model_name", "bucket"):
                found.add_to_kind(operation, model, *rest)
        waiting = _read_waiting(selection)
    _add_waiting([row for row in waiting[:LONGEST_TAIL] if selection.takes(row)], now, before)
    return Comparison(now, before, is_whole=len(waiting) <= LONGEST_TAIL)


def read_hours(selection: Selection) -> PeriodFigures:
    """Return the figures of a period by hour and operation alone: one statement, and what waits to be rolled up."""
    found = PeriodFigures(selection.period)
    with one_moment():
        for hour, operation, *rest in _sums(selection, selection.period, "hour", "operation_type", "bucket"):
            found.add_to_hour(feed.to_utc(hour), operation, *rest)
        waiting = _read_waiting(selection)
    for row in waiting[:LONGEST_TAIL]:
        hour = feed.to_utc(start_of_hour(row.timestamp))
        if selection.takes(row) and selection.period.holds(hour):
            found.add_to_hour(hour, row.operation, bucket_of(row.seconds), *row.sums)
    return found


def _sums(selection: Selection, period: Period, *names: str) -> Iterable[Tuple[Any, ...]]:
    """Return the sums of what was rolled up of a period, under each value of some columns."""
    sites = (TOGETHER,) if selection.sites is None else selection.sites
    limits: Mapping[str, str] = {"operation_type": selection.operation, "model_name": selection.model}
    rows: QuerySet[MetricRollup, Any] = MetricRollup._base_manager.using(DEFAULT_DB_ALIAS).filter(
        site_id__in=sites,
        hour__gte=feed.to_stored(period.start),
        hour__lt=feed.to_stored(period.end),
        **{name: value for name, value in limits.items() if value},
    )
    return rows.order_by().values_list(*names).annotate(*(Sum(name) for name in SUMS)).iterator()


def _read_waiting(selection: Selection) -> List[Measured]:
    """Return what is not rolled up yet, one more than is looked at where there are more."""
    rows = find_waiting()
    if selection.sites is not None:
        rows = rows.filter(site_id__in=selection.sites)
    return [Measured(*row) for row in rows[: LONGEST_TAIL + 1]]


def _add_waiting(rows: Iterable[Measured], now: PeriodFigures, before: PeriodFigures) -> None:
    for row in rows:
        hour = feed.to_utc(start_of_hour(row.timestamp))
        sums = (bucket_of(row.seconds), *row.sums)
        if now.period.holds(hour):
            now.add_to_hour(hour, row.operation, *sums)
        for found in (now, before):
            if found.period.holds(hour):
                found.add_to_kind(row.operation, row.model_name, *sums)
