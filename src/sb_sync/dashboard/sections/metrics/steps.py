"""The steps of a chart: hours of a period put together, so that some dozens of points show it, whatever its length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Dict, List, Mapping, Tuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from sb_sync.ops.metrics import OperationFigures
from sb_sync.ops.series import HOUR, Period, PeriodFigures
from sb_sync.wire.codecs.moments import encode_moment

__all__ = ["DAY", "SIZES", "WEEK", "Step", "divide", "find_size"]

DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: How long a step is, by the longest period that is shown so.
SIZES: Tuple[Tuple[timedelta, timedelta], ...] = (
    (timedelta(days=3), HOUR),
    (timedelta(days=8), 3 * HOUR),
    (timedelta(days=16), 6 * HOUR),
    (timedelta(days=125), DAY),
    (timedelta.max, WEEK),
)
NAMES: Mapping[timedelta, Any] = {
    HOUR: _("hour"),
    3 * HOUR: _("3 hours"),
    6 * HOUR: _("6 hours"),
    DAY: _("day"),
    WEEK: _("week"),
}


@dataclass(frozen=True)
class Step:
    """Hours of a period, with what was measured in them by operation: nothing stands for no measurement."""

    period: Period
    size: timedelta
    by_operation: Mapping[str, OperationFigures]

    @property
    def day_text(self) -> str:
        """Return the day that it is or begins with; empty where it is shorter than a day."""
        return "" if self.size < DAY else str(date_format(timezone.localtime(self.period.start), "SHORT_DATE_FORMAT"))

    @property
    def since(self) -> str:
        """Return its beginning as addresses have it."""
        return encode_moment(self.period.start)

    @property
    def until(self) -> str:
        """Return its end as addresses have it."""
        return encode_moment(self.period.end)

    @property
    def is_zoomable(self) -> bool:
        """Tell whether there is more to see of it by itself."""
        return self.period.length > HOUR

    @property
    def total(self) -> OperationFigures:
        """Return all operations together."""
        total = OperationFigures("", "")
        for found in self.by_operation.values():
            total.include(found)
        return total


def find_size(period: Period) -> timedelta:
    """Return how long a step of a period is."""
    return next(size for longest, size in SIZES if period.length <= longest)


def divide(found: PeriodFigures) -> List[Step]:
    """Return the steps of a period in their order, those included in which nothing was measured.

    Days and weeks begin as they do where the reader is.
    """
    size = find_size(found.period)
    hours: Dict[Any, List[datetime]] = {}
    moment = found.period.start
    while moment < found.period.end:
        hours.setdefault(_name_step(moment, size), []).append(moment)
        moment += HOUR
    operations = sorted({operation for _hour, operation in found.hours})
    return [Step(Period(held[0], held[-1] + HOUR), size, _add_up(found, held, operations)) for held in hours.values()]


def _name_step(hour: datetime, size: timedelta) -> Any:
    """Return what the hours of one step have in common."""
    if size == HOUR:
        return hour
    local = timezone.localtime(hour)
    day: date = local.date()
    if size < DAY:
        return day, local.hour // (size // HOUR)
    return day if size == DAY else day - timedelta(days=day.weekday())


def _add_up(found: PeriodFigures, hours: List[datetime], operations: List[str]) -> Dict[str, OperationFigures]:
    sums: Dict[str, OperationFigures] = {}
    for operation in operations:
        for hour in hours:
            measured = found.hours.get((hour, operation))
            if measured is not None:
                sums.setdefault(operation, OperationFigures(operation, "")).include(measured)
    return sums
