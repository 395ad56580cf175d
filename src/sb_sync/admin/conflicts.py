"""The page of conflicts: both sides side by side, and what staff do about them.

What stands in a row is shown to those alone who may view its model.
"""

from __future__ import annotations

import json
from typing import Any, List, Mapping, Optional

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sb_sync.admin.pages import ORGANIZATION, USERNAME, ReadOnlyAdmin
from sb_sync.dashboard.permissions import SETTLE
from sb_sync.dashboard.sections.conflicts.forms import SettlementForm
from sb_sync.maintenance.conflicts import compare_sides, find_viewable_labels, suggest_values
from sb_sync.models import SyncConflict
from sb_sync.push import NotSettled, settle_conflict
from sb_sync.push.settlement import CLIENT, SERVER

__all__ = ["SyncConflictAdmin"]


@admin.register(SyncConflict)
class SyncConflictAdmin(ReadOnlyAdmin):
    """Both sides of every conflict, and how it was settled."""

    list_display = ["created_at", "model_name", "object_key", "user", "site", "policy", "status", "settled_at"]
    list_filter = ["status", "policy", "model_name", ORGANIZATION, "created_at"]
    list_select_related = ["user", "site"]
    search_fields = ["model_name", "object_key", "request_id", USERNAME]
    fields = [
        "created_at", "user", "site", "model_name", "object_key", "policy", "status", "sides", "client_version",
        "server_version", "request_id", "settled_at", "settled_by", "written",
    ]  # fmt: skip
    actions = ["let_client_win", "keep_server"]
    change_form_template = "sb_sync/admin/conflict.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncConflict]:
        """Show conflicts of models that the user may view."""
        return super().get_queryset(request).filter(model_name__in=find_viewable_labels(request.user))

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """Tell whether a user may settle conflicts at all; each one asks for the right to push its model besides."""
        return request.user.has_perm(SETTLE)

    def get_urls(self) -> List[Any]:
        """Add the page on which a conflict is settled."""
        own = path("<int:pk>/settle/", self.admin_site.admin_view(self.settle_view), name="sb_sync_syncconflict_settle")
        return [own, *super().get_urls()]

    def settle_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask how to settle a conflict, and do it."""
        if not self.has_settle_permission(request) or not self.has_view_permission(request):
            raise PermissionDenied
        conflict = get_object_or_404(self.get_queryset(request), pk=pk)
        sent = request.POST if request.method == "POST" else None
        form = SettlementForm(sent, initial={"choice": CLIENT, "values": suggest_values(conflict)})
        if form.is_valid():
            chosen = form.cleaned_data
            if self._settle(request, conflict, chosen["choice"], chosen["values"]):
                return HttpResponseRedirect(reverse("admin:sb_sync_syncconflict_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request), "title": _("Settle a conflict"), "opts": self.model._meta,
            "original": conflict, "sides": _describe_sides(conflict), "form": form,
        }  # fmt: skip
        return TemplateResponse(request, "sb_sync/admin/settle_conflict.html", context)

    @admin.action(description=_("Settle by the client's side"), permissions=["settle"])
    def let_client_win(self, request: HttpRequest, queryset: QuerySet[SyncConflict]) -> None:
        """Write what the clients sent."""
        self._settle_all(request, queryset, CLIENT)

    @admin.action(description=_("Settle by the server's side"), permissions=["settle"])
    def keep_server(self, request: HttpRequest, queryset: QuerySet[SyncConflict]) -> None:
        """Leave the rows as they are."""
        self._settle_all(request, queryset, SERVER)

    @admin.display(description=_("both sides"))
    def sides(self, obj: SyncConflict) -> str:
        """Return both sides as a table."""
        return _describe_sides(obj)

    @admin.display(description=_("what was written"))
    def written(self, obj: SyncConflict) -> str:
        """Return what staff chose."""
        return "-" if obj.resolution is None else json.dumps(obj.resolution, ensure_ascii=False)

    def _settle_all(self, request: HttpRequest, queryset: QuerySet[SyncConflict], choice: str) -> None:
        done = sum(self._settle(request, conflict, choice, None) for conflict in queryset.order_by("pk"))
        if done:
            told = ngettext("%d conflict is settled.", "%d conflicts are settled.", done) % done
            messages.success(request, told)

    def _settle(
        self, request: HttpRequest, conflict: SyncConflict, choice: str, values: Optional[Mapping[str, Any]]
    ) -> bool:
        """Settle one conflict; say why where it could not be."""
        try:
            settle_conflict(conflict, choice, values, user=request.user)
        except NotSettled as error:
            messages.error(request, f"{conflict}: {error}")
            return False
        return True


def _describe_sides(conflict: SyncConflict) -> str:
    """Return a table of the fields that the client sent, with what each side has."""
    sides = compare_sides(conflict)
    rows = format_html_join(
        "",
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (field.name, field.base, field.client, field.server, "\N{NOT EQUAL TO}" if field.differs else "")
            for field in sides.fields
        ),
    )
    head = format_html(
        "<thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th></th></tr></thead>",
        gettext("field"),
        gettext("before"),
        gettext("client deletes the row") if sides.is_deletion else gettext("client"),
        gettext("server") if sides.has_row else gettext("server: there was no row"),
    )
    return format_html("<table>{}<tbody>{}</tbody></table>", head, rows)
