"""The trails, what a browser asks for while it shows them, and the trails as a file."""

from __future__ import annotations

from typing import Any, Iterator, List

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.addresses import change_query
from sb_sync.dashboard.csv_export import stream_csv
from sb_sync.dashboard.long_lists import THAN, list_periods, make_search_texts, tell_news
from sb_sync.dashboard.paging import AFTER
from sb_sync.dashboard.permissions import AUDIT, EXPORT
from sb_sync.dashboard.sections.audit_trails.forms import AuditFilterForm
from sb_sync.dashboard.sections.audit_trails.rows import KINDS, ChangeLine, list_groups, list_lines
from sb_sync.feed import to_utc
from sb_sync.ops.audit import AuditEntry, AuditFilter, AuditPage, count_newer, iterate_entries, position_at, read_page
from sb_sync.refusal import Refused

__all__ = ["AuditExport", "AuditNews", "AuditTrailsPage"]

#: New entries that are counted one by one.
MOST_COUNTED = 99
HEADER = (
    gettext_lazy("Time"),
    gettext_lazy("User"),
    gettext_lazy("Reason"),
    gettext_lazy("Action"),
    gettext_lazy("Table"),
    gettext_lazy("Key"),
    gettext_lazy("Object"),
    gettext_lazy("Field"),
    gettext_lazy("Path"),
    gettext_lazy("Before"),
    gettext_lazy("After"),
)


class AuditAddress(StaffPage):
    """Any address of this section."""

    section = "audit_trails"
    title = gettext_lazy("Audit trails")
    own_permission = AUDIT


class AuditTrailsPage(AuditAddress):
    """The list."""

    template_name = "sb_sync/dashboard/audit_trails/page.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of it."""
        form = AuditFilterForm(request.GET)
        after = request.GET.get(AFTER, "")
        seen_at = timezone.now()
        page = _read(form.make_filter(self.selection), after)
        position = page.entries[0].position if page.entries and not after else position_at(seen_at)
        return self.show(
            status=form.status,
            form=form,
            page=page,
            rows=list_groups(page.entries),
            is_first=not after,
            is_everything=not form.chosen and not after and self.selection.is_everything,
            stopped_at=_find_moment(page) if page.is_cut else None,
            older=change_query(request, after=page.next) if page.next else "",
            search_texts=make_search_texts(),
            news=self._find_news(form, position),
            periods=list_periods(request),
            export=self._find_export(form, page),
        )

    def _find_news(self, form: AuditFilterForm, position: str) -> str:
        """Return where to ask for new entries, nothing where none can come."""
        if form.is_over or not form.is_valid():
            return ""
        address = self.reverse("config_audit_trails_new", organization="")
        return address + change_query(self.request, **{THAN: position, AFTER: None})

    def _find_export(self, form: AuditFilterForm, page: AuditPage) -> str:
        is_useful = form.is_valid() and bool(page.entries or page.next)
        if not (is_useful and self.may(EXPORT)):
            return ""
        return self.reverse("config_audit_trails_export", organization="") + change_query(self.request, after=None)


class AuditNews(AuditAddress):
    """How many entries came since a page was seen, for its script."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the number, and how it is told."""
        form = AuditFilterForm(request.GET)
        if not form.is_valid():
            raise Refused(_("A filter of this address cannot be read."))
        try:
            count = count_newer(form.make_filter(self.selection), request.GET.get(THAN, ""))
        except ValueError as error:
            raise Refused(_("This address names no place in the trails.")) from error
        return self.answer_json(tell_news(min(count, MOST_COUNTED), is_more=count > MOST_COUNTED))


class AuditExport(AuditAddress):
    """All entries that match, as CSV: a line for each value that changed."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Return the file, which is made while it is sent."""
        if not self.may(EXPORT):
            raise PermissionDenied(_("You lack the permission to export: {name}.").format(name=EXPORT))
        form = AuditFilterForm(request.GET)
        if not form.is_valid():
            raise Refused(_("A filter of this address cannot be read."))
        entries = iterate_entries(form.make_filter(self.selection))
        return stream_csv(request, "audit-trails", HEADER, _list_cells(entries))


def _read(wanted: AuditFilter, after: str) -> AuditPage:
    try:
        return read_page(wanted, after=after)
    except ValueError as error:
        raise Refused(_("This address names no page of the list. Begin again at its first page.")) from error


def _find_moment(page: AuditPage) -> Any:
    """Return the time at which the search was stopped."""
    return parse_datetime((page.next or "").partition("|")[0])


def _list_cells(entries: Iterator[AuditEntry]) -> Iterator[List[Any]]:
    """Yield the cells of each line of the file; an entry that tells no value has a line as well."""
    for entry in entries:
        for line in list_lines(entry) if entry.changes else [ChangeLine("", "", "", None, None)]:
            yield [
                to_utc(entry.moment),
                entry.username,
                entry.reason,
                KINDS[entry.kind],
                entry.model,
                entry.object_key,
                entry.object_name,
                line.name,
                line.path,
                line.old,
                line.new,
            ]
