"""What the tables of rights and organizations were, by whom and why they were changed; also of rows that are gone."""

from __future__ import annotations

from django.contrib import admin

from sb_sync.admin.pages import ORGANIZATION, KeptAdmin
from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite

__all__ = ["MembershipHistoryAdmin", "OrganizationHistoryAdmin", "PermissionHistoryAdmin", "RowFilterHistoryAdmin"]

ENTRY = ("history_type", "history_username", "history_change_reason")
FILTERS = ("history_type", "history_date")
SEARCHED = ("history_username", "history_change_reason")


@admin.register(Organization.history.model)
class OrganizationHistoryAdmin(KeptAdmin):
    """What organizations were."""

    list_display = ["history_date", "slug", "name", "is_active", *ENTRY]
    list_filter = [*FILTERS]
    search_fields = ["slug", "name", *SEARCHED]


@admin.register(UserSite.history.model)
class MembershipHistoryAdmin(KeptAdmin):
    """Who was a member of what."""

    list_display = ["history_date", "user", "site", "group", "is_active", *ENTRY]
    list_filter = [*FILTERS, ORGANIZATION]
    list_select_related = ["user", "site", "group"]
    search_fields = [*SEARCHED]


@admin.register(ModelPermission.history.model)
class PermissionHistoryAdmin(KeptAdmin):
    """What was granted."""

    list_display = ["history_date", "model_name", "group", "site", "can_push", "can_pull", *ENTRY]
    list_filter = [*FILTERS, ORGANIZATION]
    list_select_related = ["site", "group"]
    search_fields = ["model_name", *SEARCHED]


@admin.register(DataFilter.history.model)
class RowFilterHistoryAdmin(KeptAdmin):
    """What narrowed the rows."""

    list_display = ["history_date", "filter_name", "model_name", "group", "site", "is_active", *ENTRY]
    list_filter = [*FILTERS, ORGANIZATION]
    list_select_related = ["site", "group"]
    search_fields = ["filter_name", "model_name", *SEARCHED]
