"""The pages of all tables that need no more than Django's own."""

from __future__ import annotations

import json
from typing import Any, Dict, List

from django import forms
from django.contrib import admin, messages
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sb_sync import catalog, compat
from sb_sync.admin.pages import ORGANIZATION, USERNAME, KeptAdmin, OwnedAdmin, ReadOnlyAdmin, SignedAdmin
from sb_sync.api.tokens import end_family
from sb_sync.maintenance.groups import COMMON_GROUPS
from sb_sync.models import (
    Change,
    Checkpoint,
    ClientRecord,
    DataFilter,
    FieldList,
    MetricRollup,
    ModelPermission,
    Organization,
    PerformanceMetrics,
    StoredAnswer,
    SyncLog,
    SyncMetadata,
    TokenFamily,
    UserSite,
    UserSyncMetadata,
)
from sb_sync.models.changes import EVERYONE, NOBODY, SHARED, UNRESOLVED
from sb_sync.models.rollups import TOGETHER
from sb_sync.optimizations.histogram import lower_bound

MAX_KEYS_SHOWN = 10
# What `Change.site` says where it is no organization.
MEANINGS: Dict[int, Any] = {
    SHARED: _("shared"),
    NOBODY: _("nobody's"),
    UNRESOLVED: _("unresolved"),
    EVERYONE: _("everyone's"),
}


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """An organization with a slug that no Site has."""

    def clean_slug(self) -> str:
        """Refuse a slug that cannot become the domain."""
        slug = str(self.cleaned_data["slug"])
        if Site.objects.filter(domain=slug).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("This slug is taken. Choose another one."))
        return slug


