"""The figures of the page: each with what it means, how it changed, and the page that tells more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sb_sync.dashboard.sections.metrics.figures import write_share
from sb_sync.dashboard.sections.overview.activity import Activity
from sb_sync.dashboard.sections.overview.counts import Counts
from sb_sync.dashboard.sections.overview.words import Trend, compare, write_duration, write_number
from sb_sync.ops.lag import Lag

__all__ = ["Figure", "make_events", "make_inventory"]


@dataclass(frozen=True)
class Figure:
    """One number. `value` is empty where it is not known; `name` is that of the link to what tells more."""

    name: str
    label: Any
    symbol: str
    value: str
    note: str = ""
    trend: Optional[Trend] = None
    tone: str = ""


def make_events(counts: Counts, activity: Activity, lag: Optional[Lag]) -> List[Figure]:
    """Return what happened within the last day."""
    return [_requests(activity), _error_rate(counts, activity), _conflicts(counts), _lag(lag)]


def make_inventory(counts: Counts, *, models: int, refused: int, is_about_one: bool) -> List[Figure]:
    """Return what there is; `refused` models were found and cannot be served. One organization is not counted."""
    users = Figure("users", _("Users"), "people", write_number(counts.users), _new(counts.users_new))
    found = Figure(
        "models", _("Models"), "boxes", write_number(models), _refused(refused), tone="warn" if refused else ""
    )
    rights = Figure(
        "rights",
        _("Permissions"),
        "shield-lock",
        write_number(counts.rights),
        ngettext("%(count)s change in 24 hours", "%(count)s changes in 24 hours", counts.rights_changed)
        % {"count": write_number(counts.rights_changed)},
    )
    if is_about_one:
        return [users, found, rights, _jobs(counts)]
    new = _new(counts.organizations_new)
    organizations = Figure("organizations", _("Organizations"), "building", write_number(counts.organizations), new)
    return [organizations, users, found, rights, _jobs(counts)]


def _requests(activity: Activity) -> Figure:
    label = _("Requests (24 h)")
    if activity.sample_rate == 0:
        return Figure("requests", label, "activity", "", _("Nothing is measured: METRICS_SAMPLE_RATE is 0."))
    note = ngettext("%(count)s record", "%(count)s records", activity.records) % {
        "count": write_number(activity.records)
    }
    if activity.sample_rate < 1:
        note = _("only %(share)s of requests is measured") % {"share": write_share(activity.sample_rate)}
    return Figure("requests", label, "activity", write_number(activity.requests), note, compare(activity.change))


def _error_rate(counts: Counts, activity: Activity) -> Figure:
    """Return the share of requests of which nothing was applied."""
    label, symbol = _("Error rate"), "exclamation-octagon"
    failed = ngettext("%(count)s failed", "%(count)s failed", counts.failed) % {"count": write_number(counts.failed)}
    partly = ngettext("%(count)s in part", "%(count)s in part", counts.partly_failed) % {
        "count": write_number(counts.partly_failed)
    }
    note = f"{failed}, {partly}"
    if not activity.all_requests:
        return Figure("errors", label, symbol, "", note if counts.failed or counts.partly_failed else "")
    rate = min(1.0, counts.failed / activity.all_requests)
    before = activity.before / activity.sample_rate
    change = rate / min(1.0, counts.failed_before / before) - 1 if before and counts.failed_before else None
    trend = compare(change, less_is_better=True)
    if trend is None and rate and before:
        trend = Trend(_("none the day before"), "arrow-up-right", "bad")
    return Figure("errors", label, symbol, write_share(rate), note, trend, "bad" if rate >= 0.05 else "")


def _conflicts(counts: Counts) -> Figure:
    new, before = counts.conflicts_new, counts.conflicts_before
    note = ngettext("%(count)s new in 24 hours", "%(count)s new in 24 hours", new) % {"count": write_number(new)}
    trend = compare(new / before - 1 if before else None, less_is_better=True)
    is_open = "warn" if counts.conflicts_open else ""
    return Figure(
        "conflicts", _("Open conflicts"), "intersect", write_number(counts.conflicts_open), note, trend, is_open
    )


def _lag(lag: Optional[Lag]) -> Figure:
    label, symbol = _("Feed lag"), "hourglass-split"
    if lag is None:
        return Figure("lag", label, symbol, "", _("being measured"))
    note = _("no change waits for a client") if lag.seconds == 0 else _("the oldest change that no client pulled")
    duration = write_duration(lag.seconds)
    return Figure("lag", label, symbol, f"> {duration}" if lag.is_more else duration, note)


def _jobs(counts: Counts) -> Figure:
    note = ngettext("%(count)s failed in 24 hours", "%(count)s failed in 24 hours", counts.jobs_failed) % {
        "count": write_number(counts.jobs_failed)
    }
    tone = "bad" if counts.jobs_failed else ""
    return Figure("jobs", _("Open jobs"), "stack", write_number(counts.jobs_open), note if tone else "", tone=tone)


def _new(count: int) -> str:
    if not count:
        return ""
    return ngettext("%(count)s new in 24 hours", "%(count)s new in 24 hours", count) % {"count": write_number(count)}


def _refused(count: int) -> str:
    if not count:
        return ""
    return ngettext("%(count)s cannot be served", "%(count)s cannot be served", count) % {"count": write_number(count)}
