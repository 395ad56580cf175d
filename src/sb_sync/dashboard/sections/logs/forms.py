"""What the log may be narrowed by, as the address says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Optional

from django import forms
from django.utils.translation import gettext_lazy as _

from sb_sync import catalog
from sb_sync.dashboard.filters import PeriodForm
from sb_sync.dashboard.organizations import Selection
from sb_sync.dashboard.people import find_user_key
from sb_sync.dashboard.sections.logs.candidates import LogFilter
from sb_sync.feed import to_stored
from sb_sync.models import SyncLog

__all__ = ["LogFilterForm"]

ANY = ("", _("Any"))


class LogFilterForm(PeriodForm):
    """Filters of the log; the organization is chosen at the top of the page."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Error, request id, value")}),
    )
    user = forms.CharField(
        label=_("User"), required=False, max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "log-models", "autocomplete": "off"}),
    )
    operation = forms.ChoiceField(label=_("Operation"), required=False, choices=[ANY, *SyncLog.Operation.choices])
    # Of the name of a property of the base class, which stays: Django keeps fields elsewhere.
    status = forms.ChoiceField(  # type: ignore[assignment]
        label=_("Status"), required=False, choices=[ANY, *SyncLog.Status.choices]
    )

    def make_filter(self, selection: Selection) -> LogFilter:
        """Return what is wanted; somebody who is no user has made no entry, and what cannot be read finds none."""
        model, name = self.value("model", ""), self.value("user")
        synced = catalog.find_on_wire(model)
        wanted = LogFilter(
            sites=selection.keys,
            user=None if name is None else find_user_key(name),
            model=model if synced is None else synced.label,
            operation=self.value("operation", ""),
            status=self.value("status", ""),
            since=_store(self.value("since")),
            until=_store(self.value("until")),
            text=self.value("q", ""),
        )
        is_unknown = name is not None and wanted.user is None
        return replace(wanted, sites=()) if is_unknown or not self.is_valid() else wanted


def _store(moment: Optional[datetime]) -> Optional[datetime]:
    return None if moment is None else to_stored(moment)
