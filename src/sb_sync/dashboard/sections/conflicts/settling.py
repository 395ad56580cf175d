"""Several conflicts settled by the same side: looked at first, then done, each by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sb_sync.dashboard.addresses import change_query
from sb_sync.dashboard.paging import SIZES
from sb_sync.dashboard.permissions import SETTLE
from sb_sync.dashboard.sections.conflicts.queries import (
    LARGE,
    LARGEST_KEY,
    NEWEST_FIRST,
    ConflictRow,
    describe_rows,
    open_conflicts,
)
from sb_sync.dashboard.sections.conflicts.views import ConflictsSection, read_database
from sb_sync.push import NotSettled, settle_conflict
from sb_sync.push.settlement import CLIENT, SERVER
from sb_sync.refusal import Refused

__all__ = ["SettleMany"]

#: As many as a page holds.
MOST = max(SIZES)


class ManyForm(forms.Form):
    """Which conflicts, and which side."""

    choice = forms.ChoiceField(choices=[(CLIENT, CLIENT), (SERVER, SERVER)])
    key = forms.TypedMultipleChoiceField(coerce=int)

    def __init__(self, data: Any) -> None:
        """Take whatever number is sent: whether it is a conflict's is looked up."""
        super().__init__(data)
        keys = [key for key in data.getlist("key") if key.isascii() and key.isdecimal()][: MOST + 1]
        fields: Any = self.fields
        fields["key"].choices = [(key, key) for key in keys if len(key) < 20 and int(key) <= LARGEST_KEY]


@dataclass(frozen=True)
class Outcome:
    """What became of one conflict: nothing in `fault` where it is settled."""

    row: ConflictRow
    fault: str


class SettleMany(ConflictsSection):
    """Show what would be settled, and do it."""

    title = gettext_lazy("Settle conflicts")
    template_name = "sb_sync/dashboard/conflicts/settle.html"
    write_permission = SETTLE

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return what would be settled."""
        form = self._read(request.GET)
        return self._show(form, [Outcome(row, "") for row in self._find(form)], is_done=False)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Settle them one by one; say of each what became of it."""
        form = self._read(request.POST)
        outcomes = [Outcome(row, self._settle(row, form.cleaned_data["choice"])) for row in self._find(form)]
        status = 409 if any(outcome.fault for outcome in outcomes) else 200
        return self._show(form, outcomes, is_done=True, status=status)

    def _settle(self, row: ConflictRow, choice: str) -> str:
        try:
            settle_conflict(row.conflict, choice, user=self.request.user)
        except NotSettled as error:
            return str(error)
        return ""

    def _read(self, data: Any) -> ManyForm:
        form = ManyForm(data)
        if not data.getlist("key"):
            raise Refused(_("Mark the conflicts that are to be settled."))
        if not form.is_valid() or len(data.getlist("key")) > MOST:
            raise Refused(_("This address names no conflicts, or too many. Mark them in the list."))
        return form

    def _find(self, form: ManyForm) -> List[ConflictRow]:
        """Return those of the conflicts that the user may see."""
        rows = open_conflicts(self.selection, read_database(self.request)).defer(*LARGE)
        found = rows.filter(pk__in=form.cleaned_data["key"]).order_by(*NEWEST_FIRST)
        return describe_rows(list(found), lambda conflict: self.reverse("config_conflict", conflict.pk))

    def _show(self, form: ManyForm, outcomes: List[Outcome], *, is_done: bool, status: int = 200) -> HttpResponse:
        settled = sum(not outcome.fault for outcome in outcomes)
        return self.show(
            status=status,
            outcomes=outcomes,
            settled=settled,
            failed=len(outcomes) - settled,
            is_done=is_done,
            by_client=form.cleaned_data["choice"] == CLIENT,
            choice=form.cleaned_data["choice"],
            may_settle=self.may(SETTLE),
            settle_permission=SETTLE,
            back=self.reverse("config_conflicts", organization="") + change_query(self.request, key=None, choice=None),
        )
