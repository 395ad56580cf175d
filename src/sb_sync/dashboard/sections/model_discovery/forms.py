"""The form of one section: every key with its control, what was set when the page was made, and a reason."""

from __future__ import annotations

import json
from typing import Any, Dict, FrozenSet, Mapping, Optional

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sb_sync.config import SECTIONS, value_without
from sb_sync.dashboard.sections.model_discovery.fields import make_field
from sb_sync.maintenance.configuration_edit import Edit

__all__ = ["SettingsForm", "read_seen", "values_of"]

MAX_REASON = 500


class SettingsForm(forms.Form):
    """All keys of a section.

    `seen` is what was set when the page was made, and what differs from it is what the user wants. Keys that are named
    under `reset` or `back` have their defaults again, whatever their controls say.
    """

    seen = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=MAX_REASON,
        widget=forms.TextInput(attrs={"class": "control", "placeholder": _("Reason, for the history")}),
    )

    def __init__(
        self,
        section: str,
        data: Optional[QueryDict] = None,
        *,
        seen: Mapping[str, Any],
        wanted: Optional[Edit] = None,
        reason: str = "",
        may_change: bool = True,
    ) -> None:
        """Show what is set, with what an edit wants in its place; without the right, nothing can be typed."""
        super().__init__(data, initial={"seen": json.dumps(seen), "reason": reason}, label_suffix="")
        self.section, self.standing = section, dict(seen)
        self.removed = _find_removed(data, wanted) & frozenset(SECTIONS[section])
        shown = {**values_of(section, seen), **(wanted.values if wanted is not None else {})}
        for key, declared in SECTIONS[section].items():
            field = make_field(key, declared)
            is_removed = key in self.removed
            field.initial = value_without(section, key) if is_removed else shown[key]
            field.disabled = is_removed or not may_change
            field.widget.attrs.update({"class": "control", "aria-describedby": f"meaning_{key} faults_{key}"})
            self.fields[key] = field

    def clean_seen(self) -> Dict[str, Any]:
        """Return what was set when the page was made."""
        return read_seen(self.cleaned_data["seen"])

    def clean(self) -> Dict[str, Any]:
        """Ask each setting whether it can hold what its control says."""
        super().clean()
        for key in SECTIONS[self.section]:
            if key in self.changed_keys and key in self.cleaned_data:
                self._check(key, self.cleaned_data[key])
        return self.cleaned_data

    @property
    def changed_keys(self) -> FrozenSet[str]:
        """Return the keys whose controls say something else than what was seen."""
        return frozenset(self.changed_data) & frozenset(SECTIONS[self.section]) - self.removed

    @property
    def edit(self) -> Edit:
        """Return what the user wants; only of a form without faults."""
        emptied = {key for key in self.changed_keys if self.cleaned_data[key] is None}
        values = {key: self.cleaned_data[key] for key in self.changed_keys - emptied}
        return Edit(self.section, self.standing, values, self.removed | emptied)

    @property
    def wanted_values(self) -> Dict[str, Any]:
        """Return the value of every key as the user wants it; only of a form without faults."""
        if not self.is_bound:
            return {key: self.fields[key].initial for key in SECTIONS[self.section]}
        edit = self.edit
        without = {key: value_without(self.section, key) for key in edit.removed}
        return {**values_of(self.section, self.standing), **without, **edit.values}

    def _check(self, key: str, value: Any) -> None:
        declared = SECTIONS[self.section][key]
        if value is None:
            if value_without(self.section, key) is not None:
                self.add_error(key, gettext("Enter a number: without one, what the project says would hold."))
            return
        fault = declared.fault(value) or ("" if declared.look_up is None else declared.look_up(value))
        if fault:
            self.add_error(key, capfirst(fault) + ".")


def _find_removed(data: Optional[QueryDict], wanted: Optional[Edit]) -> FrozenSet[str]:
    """Return the keys that have their defaults again: as a form says, or as an edit does."""
    if data is not None:
        return frozenset(data.getlist("reset") + data.getlist("back"))
    return frozenset() if wanted is None else wanted.removed


def read_seen(text: str) -> Dict[str, Any]:
    """Return what a form says that was set. Raises `ValidationError` where it cannot be read."""
    try:
        seen = json.loads(text)
    except (ValueError, RecursionError):
        seen = None
    if not isinstance(seen, dict):
        raise ValidationError(_("The form is not complete. Load the page again."))
    return seen


def values_of(section: str, seen: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the value of every key, of what was set where it can be held, else of what holds without."""
    values: Dict[str, Any] = {}
    for key, declared in SECTIONS[section].items():
        value = declared.from_json(seen[key]) if key in seen else None
        is_held = key in seen and not declared.fault(value)
        values[key] = value if is_held else value_without(section, key)
    return values
