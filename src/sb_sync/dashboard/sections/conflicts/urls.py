"""The addresses of conflicts."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path

from sb_sync.dashboard.sections.conflicts.settling import SettleMany
from sb_sync.dashboard.sections.conflicts.views import ConflictPage, ConflictsExport, ConflictsPage

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [
    path("conflicts/", ConflictsPage.as_view(), name="config_conflicts"),
    path("conflicts/export/", ConflictsExport.as_view(), name="config_conflicts_export"),
    path("conflicts/settle/", SettleMany.as_view(), name="config_conflicts_settle"),
    path("conflicts/<int:key>/", ConflictPage.as_view(), name="config_conflict"),
]
