"""Background pushes: read, and deleted with all that was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sb_sync.admin.pages import ORGANIZATION, USERNAME, ReadOnlyAdmin
from sb_sync.models import SyncJob, SyncJobChunk


class UnreadAdmin(ReadOnlyAdmin):
    """A page of rows of which what is not shown is not read either: it may be large."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows without what is left out."""
        return super().get_queryset(request).defer(*self.exclude or ())


@admin.register(SyncJob)
class SyncJobAdmin(UnreadAdmin):
    """Jobs. What was sent and what was answered, which may hold rows of any model, are not shown."""

    exclude = ["body", "answer", "rules", "worker"]
    list_display = ["created_at", "user", "site", "state", "percent", "record_count", "attempts", "finished_at"]
    list_filter = ["state", ORGANIZATION, "created_at"]
    list_select_related = ["user", "site"]
    search_fields = [USERNAME, "request_id"]
    ordering = ["-created_at", "-pk"]

    @admin.display(description=_("per cent done"), ordering="done_count")
    def percent(self, obj: SyncJob) -> int:
        """Return how much is done."""
        return obj.progress


@admin.register(SyncJobChunk)
class SyncJobChunkAdmin(UnreadAdmin):
    """Chunks of jobs, without records and results."""

    exclude = ["records", "results"]
    list_display = ["job", "number", "record_count"]
    list_select_related = ["job"]
    ordering = ["-pk"]
