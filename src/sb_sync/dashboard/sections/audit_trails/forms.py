"""What the audit trails may be narrowed by, as the address says it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Optional

from django import forms
from django.utils.translation import gettext_lazy as _

from sb_sync.dashboard.filters import PeriodForm
from sb_sync.dashboard.organizations import Selection
from sb_sync.feed import to_stored
from sb_sync.models.history import audited_models
from sb_sync.ops.audit import AuditFilter

__all__ = ["AuditFilterForm"]

#: The finest time that is written down: the filter of the trail ends before its end.
MOMENT = timedelta(microseconds=1)


class AuditFilterForm(PeriodForm):
    """Filters of the trails; the organization is chosen at the top of the page."""

    model = forms.ChoiceField(label=_("Table"), required=False)
    kind = forms.ChoiceField(
        label=_("Action"),
        required=False,
        choices=[("", _("Any")), ("created", _("Created")), ("changed", _("Changed")), ("deleted", _("Deleted"))],
    )
    key = forms.CharField(
        label=_("Key"), required=False, max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    user = forms.CharField(
        label=_("User"), required=False, max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Any, **options: Any) -> None:
        """Offer the tables that have a trail."""
        super().__init__(data, **options)
        tables = sorted((str(model._meta.verbose_name_plural), model._meta.label) for model in audited_models())
        chosen: Any = self.fields["model"]
        chosen.choices = [("", _("Any")), *((label, name[:1].upper() + name[1:]) for name, label in tables)]

    def make_filter(self, selection: Selection) -> AuditFilter:
        """Return what is wanted; what cannot be read finds nothing."""
        until: Optional[datetime] = self.value("until")
        since: Optional[datetime] = self.value("since")
        return AuditFilter(
            models=(self.value("model"),) if self.value("model") else (),
            kind=self.value("kind", ""),
            username=self.value("user", ""),
            object_key=self.value("key", ""),
            since=None if since is None else to_stored(since),
            before=None if until is None else to_stored(until + MOMENT),
            sites=selection.keys if self.is_valid() else (),
        )
