"""One model with the rights of all groups, as a form: for a phone, and where no script runs."""

from __future__ import annotations

from typing import Any, Dict, List

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sb_sync import catalog
from sb_sync.access.explanation import explain_absence
from sb_sync.catalog import SyncedModel
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.permissions import MATRIX
from sb_sync.dashboard.sections.permissions.forms import read_model_changes
from sb_sync.dashboard.sections.permissions.queries import list_columns, list_groups, read_standing
from sb_sync.dashboard.sections.permissions.saving import find_last_author, get_named_organization, save_changes
from sb_sync.maintenance.rights import NO_RIGHT, PULL, PUSH, Outdated
from sb_sync.refusal import Refused
from sb_sync.sentence import translate

__all__ = ["ModelRightsPage", "get_synced_model"]


class ModelRightsPage(StaffPage):
    """The rights of all groups on one model."""

    section = "permissions"
    title = gettext_lazy("Rights on a model")
    template_name = "sb_sync/dashboard/permissions/model.html"
    write_permission = MATRIX
    needs_organization = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the form."""
        if self.selection.chosen is None:
            raise Http404(_("There is no organization yet."))
        return self._show()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save what differs from what was shown, and show the form again."""
        organization = get_named_organization(self)
        synced = get_synced_model(request)
        changes = read_model_changes(synced.label, [group.pk for group in list_groups()], request.POST)
        if not changes:
            messages.info(request, _("Nothing was changed."), fail_silently=True)
            return HttpResponseRedirect(self._address(synced))
        try:
            save_changes(request.user, organization, changes)
        except Outdated as outdated:
            who = find_last_author(organization, outdated.present) or _("Somebody else")
            fault = _("{who} was quicker. Nothing was saved; the boxes show what holds now.").format(who=who)
            return self._show(faults=[fault], outdated={group_id for group_id, _ in outdated.present}, status=409)
        except Refused as error:
            return self._show(faults=error.reasons, status=400)
        count = len(changes)
        told = ngettext("The rights of {n} group are changed.", "The rights of {n} groups are changed.", count)
        messages.success(request, told.format(n=count), fail_silently=True)
        return HttpResponseRedirect(self._address(synced))

    def _show(self, *, status: int = 200, outdated: Any = frozenset(), **context: Any) -> HttpResponse:
        synced = get_synced_model(self.request)
        return self.show(
            status=status, synced=synced, rows=self._list_rows(synced, outdated), may_change=self.may(MATRIX), **context
        )

    def _list_rows(self, synced: SyncedModel, outdated: Any) -> List[Dict[str, Any]]:
        organization: Any = self.selection.chosen
        groups = list_groups()
        columns = list_columns(organization.pk, groups)
        standing = read_standing(organization.pk, [group.pk for group in groups], label=synced.label)
        found = []
        for column in columns:
            cell = (column.pk, synced.label)
            rights = standing.rights.get(cell, NO_RIGHT)
            found.append(
                {
                    "column": column,
                    "rights": rights,
                    "push": bool(rights & PUSH),
                    "pull": bool(rights & PULL),
                    "takes_push": bool((rights | column.most) & PUSH),
                    "takes_pull": bool((rights | column.most) & PULL),
                    "is_filtered": cell in standing.filtered,
                    "is_outdated": column.pk in outdated,
                }
            )
        return found

    def _address(self, synced: SyncedModel) -> str:
        return self.reverse("config_permissions_model", model=synced.label)


def get_synced_model(request: HttpRequest) -> SyncedModel:
    """Return the model that an address names. Raises `Http404` with the reason why there is none."""
    label = request.GET.get("model", "")
    synced = catalog.find(label)
    if synced is None:
        absence = explain_absence(label)
        if absence:
            raise Http404(_("{model} is not synchronised: {reason}").format(model=label, reason=translate(absence)))
        raise Http404(_("There is no such model."))
    return synced
