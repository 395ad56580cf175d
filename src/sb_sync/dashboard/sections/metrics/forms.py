"""What the figures are narrowed by: the operation, the model, the period."""

from __future__ import annotations

from typing import Any, Dict

from django import forms
from django.utils.translation import gettext_lazy as _

from sb_sync import catalog
from sb_sync.dashboard.filters import FilterForm, MomentField
from sb_sync.dashboard.organizations import Selection as Organizations
from sb_sync.dashboard.sections.metrics.figures import OPERATIONS, ORDERS
from sb_sync.dashboard.sections.metrics.times import PRESETS, USUAL, preset_period, range_period
from sb_sync.ops.series import Period, Selection

__all__ = ["MetricsFilter"]

ANY = [("", _("All"))]


class MetricsFilter(FilterForm):
    """A range of the reader's own beats the preset."""

    period = forms.ChoiceField(
        required=False,
        choices=[(name, title) for name, (title, _length) in PRESETS.items()],
        widget=forms.HiddenInput,
    )
    since = MomentField(label=_("From"))
    until = MomentField(label=_("To"), is_end=True)
    operation = forms.ChoiceField(label=_("Operation"), required=False, choices=[*ANY, *OPERATIONS.items()])
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "models", "autocomplete": "off"}),
    )
    order = forms.ChoiceField(required=False, choices=[(name, name) for name in ORDERS], widget=forms.HiddenInput)
    show = forms.ChoiceField(required=False, choices=[("all", "all")], widget=forms.HiddenInput)

    def clean_model(self) -> str:
        """Return the label of an installed model, as it is written."""
        text = self.cleaned_data["model"].strip()
        known = {each.model._meta.label_lower: each.model._meta.label for each in catalog.decisions()}
        if text and text.lower() not in known:
            raise forms.ValidationError(_("There is no model called “%(text)s”."), params={"text": text})
        return known[text.lower()] if text else ""

    def clean(self) -> Dict[str, Any]:
        """Make the period."""
        super().clean()
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if not {"since", "until", "period"} & set(self.errors):
            try:
                is_own = since is not None or until is not None
                found = range_period(since, until) if is_own else preset_period(self.cleaned_data["period"] or USUAL)
            except forms.ValidationError as error:
                self.add_error("since" if since is not None else "until", error)
            else:
                self.cleaned_data["range"] = found
        return self.cleaned_data

    @property
    def preset(self) -> str:
        """Return the preset that holds, an empty string where a range does."""
        return "" if self.value("since") or self.value("until") else str(self.value("period", USUAL))

    def select(self, organizations: Organizations) -> Selection:
        """Return which measurements are wanted; only of a form without faults."""
        period: Period = self.cleaned_data["range"]
        return Selection(
            period, organizations.keys, operation=self.value("operation", ""), model=self.value("model", "")
        )
