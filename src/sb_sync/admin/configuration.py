"""What is set in place of the defaults, and what was."""

from __future__ import annotations

from typing import Any, List, Optional

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin

from sb_sync import compat
from sb_sync.admin.pages import KeptAdmin, SignedAdmin
from sb_sync.admin.tables import ShallowDecoder
from sb_sync.config import SECTIONS, SyncConfig
from sb_sync.models import SyncConfiguration

__all__ = ["ConfigurationHistoryAdmin", "SyncConfigurationAdmin"]


class ValueField(compat.JSONFormField):
    """A value as JSON."""

    # False, 0, an empty text, list or object are values.
    empty_values = [None]


class SyncConfigurationForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A key with its value as JSON; the model checks that they fit."""

    section = forms.ChoiceField(label=_("Section"), choices=[(name, name) for name in SECTIONS])
    key = forms.ChoiceField(
        label=_("Key"), choices=[(name, [(key, key) for key in keys]) for name, keys in SECTIONS.items()]
    )
    value = ValueField(
        label=_("Value"),
        decoder=ShallowDecoder,
        help_text=_('JSON: true, 10, "text", ["a", "b"]; a time span as "P7D"'),
    )
    reason = forms.CharField(label=_("Reason"), required=False, help_text=_("Stands in the history"))


@admin.register(SyncConfiguration)
class SyncConfigurationAdmin(SignedAdmin, SimpleHistoryAdmin):  # type: ignore[misc]  # simple-history is untyped
    """What is set."""

    form = SyncConfigurationForm
    fields = ["section", "key", "meaning", "value", "description", "reason"]
    list_display = ["key", "section", "value", "updated_at"]
    list_filter = ["section"]
    search_fields = ["section", "key", "description"]
    ordering = ["section", "key"]

    def get_readonly_fields(self, request: HttpRequest, obj: Optional[Model] = None) -> List[str]:
        """Let a row keep its key."""
        return ["meaning"] if obj is None else ["section", "key", "meaning"]

    def save_model(self, request: HttpRequest, obj: SyncConfiguration, form: Any, change: bool) -> None:
        """Set the key as everybody does, in the name of the user."""
        value = SECTIONS[obj.section][obj.key].from_json(obj.value)
        reason = str(form.cleaned_data.get("reason", ""))
        SyncConfig.set_config(
            obj.section, obj.key, value, user=request.user, reason=reason, description=obj.description
        )
        obj.pk = SyncConfiguration.objects.get(section=obj.section, key=obj.key).pk

    def delete_model(self, request: HttpRequest, obj: SyncConfiguration) -> None:
        """Give the key its default again."""
        SyncConfig.reset([(obj.section, obj.key)], user=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SyncConfiguration]) -> None:
        """Give the keys their defaults again."""
        SyncConfig.reset([(row.section, row.key) for row in queryset], user=request.user)

    @admin.display(description=_("meaning"))
    def meaning(self, obj: Optional[SyncConfiguration]) -> str:
        """Return what the key is for, and what holds without a value."""
        declared = None if obj is None else SECTIONS.get(obj.section, {}).get(obj.key)
        if declared is None:
            return "-"
        told = gettext("%(meaning)s Default: %(default)s")
        return told % {"meaning": declared.meaning, "default": declared.to_json(declared.default)}


@admin.register(SyncConfiguration.history.model)
class ConfigurationHistoryAdmin(KeptAdmin):
    """What was set when, by whom and why; also of keys that have their default again."""

    list_display = ["history_date", "section", "key", "value", "history_type", "history_user", "history_change_reason"]
    list_filter = ["section", "history_type", "history_date"]
    list_select_related = ["history_user"]
    search_fields = ["section", "key", "history_change_reason"]
