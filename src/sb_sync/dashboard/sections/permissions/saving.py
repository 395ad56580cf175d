"""What the matrix saves: changes of any number of cells in one request, all of them or none."""

from __future__ import annotations

from typing import Any, Iterable, List

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sb_sync.attribution import attributed_to
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.organizations import PARAMETER
from sb_sync.dashboard.permissions import MATRIX
from sb_sync.dashboard.sections.permissions.forms import read_changes
from sb_sync.maintenance.rights import Cell, CellChange, Outdated, RightsReport, change_rights
from sb_sync.models import ModelPermission, Organization
from sb_sync.refusal import Refused

__all__ = ["SaveRights", "find_last_author", "get_named_organization", "save_changes"]


class SaveRights(StaffPage):
    """Save changes of the matrix: 200 when all are saved, 409 with what holds when others were quicker."""

    section = "permissions"
    write_permission = MATRIX
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save what the body names."""
        organization = get_named_organization(self)
        changes = read_changes(request)
        try:
            report = save_changes(request.user, organization, changes)
        except Outdated as outdated:
            present = outdated.present
            return self.answer_json(
                {
                    "detail": _("Others changed these rights in the meantime."),
                    "cells": [[group_id, label, rights] for (group_id, label), rights in present.items()],
                    "who": find_last_author(organization, present),
                },
                status=409,
            )
        return self.answer_json({"written": len(report.written), "shared": list(report.shared)})


def save_changes(user: Any, organization: Organization, changes: List[CellChange]) -> RightsReport:
    """Make changes in the name of a user, with one reason for all of them in the history."""
    count = len(changes)
    reason = ngettext("permission matrix: {n} cell", "permission matrix: {n} cells", count).format(n=count)
    with attributed_to(user, reason):
        return change_rights(organization.pk, changes)


def get_named_organization(page: StaffPage) -> Organization:
    """Return the organization that an address names: to write somewhere, one has to say where. Raises `Refused`."""
    chosen = page.selection.chosen
    if chosen is None or not page.request.GET.get(PARAMETER):
        raise Refused(_("The address names no organization."))
    return chosen


def find_last_author(organization: Organization, cells: Iterable[Cell]) -> str:
    """Return who changed the last of some cells, an empty string where nobody is known."""
    wanted = list(cells)
    entries = ModelPermission.history.filter(
        site=organization.pk,
        group__in={group_id for group_id, _ in wanted[:50]},
        model_name__in={label for _, label in wanted[:50]},
    )
    newest = entries.order_by("-history_id").values_list("history_username", flat=True).first()
    return str(newest or "")
