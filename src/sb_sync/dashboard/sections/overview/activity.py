"""What clients asked for in the last day, hour by hour, beside the day before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Dict, List, Optional, Tuple

from django.utils import timezone
from django.utils.translation import gettext as _

from sb_sync import feed
from sb_sync.config import setting
from sb_sync.dashboard.organizations import Selection
from sb_sync.dashboard.sections.metrics.figures import COUNT, write
from sb_sync.dashboard.sections.metrics.times import elapsed_share
from sb_sync.ops import series
from sb_sync.ops.metrics import OperationFigures
from sb_sync.ops.series import HOUR, Period, PeriodFigures

__all__ = ["DAY", "HEIGHT", "STEP", "Activity", "Bar", "Hour", "last_day", "read_activity"]

DAY = timedelta(days=1)
#: Of the drawing, in its own units: how high it is, how far one hour is from the next, how wide a bar is.
HEIGHT, STEP, WIDTH = 100, 10, 7
#: From the bottom to the top.
OPERATIONS = ("pull", "push")


@dataclass(frozen=True)
class Bar:
    """A part of an hour's column, in units of the drawing."""

    operation: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Hour:
    """One hour with its requests, and the bars that stand for them."""

    start: datetime
    pushes: int
    pulls: int
    bars: Tuple[Bar, ...]

    @property
    def text(self) -> str:
        """Return it in words."""
        return _("%(hour)s UTC: %(pushes)s pushes, %(pulls)s pulls") % {
            "hour": f"{self.start:%H:%M}",
            "pushes": write(self.pushes, COUNT),
            "pulls": write(self.pulls, COUNT),
        }


@dataclass(frozen=True)
class Activity:
    """Requests of the last day and of the day before; of a sample where only a share of them is measured.

    `highest` is the most of one hour.
    """

    period: Period
    hours: Tuple[Hour, ...]
    requests: int
    records: int
    before: int
    highest: int
    sample_rate: float

    @property
    def busy_hours(self) -> List[Hour]:
        """Return the hours in which something was asked for, the newest first."""
        return [hour for hour in reversed(self.hours) if hour.bars]

    @property
    def change(self) -> Optional[float]:
        """Return by which share there are more requests than before, by the hour; None where there were none."""
        return self.requests / elapsed_share(self.period) / self.before - 1 if self.before else None

    @property
    def all_requests(self) -> float:
        """Return how many there were, those that were not measured included: an estimate where it is a sample."""
        return self.requests / self.sample_rate if self.sample_rate else 0.0


def last_day() -> Period:
    """Return the last 24 hours by the clock, the one that goes on included."""
    hour = feed.to_utc(timezone.now()).replace(minute=0, second=0, microsecond=0)
    return Period(hour - DAY + HOUR, hour + HOUR)


def read_activity(selection: Selection, period: Period) -> Activity:
    """Return what was measured in the organizations that a page may show."""
    both = Period(period.before.start, period.end)
    found = series.read_hours(series.Selection(both, sites=selection.keys))
    starts = [period.start + place * HOUR for place in range(period.length // HOUR)]
    numbers = [_count(found, start) for start in starts]
    highest = max(sum(each.values()) for each in numbers)
    now, before = _add_up(found, period), _add_up(found, period.before)
    return Activity(
        period=period,
        hours=tuple(_draw(start, place, numbers[place], highest) for place, start in enumerate(starts)),
        requests=now.operations,
        records=now.records,
        before=before.operations,
        highest=highest,
        sample_rate=setting("METRICS_SAMPLE_RATE"),
    )


def _count(found: PeriodFigures, hour: datetime) -> Dict[str, int]:
    """Return the requests of an hour by operation."""
    figures = {name: found.hours.get((hour, name)) for name in OPERATIONS}
    return {name: 0 if each is None else each.operations for name, each in figures.items()}


def _add_up(found: PeriodFigures, period: Period) -> OperationFigures:
    total = OperationFigures("", "")
    for (hour, _operation), figures in found.hours.items():
        if period.holds(hour):
            total.include(figures)
    return total


def _draw(start: datetime, place: int, numbers: Dict[str, int], highest: int) -> Hour:
    """Return an hour with its bars on top of each other; whatever is not nothing is seen."""
    bars: List[Bar] = []
    top = float(HEIGHT)
    for name in OPERATIONS:
        if numbers[name]:
            height = max(1.0, round((HEIGHT - len(OPERATIONS)) * numbers[name] / highest, 1))
            top = round(top - height, 1)
            bars.append(Bar(name, place * STEP + (STEP - WIDTH) / 2, top, WIDTH, height))
    return Hour(start, numbers["push"], numbers["pull"], tuple(bars))
