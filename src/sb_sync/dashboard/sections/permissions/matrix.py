"""The matrix: models beside groups, with a box for each right."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.gzip import gzip_page

from sb_sync import catalog
from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.permissions import MATRIX
from sb_sync.dashboard.sections.permissions.cells import BoxMaker, group_by_app
from sb_sync.dashboard.sections.permissions.forms import MatrixFilter
from sb_sync.dashboard.sections.permissions.queries import (
    Column,
    Row,
    Standing,
    find_models,
    list_columns,
    list_groups,
    read_standing,
)
from sb_sync.models import ModelPermission
from sb_sync.refusal import Refused

__all__ = ["MatrixNews", "MatrixPage"]

#: So many columns are shown where none were chosen, and so many cells: a browser stays quick with these.
MOST_COLUMNS = 60
MOST_CELLS = 12_000
FEWEST_ROWS = 25


class MatrixPage(StaffPage):
    """Models beside groups."""

    section = "permissions"
    title = gettext_lazy("Permissions")
    template_name = "sb_sync/dashboard/permissions/matrix.html"
    needs_organization = True

    @method_decorator(gzip_page)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer compressed: the boxes of a page are all alike."""
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page."""
        organization = self.selection.chosen
        groups = list_groups() if organization else []
        if organization is None or not groups or not catalog.synced_models():
            return self.show(missing=_find_missing(organization, groups))
        form = MatrixFilter(request.GET, groups=groups)
        chosen = form.value("group", [])
        shown = [group for group in groups if group.pk in chosen] if chosen else groups[:MOST_COLUMNS]
        columns = list_columns(organization.pk, shown)
        standing = read_standing(organization.pk, [column.pk for column in columns])
        rows = _choose_rows(form, columns, standing) if form.is_valid() else []
        return self.show(
            status=form.status,
            form=form,
            columns=columns,
            group_count=len(groups),
            standing=standing,
            newest=_find_newest(organization.pk),
            may_change=self.may(MATRIX),
            matrix_texts=_make_texts(),
            **_make_markup(rows, columns, form.value("page", 1)),
        )


class MatrixNews(StaffPage):
    """How many rights others changed since the page was loaded."""

    section = "permissions"
    needs_organization = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the number, with a text."""
        since = request.GET.get("since", "")
        if self.selection.chosen is None or not (since.isascii() and since.isdigit() and len(since) <= 18):
            raise Refused(_("The address is incomplete."))
        entries = ModelPermission.history.filter(site=self.selection.chosen.pk, history_id__gt=int(since))
        count = entries.exclude(history_user=request.user.pk).count()
        text = ngettext("Others changed {n} right", "Others changed {n} rights", count).format(n=count)
        return self.answer_json({"count": count, "text": text})


def _find_missing(organization: Any, groups: Sequence[Any]) -> str:
    """Return what has to be made before there is anything to grant."""
    if organization is None:
        return "organizations"
    return "models" if groups else "groups"


def _choose_rows(form: MatrixFilter, columns: Sequence[Column], standing: Standing) -> List[Row]:
    found = find_models(form.value("q", ()), app_label=form.value("app", ""))
    rows = [standing.make_row(synced, columns) for synced in found]
    return [row for row in rows if not row.is_even] if form.value("differences") else rows


def _make_markup(rows: Sequence[Row], columns: Sequence[Column], page: int) -> Dict[str, Any]:
    """Return the rows of one page with their boxes, and which pages there are."""
    size = max(FEWEST_ROWS, MOST_CELLS // max(1, len(columns)))
    pages = max(1, -(-len(rows) // size))
    page = min(page, pages)
    shown = rows[(page - 1) * size : page * size]
    maker = BoxMaker(columns)
    totals = maker.make_column_totals(shown, "models")
    return {
        "row_count": len(rows),
        "shown_count": len(shown),
        "heads": list(zip(columns, totals)),
        "corner": maker.make_row_totals(shown, "models"),
        "sections": list(group_by_app(shown, maker)),
        "matrix_page": page,
        "matrix_pages": pages,
        "previous_page": page - 1 if page > 1 else None,
        "next_page": page + 1 if page < pages else None,
    }


def _find_newest(site_id: int) -> int:
    """Return the number of the newest entry in the history of an organization's rights."""
    newest = ModelPermission.history.filter(site=site_id).order_by("-history_id").values_list("history_id", flat=True)
    return int(newest.first() or 0)


def _make_texts() -> Dict[str, str]:
    """Return the texts that the script of the matrix shows."""
    return {
        "saving": _("Saving…"),
        "saved": _("Saved: {what}"),
        "granted": _("{group} may {right} {model}"),
        "revoked": _("{group} may not {right} {model} any more"),
        "savedMany": _("{count} rights are changed."),
        "push": _("push"),
        "pull": _("pull"),
        "undo": _("Undo"),
        "undone": _("Not saved: {reason} The boxes show what holds."),
        "outdated": _("Somebody else was quicker. Nothing was saved; the boxes show what holds now."),
        "outdatedBy": _("{who} was quicker. Nothing was saved; the boxes show what holds now."),
        "shared": _("Rows of shared models are the same for every organization: {models}."),
        "logIn": _("Log in"),
        "searchFailed": _("The list could not be renewed: {reason}"),
        "cell": _("{group} on {model}"),
        "many": _("These boxes stand for all below them."),
    }
