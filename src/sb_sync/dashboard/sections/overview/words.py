"""Numbers and changes as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sb_sync.dashboard.sections.metrics.figures import COUNT, LEAST_CHANGE, NOTABLE_CHANGE, write, write_share
from sb_sync.dashboard.sections.overview.counts import MOST

__all__ = ["Trend", "compare", "write_duration", "write_number"]

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Trend:
    """A change against the day before, in words. `tone` is good, bad or empty; `symbol` an icon."""

    text: str
    symbol: str
    tone: str = ""


def compare(change: Optional[float], *, less_is_better: bool = False) -> Optional[Trend]:
    """Return a change by a share, None where it is not known."""
    if change is None:
        return None
    if abs(change) < LEAST_CHANGE:
        return Trend(_("as the day before"), "arrow-right")
    tone = ""
    if less_is_better and abs(change) >= NOTABLE_CHANGE:
        tone = "bad" if change > 0 else "good"
    share = write_share(abs(change))
    if change > 0:
        return Trend(_("%(share)s more than the day before") % {"share": share}, "arrow-up-right", tone)
    return Trend(_("%(share)s less than the day before") % {"share": share}, "arrow-down-right", tone)


def write_number(number: float) -> str:
    """Return a number of rows; of those that were not all counted, that there are more."""
    return f"{write(MOST, COUNT)}+" if number > MOST else write(number, COUNT)


def write_duration(seconds: float) -> str:
    """Return how long something takes or waits, as exact as it is worth."""
    whole = int(seconds)
    if whole < MINUTE:
        return _("%(count)s s") % {"count": whole}
    if whole < HOUR:
        return _("%(count)s min") % {"count": whole // MINUTE}
    if whole < DAY:
        return _("%(hours)s h %(minutes)s min") % {"hours": whole // HOUR, "minutes": whole % HOUR // MINUTE}
    days = whole // DAY
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": write(days, COUNT)}
