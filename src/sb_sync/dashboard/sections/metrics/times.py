"""Which period is meant: a preset that ends now, or a range of the reader's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Mapping, Optional, Tuple

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sb_sync import feed
from sb_sync.ops.series import HOUR, Period

__all__ = ["LONGEST", "PRESETS", "USUAL", "elapsed_share", "preset_period", "range_period"]

LONGEST = timedelta(days=366)
PRESETS: Mapping[str, Tuple[Any, timedelta]] = {
    "24h": (_("24 hours"), timedelta(days=1)),
    "7d": (_("7 days"), timedelta(days=7)),
    "30d": (_("30 days"), timedelta(days=30)),
    "90d": (_("90 days"), timedelta(days=90)),
    "365d": (_("A year"), timedelta(days=365)),
}
USUAL = "7d"


def preset_period(name: str) -> Period:
    """Return the last full hours of a preset, with the hour that goes on."""
    hour = _floor(_now())
    return Period(hour - PRESETS[name][1], hour + HOUR)


def range_period(since: Optional[datetime], until: Optional[datetime]) -> Period:
    """Return the full hours that hold a range, in UTC; without an end until now, without a beginning the usual length.

    Raises `ValidationError` where it is empty, too long or to come.
    """
    now = _now()
    end = now if until is None else until
    begin = min(end, now) - PRESETS[USUAL][1] if since is None else since
    if begin >= end:
        raise ValidationError(_("The period must end after it begins."))
    if begin > now:
        raise ValidationError(_("The period has not begun yet."))
    if min(end, now) - begin > LONGEST:
        raise ValidationError(_("The period may be %(days)d days long at most."), params={"days": LONGEST.days})
    last = _floor(min(end - timedelta(microseconds=1), now))
    return Period(_floor(begin), last + HOUR)


def elapsed_share(period: Period) -> float:
    """Return how much of a period is over: one that goes on cannot hold as much as one that has ended."""
    return max((min(period.end, _now()) - period.start) / period.length, 0.01)


def _now() -> datetime:
    return feed.to_utc(timezone.now())


def _floor(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
