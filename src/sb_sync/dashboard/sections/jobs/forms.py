"""What the list of background pushes is narrowed by."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from sb_sync.dashboard.filters import PeriodForm
from sb_sync.models import SyncJob

__all__ = ["JobFilterForm"]


class JobFilterForm(PeriodForm):
    """Filters of the list; the organization is chosen at the top of the page."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Id or request id")}),
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("Any")), *SyncJob.State.choices])
    user = forms.CharField(
        label=_("User"), required=False, max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