@admin.register(Organization)
class OrganizationAdmin(SignedAdmin):
    """Organizations."""

    form = OrganizationForm
    fields = ["name", "slug", "description", "is_active", "created_at", "updated_at"]
    readonly_fields = ["created_at", "updated_at"]
    list_display = ["name", "slug", "is_active", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["name", "slug", "description"]
    ordering = ["slug"]


@admin.register(UserSite)
class UserSiteAdmin(OwnedAdmin):
    """Memberships."""

    list_display = ["user", "site", "group", "is_active", "created_at"]
    list_filter = [ORGANIZATION, "group", "is_active"]
    list_select_related = ["user", "site", "group"]
    search_fields = [USERNAME, "site__name", "site__domain"]
    raw_id_fields = ["user"]
    ordering = ["site__domain", "pk"]


class ShallowDecoder(json.JSONDecoder):
    """Read JSON that somebody may have nested deeper than Python reads: it is as good as none."""

    def decode(self, s: str, *args: Any) -> Any:
        """Return what the JSON says."""
        try:
            return super().decode(s, *args)
        except RecursionError:
            raise json.JSONDecodeError("too deep", s, 0) from None


class SyncedModelForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A row about a model that is synchronised."""

    model_name = forms.ChoiceField(label=_("Model"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the synchronised models, and the one that stands there already."""
        super().__init__(*args, **kwargs)
        catalog.refresh()
        labels = [*catalog.synced_models(), self.instance.model_name or ""]
        field: Any = self.fields.get("model_name")
        if field is not None:
            field.choices = [(label, label) for label in sorted(set(labels))]


class ModelPermissionForm(SyncedModelForm):
    """Rights of a group on a model that is synchronised, within the group's kind."""

    filters = compat.JSONFormField(
        label=_("Row filter"),
        required=False,
        decoder=ShallowDecoder,
        help_text=_('A condition such as {"field": "department", "operator": "exact", "value": "SALES"}'),
    )

    def clean(self) -> Dict[str, Any]:
        """Refuse a push by a common group that only reads."""
        cleaned: Dict[str, Any] = super().clean() or {}
        group = cleaned.get("group")
        kind = COMMON_GROUPS.get(group.name) if group else None
        if kind is not None and cleaned.get("can_push") and not kind.push:
            self.add_error("can_push", gettext("This group only pulls. Take another group."))
        return cleaned


@admin.register(ModelPermission)
class ModelPermissionAdmin(OwnedAdmin):
    """Rights."""

    form = ModelPermissionForm
    list_display = ["model_name", "group", "site", "can_push", "can_pull"]
    list_filter = [ORGANIZATION, "group", "can_push", "can_pull"]
    list_select_related = ["site", "group"]
    search_fields = ["model_name", "group__name", "site__name", "site__domain"]

    def save_model(self, request: HttpRequest, obj: ModelPermission, form: Any, change: bool) -> None:
        """Save, and warn where the rows are everybody's."""
        super().save_model(request, obj, form, change)
        synced = catalog.find(obj.model_name)
        if synced is not None and synced.is_shared and (obj.can_push or obj.can_pull):
            told = gettext("Rows of %(model)s are the same for every organization.")
            messages.warning(request, told % {"model": obj.model_name})


class DataFilterForm(SyncedModelForm):
    """A condition on the rows of a model; the model itself checks that it fits."""

    filter_condition = compat.JSONFormField(label=_("Condition"), decoder=ShallowDecoder)


@admin.register(DataFilter)
class DataFilterAdmin(OwnedAdmin):
    """Row filters."""

    form = DataFilterForm
    list_display = ["filter_name", "model_name", "group", "site", "is_active", "created_at"]
    list_filter = [ORGANIZATION, "group", "is_active"]
    list_select_related = ["site", "group"]
    search_fields = ["filter_name", "model_name", "group__name", "site__name", "site__domain"]


@admin.register(SyncLog)
class SyncLogAdmin(KeptAdmin):
    """What was asked, and how it went."""

    list_display = ["timestamp", "user", "site", "operation", "status", "model_name", "object_count", "processing_time"]
    list_filter = ["operation", "status", ORGANIZATION, "timestamp"]
    list_select_related = ["user", "site"]
    search_fields = [USERNAME, "model_name", "request_id", "error_message"]


@admin.register(PerformanceMetrics)
class PerformanceMetricsAdmin(KeptAdmin):
    """What took how long."""

    list_display = [
        "timestamp", "operation_type", "model_name", "site", "batch_size", "processing_time", "memory_usage",
        "query_count",
    ]  # fmt: skip
    list_filter = ["operation_type", ORGANIZATION, "timestamp"]
    list_select_related = ["site"]
    search_fields = ["model_name"]


@admin.register(MetricRollup)
class MetricRollupAdmin(ReadOnlyAdmin):
    """How many operations took how long, hour by hour."""

    list_display = ["hour", "operation_type", "model_name", "organization", "from_seconds", "operations", "seconds"]
    list_filter = ["operation_type", "hour"]
    search_fields = ["model_name"]
    fields = [
        "hour", "operation_type", "model_name", "organization", "from_seconds", "operations", "seconds", "records",
        "queries", "memory",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[MetricRollup]:
        """Return the rows with their organizations; a join would leave out those of all together."""
        return super().get_queryset(request).prefetch_related("site")

    @admin.display(description=_("organization"), ordering="site")
    def organization(self, obj: MetricRollup) -> str:
        """Return the organization, or that it is all of them."""
        return str(_("all together")) if obj.site_id == TOGETHER else str(obj.site)

    @admin.display(description=_("from, seconds"), ordering="bucket")
    def from_seconds(self, obj: MetricRollup) -> str:
        """Return the least time of the bucket."""
        return f"{lower_bound(obj.bucket):.3g}"


@admin.register(SyncMetadata)
class SyncMetadataAdmin(KeptAdmin):
    """When each model was last synchronised."""

    list_display = ["model_name", "last_sync", "total_synced"]
    list_filter = ["last_sync"]
    search_fields = ["model_name"]


@admin.register(UserSyncMetadata)
class UserSyncMetadataAdmin(ReadOnlyAdmin):
    """When each user last pulled each model."""

    list_display = ["user", "site", "model_name", "last_sync", "total_synced"]
    list_filter = [ORGANIZATION, "last_sync"]
    list_select_related = ["user", "site"]
    search_fields = [USERNAME, "model_name"]
    ordering = ["-last_sync", "-pk"]


@admin.register(ClientRecord)
class ClientRecordAdmin(ReadOnlyAdmin):
    """Which row each name that a client gave became."""

    list_display = ["client_id", "model_name", "object_key", "user", "site", "created_at"]
    list_filter = [ORGANIZATION, "created_at"]
    list_select_related = ["user", "site"]
    search_fields = ["client_id", "object_key", "model_name", USERNAME]
    ordering = ["-pk"]


@admin.register(FieldList)
class FieldListAdmin(KeptAdmin):
    """The fields that versions were made of."""

    list_display = ["tag", "model_name", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["tag", "model_name"]
    ordering = ["model_name", "created_at"]


@admin.register(StoredAnswer)
class StoredAnswerAdmin(ReadOnlyAdmin):
    """Requests that would be answered as before. The answer, which may hold rows of any model, is not shown."""

    exclude = ["answer", "rules"]
    list_display = ["created_at", "user", "site", "path", "status"]
    list_filter = ["status", ORGANIZATION, "created_at"]
    list_select_related = ["user", "site"]
    search_fields = [USERNAME, "name"]
    ordering = ["-created_at", "-pk"]


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyAdmin):
    """Log-ins. What authenticates them is not shown."""

    exclude = ["refresh_jti"]
    list_display = ["user", "created_at", "expires_at", "revoked_at", "revoked_reason"]
    list_filter = ["created_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = [USERNAME]
    ordering = ["-created_at"]
    actions = ["end"]

    @admin.action(description=_("End the selected log-ins"), permissions=["delete"])
    def end(self, request: HttpRequest, queryset: QuerySet[TokenFamily]) -> None:
        """Let no token of these log-ins serve any more."""
        for family in queryset:
            end_family(family.pk, "ended by staff")
        messages.success(request, gettext("The selected log-ins have ended."))


@admin.register(Change)
class ChangeAdmin(KeptAdmin):
    """The log of the feed."""

    list_display = ["id", "changed_at", "table_name", "kind", "organization", "keys"]
    list_filter = ["kind", "changed_at"]
    search_fields = ["=table_name"]
    fields = ["id", "txid", "changed_at", "table_name", "kind", "organization", "keys"]
    ordering = ["-id"]

    @admin.display(description=_("organization"), ordering="site")
    def organization(self, obj: Change) -> str:
        """Return the key of the organization, or what stands in its place."""
        return str(MEANINGS.get(obj.site, obj.site))

    @admin.display(description=_("keys"))
    def keys(self, obj: Change) -> str:
        """Return the first keys of the entry, and how many more there are."""
        found: List[str] = list(obj.pks) if isinstance(obj.pks, (list, tuple)) else [str(obj.pks)]
        more = f" … {len(found)}" if len(found) > MAX_KEYS_SHOWN else ""
        return ", ".join(str(key) for key in found[:MAX_KEYS_SHOWN]) + more


@admin.register(Checkpoint)
class CheckpointAdmin(KeptAdmin):
    """The snapshots that cursors name. The nonce, by which a cursor proves itself, is not shown."""

    list_display = ["id", "taken_at"]
    list_filter = ["taken_at"]
    fields = ["id", "taken_at", "snapshot"]
    search_fields = ["=id"]
    ordering = ["-id"]
