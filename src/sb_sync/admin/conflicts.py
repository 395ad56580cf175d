"""The page of conflicts: both sides side by side, and what staff do about them.

What stands in a row is shown to those alone who may view its model.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sb_sync import compat
from sb_sync.admin.pages import ORGANIZATION, USERNAME, ReadOnlyAdmin
from sb_sync.models import SyncConflict
from sb_sync.protocol import DELETED
from sb_sync.push import NotSettled, settle_conflict
from sb_sync.push.settlement import CLIENT, SERVER, VALUES

__all__ = ["SyncConflictAdmin"]


class SettlementForm(forms.Form):
    """One side, or values of one's own."""

    choice = forms.ChoiceField(
        label=_("Settle by"),
        choices=[(CLIENT, _("the client's side")), (SERVER, _("the server's side")), (VALUES, _("these values"))],
        widget=forms.RadioSelect,
    )
    values = compat.JSONFormField(
        label=_("Values"), required=False, help_text=_("A JSON object of fields by their names on the wire.")
    )

    def clean(self) -> Dict[str, Any]:
        """Ask for an object where values were chosen."""
        cleaned: Dict[str, Any] = super().clean() or {}
        if cleaned.get("choice") == VALUES and not isinstance(cleaned.get("values"), dict) and not self.errors:
            self.add_error("values", gettext("Enter a JSON object."))
        return cleaned


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
        return super().get_queryset(request).filter(model_name__in=_viewable_labels(request.user))

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """Tell whether a user may settle conflicts at all; each one asks for the right to push its model besides."""
        return request.user.has_perm("sb_sync.change_syncconflict")

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
        form = SettlementForm(sent, initial={"choice": CLIENT, "values": _suggest(conflict)})
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


def _viewable_labels(user: Any) -> List[str]:
    """Return the models whose rows a user may look at."""
    return [
        model._meta.label
        for model in apps.get_models()
        if user.has_perm(f"{model._meta.app_label}.{get_permission_codename('view', model._meta)}")
    ]


def _suggest(conflict: SyncConflict) -> Dict[str, Any]:
    """Return the client's values, to be changed."""
    return {name: value for name, value in conflict.client_values.items() if name != "id"}


def _describe_sides(conflict: SyncConflict) -> str:
    """Return a table of the fields that the client sent, with what each side has."""
    base, server = conflict.base or {}, conflict.server or {}
    if conflict.client.get(DELETED):
        names = list(server)
        mine: Mapping[str, Any] = {}
    else:
        mine = conflict.client_values
        names = list(dict.fromkeys([*mine, *server]))
    shown = [name for name in names if not name.startswith("_")]
    rows = format_html_join(
        "",
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (
                name,
                _show(base, name),
                _show(mine, name),
                _show(server, name),
                "≠" if name in mine and name in server and mine[name] != server[name] else "",
            )
            for name in shown
        ),
    )
    head = format_html(
        "<thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th></th></tr></thead>",
        gettext("field"),
        gettext("before"),
        gettext("client deletes the row") if conflict.client.get(DELETED) else gettext("client"),
        gettext("server") if conflict.server is not None else gettext("server: there was no row"),
    )
    return format_html("<table>{}<tbody>{}</tbody></table>", head, rows)


def _show(side: Mapping[str, Any], name: str) -> str:
    return json.dumps(side[name], ensure_ascii=False) if name in side else ""
