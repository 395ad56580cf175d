"""What the list is narrowed by, and how a conflict is settled."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sb_sync import compat
from sb_sync.dashboard.filters import PeriodForm
from sb_sync.maintenance.conflicts import compare_sides, pick_values, suggest_values
from sb_sync.maintenance.verify import all_databases
from sb_sync.models import SyncConflict
from sb_sync.push.settlement import CLIENT, SERVER, VALUES

__all__ = ["DATABASE", "PICKED", "ConflictFilterForm", "SettlementForm", "SidesForm"]

DATABASE = "database"
#: The client's values of some fields, the server's of all others.
PICKED = "picked"
ANY = ("", _("Any"))


class ConflictFilterForm(PeriodForm):
    """Filters of the list; the organization is chosen at the top of the page."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Key or request id")}),
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=[ANY, *SyncConflict.Status.choices])
    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "known-models", "autocomplete": "off"}),
    )
    user = forms.CharField(
        label=_("User"), required=False, max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    database = forms.ChoiceField(label=_("Database"), required=False)

    def __init__(self, data: Any, **options: Any) -> None:
        """Offer the databases where there are several: conflicts stand beside the rows."""
        super().__init__(data, **options)
        databases = all_databases()
        if len(databases) == 1:
            del self.fields[DATABASE]
        else:
            chosen: Any = self.fields[DATABASE]
            chosen.choices = [("", databases[0]), *((alias, alias) for alias in databases[1:])]

    @property
    def using(self) -> str:
        """Return the database that is looked at."""
        return str(self.value(DATABASE, "") if DATABASE in self.fields else "") or all_databases()[0]


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


class SidesForm(SettlementForm):
    """One side, the client's values of some fields, or values of one's own."""

    take = forms.MultipleChoiceField(label=_("Fields"), required=False)

    def __init__(self, data: Any, *, conflict: SyncConflict) -> None:
        """Offer the fields in which the sides differ."""
        super().__init__(data, initial={"values": suggest_values(conflict)}, auto_id="settle_%s")
        self._conflict = conflict
        fields: Any = self.fields
        fields["choice"].choices = [*fields["choice"].choices, (PICKED, _("the marked fields"))]
        fields["take"].choices = [(name, name) for name in compare_sides(conflict).pickable]
        fields["values"].widget.attrs.update(rows=8, spellcheck="false")

    def clean(self) -> Dict[str, Any]:
        """Ask for a mark where marked fields were chosen."""
        cleaned = super().clean()
        if cleaned.get("choice") == PICKED and not cleaned.get("take") and not self.errors:
            self.add_error("take", gettext("Mark the fields whose value the client's is to replace."))
        return cleaned

    @property
    def taken(self) -> List[str]:
        """Return the fields that are marked: at first those that the client alone changed."""
        if self.is_bound:
            data: Any = self.data
            return list(data.getlist("take"))
        return [field.name for field in compare_sides(self._conflict).fields if field.is_clients_own]

    @property
    def settlement(self) -> Tuple[str, Optional[Dict[str, Any]]]:
        """Return what `settle_conflict` is told: the choice, and values where it asks for some."""
        chosen = self.cleaned_data
        if chosen["choice"] == PICKED:
            return VALUES, pick_values(self._conflict, chosen["take"])
        return chosen["choice"], chosen["values"] if chosen["choice"] == VALUES else None
