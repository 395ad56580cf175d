"""The list of conflicts, one conflict, and the list as a file."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Optional

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync import catalog
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.addresses import change_query
from sb_sync.dashboard.csv_export import stream_csv
from sb_sync.dashboard.long_lists import list_periods
from sb_sync.dashboard.paging import AFTER, BEFORE, paginate, walk
from sb_sync.dashboard.people import name_organizations, name_users
from sb_sync.dashboard.permissions import CONFLICTS, EXPORT, SETTLE
from sb_sync.dashboard.sections.conflicts.forms import DATABASE, ConflictFilterForm, SidesForm
from sb_sync.dashboard.sections.conflicts.queries import (
    LARGE,
    NEWEST_FIRST,
    describe_rows,
    find_conflict,
    find_conflicts,
)
from sb_sync.feed import to_utc
from sb_sync.maintenance.conflicts import compare_sides
from sb_sync.maintenance.verify import all_databases
from sb_sync.models import SyncConflict
from sb_sync.push import NotSettled, settle_conflict
from sb_sync.refusal import Refused

__all__ = ["ConflictPage", "ConflictsExport", "ConflictsPage", "ConflictsSection", "read_database"]

EXPORTED = 500
#: What the form that settles several adds to the filters of the list.
CHOSEN = ("key", "choice")
HEADER = (
    gettext_lazy("Time"),
    gettext_lazy("User"),
    gettext_lazy("Organization"),
    gettext_lazy("Model"),
    gettext_lazy("Key"),
    gettext_lazy("Policy"),
    gettext_lazy("State"),
    gettext_lazy("Client's side"),
    gettext_lazy("Server's side"),
    gettext_lazy("Settled"),
    gettext_lazy("Settled by"),
    gettext_lazy("Request id"),
)


class ConflictsSection(StaffPage):
    """What the pages of conflicts have in common."""

    section = "conflicts"
    title = gettext_lazy("Conflicts")
    own_permission = CONFLICTS

    def address_of(self, conflict: SyncConflict) -> str:
        """Return the address of a conflict, with which the way back leads to this very list."""
        return self.reverse("config_conflict", conflict.pk, organization="") + change_query(self.request)


class ConflictsPage(ConflictsSection):
    """The list."""

    template_name = "sb_sync/dashboard/conflicts/page.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of it."""
        form = ConflictFilterForm(request.GET)
        rows = find_conflicts(self.selection, form).defer(*LARGE)
        page = paginate(rows, request.GET, order=NEWEST_FIRST)
        export = self.reverse("config_conflicts_export", organization="")
        return self.show(
            status=form.status,
            form=form,
            periods=list_periods(request),
            page=page,
            rows=describe_rows(page.rows, self.address_of),
            models=list(catalog.synced_models()),
            may_settle=self.may(SETTLE),
            kept=[(name, value) for name, value in request.GET.items() if name not in CHOSEN],
            export=export + change_query(request, **{AFTER: "", BEFORE: ""}) if self.may(EXPORT) and page.rows else "",
        )


class ConflictsExport(ConflictsSection):
    """The whole list, as a file."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Return the file, which is made while it is sent."""
        if not self.may(EXPORT):
            raise PermissionDenied(_("You lack the permission to export: {name}.").format(name=EXPORT))
        form = ConflictFilterForm(request.GET)
        if not form.is_valid():
            raise Refused([_("A filter of this address cannot be read.")])
        return stream_csv(request, "sync-conflicts", HEADER, _list_cells(find_conflicts(self.selection, form)))


class ConflictPage(ConflictsSection):
    """One conflict, both sides side by side, and how it is settled."""

    title = gettext_lazy("Conflict")
    template_name = "sb_sync/dashboard/conflicts/conflict.html"
    write_permission = SETTLE

    def get(self, request: HttpRequest, key: int) -> HttpResponse:
        """Return the page."""
        conflict = self._find(key)
        return self._show(conflict, SidesForm(None, conflict=conflict))

    def post(self, request: HttpRequest, key: int) -> HttpResponse:
        """Settle it; where that cannot be, show it as it is now, and why."""
        conflict = self._find(key)
        form = SidesForm(request.POST, conflict=conflict)
        if not form.is_valid():
            return self._show(conflict, form, status=400)
        choice, values = form.settlement
        try:
            settle_conflict(conflict, choice, values, user=request.user)
        except NotSettled as error:
            return self._show(self._find(key), form, fault=str(error), status=409)
        messages.success(request, _("The conflict is settled."), fail_silently=True)
        return HttpResponseRedirect(self.address_of(conflict))

    def _find(self, key: int) -> SyncConflict:
        conflict = find_conflict(self.selection, read_database(self.request), key)
        if conflict is None:
            raise Http404(_("There is no such conflict among those that you may see."))
        return conflict

    def _show(self, conflict: SyncConflict, form: SidesForm, *, status: int = 200, fault: str = "") -> HttpResponse:
        (row,) = describe_rows([conflict], self.address_of)
        settled_by = name_users([conflict.settled_by_id])
        return self.show(
            status=status,
            conflict=conflict,
            row=row,
            sides=compare_sides(conflict),
            form=form,
            fault=fault,
            may_settle=self.may(SETTLE) and not conflict.is_settled,
            settle_permission=SETTLE,
            settled_by=settled_by.get(conflict.settled_by_id, ""),
            resolution=_describe_resolution(conflict),
            back=self.reverse("config_conflicts", organization="") + change_query(self.request),
        )


def read_database(request: HttpRequest) -> str:
    """Return the database of an address. Raises `Http404` for one that has no conflicts."""
    databases = all_databases()
    name = request.GET.get(DATABASE) or databases[0]
    if name not in databases:
        raise Http404(_("There is no such database."))
    return name


def _describe_resolution(conflict: SyncConflict) -> Optional[Dict[str, str]]:
    """Return what staff chose and wrote, as text."""
    if not isinstance(conflict.resolution, dict):
        return None
    values = conflict.resolution.get("values")
    return {
        "choice": str(conflict.resolution.get("choice", "")),
        "values": "" if values is None else json.dumps(values, indent=2, ensure_ascii=False),
    }


def _list_cells(rows: Any) -> Iterator[List[Any]]:
    """Yield the cells of each line of the file."""
    part: List[SyncConflict] = []
    for conflict in walk(rows, order=NEWEST_FIRST, size=EXPORTED):
        part.append(conflict)
        if len(part) == EXPORTED:
            yield from _describe_part(part)
            part = []
    yield from _describe_part(part)


def _describe_part(conflicts: List[SyncConflict]) -> Iterator[List[Any]]:
    users = name_users([key for each in conflicts for key in (each.user_id, each.settled_by_id)])
    places = name_organizations([each.site_id for each in conflicts])
    for each in conflicts:
        place = places.get(each.site_id)
        yield [
            to_utc(each.created_at),
            users.get(each.user_id, ""),
            "" if place is None else place.name,
            each.model_name,
            each.object_key,
            each.policy,
            each.status,
            json.dumps(each.client, ensure_ascii=False),
            "" if each.server is None else json.dumps(each.server, ensure_ascii=False),
            None if each.settled_at is None else to_utc(each.settled_at),
            users.get(each.settled_by_id, ""),
            each.request_id,
        ]
