"""The first page."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence, Tuple

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sb_sync import catalog
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.sections.logs.candidates import Position
from sb_sync.dashboard.sections.logs.positions import write_position
from sb_sync.dashboard.sections.logs.rows import LogRow
from sb_sync.dashboard.sections.overview.activity import HEIGHT, STEP, last_day, read_activity
from sb_sync.dashboard.sections.overview.condition import Condition, begin, look
from sb_sync.dashboard.sections.overview.counts import Counts, read_counts
from sb_sync.dashboard.sections.overview.entries import Entries, explain, read_entries
from sb_sync.dashboard.sections.overview.figures import Figure, make_events, make_inventory
from sb_sync.dashboard.sections.overview.links import find_links, list_actions
from sb_sync.dashboard.sections.overview.steps import Step, list_steps
from sb_sync.maintenance.verify import feed_databases
from sb_sync.models import SyncLog
from sb_sync.ops.lag import Lag, find_lag

__all__ = ["OverviewPage"]


class OverviewPage(StaffPage):
    """How everything is, at a glance."""

    section = "overview"
    title = _("Overview")
    template_name = "sb_sync/dashboard/overview/page.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page."""
        if self.selection.keys == ():
            return self.show(is_stranger=True)
        period = last_day()
        begin()
        entries, counts = read_entries(self.selection, period), read_counts(self.selection, period)
        activity, condition = read_activity(self.selection, period), look()
        links = find_links(self, period)
        return self.show(
            seen_at=timezone.now(),
            counts=counts,
            activity=activity,
            drawing={"width": STEP * len(activity.hours), "height": HEIGHT},
            condition=condition,
            links=links,
            actions=list_actions(self, links),
            steps=_with_addresses(self._list_steps(counts, entries), links, by="page"),
            events=_with_addresses(make_events(counts, activity, self._find_lag(condition, entries)), links, by="name"),
            inventory=_with_addresses(self._list_inventory(counts), links, by="name"),
            recent=[self._make_row(entry) for entry in entries.recent],
            failures=[(self._make_row(entry), explain(entry)) for entry in entries.failed],
            news=self._find_news(entries),
        )

    def _list_inventory(self, counts: Counts) -> List[Figure]:
        """Return the figures of what there is."""
        return make_inventory(
            counts,
            models=len(catalog.synced_models()),
            refused=len(catalog.refusals()),
            is_about_one=self.selection.chosen is not None,
        )

    def _make_row(self, entry: SyncLog) -> LogRow:
        return LogRow(entry, self.reverse("config_logs_entry", entry.pk))

    def _find_lag(self, condition: Condition, entries: Entries) -> Optional[Lag]:
        """Return how long changes wait: as health measured it for who sees everything, else that of what is seen."""
        if self.selection.keys is not None:
            return find_lag(self.selection.keys, entries.last_pull, feed_databases())
        return None if condition.feed_lag is None else Lag(condition.feed_lag)

    def _list_steps(self, counts: Counts, entries: Entries) -> List[Step]:
        """Return the first steps while any of them is to be done."""
        models = len(catalog.synced_models())
        steps = list_steps(self.selection, counts, models=models, has_synchronised=bool(entries.recent))
        return [] if all(step.is_done for step in steps) else steps

    def _find_news(self, entries: Entries) -> str:
        """Return where to ask whether there are newer entries."""
        newest = entries.recent[0] if entries.recent else None
        position = Position(newest.timestamp, newest.pk) if newest else Position(timezone.now(), 0)
        return self.reverse("config_logs_new", than=write_position(position))


def _with_addresses(things: Sequence[Any], links: Mapping[str, str], *, by: str) -> List[Tuple[Any, str]]:
    """Return things with the addresses of the pages that tell more, empty where there is none."""
    return [(thing, links.get(getattr(thing, by), "")) for thing in things]
