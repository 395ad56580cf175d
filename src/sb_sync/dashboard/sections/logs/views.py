"""The log, its entries, and what a browser asks for while it shows them."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync import catalog
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.addresses import change_query
from sb_sync.dashboard.csv_export import stream_csv
from sb_sync.dashboard.long_lists import THAN, list_periods, make_search_texts, tell_news
from sb_sync.dashboard.paging import AFTER
from sb_sync.dashboard.permissions import CONFLICTS, EXPORT, JOBS
from sb_sync.dashboard.sections.logs.candidates import Position
from sb_sync.dashboard.sections.logs.forms import LogFilterForm
from sb_sync.dashboard.sections.logs.positions import LARGEST_KEY, read_position, write_position
from sb_sync.dashboard.sections.logs.queries import LogPage, count_newer, find_entry, iterate_entries, read_page
from sb_sync.dashboard.sections.logs.related import find_related
from sb_sync.dashboard.sections.logs.rows import LogRow, find_labels, list_failures, list_outcomes
from sb_sync.feed import to_utc
from sb_sync.maintenance.conflicts import find_viewable_labels
from sb_sync.models import SyncLog
from sb_sync.refusal import Refused

__all__ = ["LogEntryPage", "LogExport", "LogNews", "LogsPage"]

HEADER = (
    gettext_lazy("Time"),
    gettext_lazy("User"),
    gettext_lazy("Organization"),
    gettext_lazy("Operation"),
    gettext_lazy("Status"),
    gettext_lazy("Models"),
    gettext_lazy("Records"),
    gettext_lazy("Seconds"),
    gettext_lazy("Error"),
    gettext_lazy("Request id"),
)


class LogsPage(StaffPage):
    """The list."""

    section = "logs"
    title = gettext_lazy("Logs")
    template_name = "sb_sync/dashboard/logs/page.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of it."""
        form = LogFilterForm(request.GET)
        after = read_position(request.GET.get(AFTER))
        wanted = form.make_filter(self.selection)
        seen_at = timezone.now()
        page = read_page(wanted, after=after)
        is_first = after is None
        newest = page.entries[0] if page.entries else None
        position = Position(newest.timestamp, newest.pk) if newest and is_first else Position(seen_at, 0)
        return self.show(
            status=200 if form.is_valid() else 400,
            form=form,
            models=list(catalog.synced_models()),
            page=page,
            rows=[LogRow(entry, self._address_of(entry)) for entry in page.entries],
            is_first=is_first,
            is_everything=not form.chosen and is_first and self.selection.chosen is None,
            stopped_at=page.next.moment if page.is_cut and page.next else None,
            older=change_query(request, after=write_position(page.next)) if page.next else "",
            search_texts=make_search_texts(),
            news=self._find_news(form, position),
            periods=list_periods(request),
            export=self._find_export(form, page),
        )

    def _address_of(self, entry: SyncLog) -> str:
        """Return the address of an entry, with which the way back leads to this very page."""
        return self.reverse("config_logs_entry", entry.pk, organization="") + change_query(self.request)

    def _find_news(self, form: LogFilterForm, position: Position) -> str:
        """Return where to ask for new entries, nothing where none can come."""
        if form.is_over or not form.is_valid():
            return ""
        address = self.reverse("config_logs_new", organization="")
        return address + change_query(self.request, **{THAN: write_position(position), AFTER: None})

    def _find_export(self, form: LogFilterForm, page: LogPage) -> str:
        is_useful = form.is_valid() and bool(page.entries or page.next)
        if not (is_useful and self.may(EXPORT)):
            return ""
        return self.reverse("config_logs_export", organization="") + change_query(self.request, **{AFTER: None})


class LogNews(StaffPage):
    """How many entries came since a page was seen, for its script."""

    section = "logs"
    title = gettext_lazy("Logs")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the number, and how it is told."""
        form = LogFilterForm(request.GET)
        than = read_position(request.GET.get(THAN))
        if than is None or not form.is_valid():
            raise Refused(_("This address names no place in the log."))
        newer = count_newer(form.make_filter(self.selection), than)
        return self.answer_json(tell_news(newer.count, is_more=newer.is_more))


class LogExport(StaffPage):
    """All entries that match, as CSV."""

    section = "logs"
    title = gettext_lazy("Logs")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Return the file, which is made while it is sent."""
        if not self.may(EXPORT):
            raise PermissionDenied(_("You lack the permission to export: {name}.").format(name=EXPORT))
        form = LogFilterForm(request.GET)
        if not form.is_valid():
            raise Refused([_("A filter of this address cannot be read.")])
        return stream_csv(request, "sync-log", HEADER, _list_cells(iterate_entries(form.make_filter(self.selection))))


class LogEntryPage(StaffPage):
    """One entry, with all that is known of it."""

    section = "logs"
    title = gettext_lazy("Log entry")
    template_name = "sb_sync/dashboard/logs/entry.html"

    def get(self, request: HttpRequest, key: int) -> HttpResponse:
        """Return its page."""
        entry = find_entry(self.selection.site_ids, key) if key <= LARGEST_KEY else None
        if entry is None:
            raise Http404(_("There is no such entry. Entries are deleted after some time."))
        kinds, outcomes = list_outcomes(entry)
        names = [_KINDS[kind] for kind in kinds]
        failures, more = list_failures(entry)
        labels = find_viewable_labels(request.user) if self.may(CONFLICTS) else ()
        related = find_related(entry, sees_jobs=self.may(JOBS), labels=labels)
        return self.show(
            row=LogRow(entry, ""),
            entry=entry,
            labels=find_labels(entry),
            kinds=names,
            outcomes=[(outcome.label, list(zip(names, outcome.counts))) for outcome in outcomes],
            failures=failures,
            more_failures=more,
            related=related,
            others=[LogRow(other, self._address_of(other)) for other in related.entries] if related else [],
            body=_write_body(entry.request_data),
            back=self.reverse("config_logs", organization="") + change_query(request),
        )

    def _address_of(self, entry: SyncLog) -> str:
        return self.reverse("config_logs_entry", entry.pk, organization="") + change_query(self.request)


_KINDS: Dict[str, Any] = {
    "created": gettext_lazy("Created"),
    "updated": gettext_lazy("Updated"),
    "deleted": gettext_lazy("Deleted"),
    "unchanged": gettext_lazy("Unchanged"),
    "failed": gettext_lazy("Refused"),
    "pulled": gettext_lazy("Pulled"),
}


def _write_body(body: Any) -> str:
    """Return JSON for people."""
    return "" if body is None else json.dumps(body, indent=2, ensure_ascii=False)


def _list_cells(entries: Iterator[SyncLog]) -> Iterator[List[Any]]:
    """Yield the cells of each line of the file."""
    for entry in entries:
        yield [
            to_utc(entry.timestamp),
            "" if entry.user is None else entry.user.get_username(),
            "" if entry.site is None else entry.site.name,
            entry.operation,
            entry.status,
            " ".join(find_labels(entry)),
            entry.object_count,
            round(entry.processing_time, 6),
            entry.error_message,
            entry.request_id,
        ]
