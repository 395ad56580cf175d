"""The addresses of the log."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path

from sb_sync.dashboard.sections.logs.views import LogEntryPage, LogExport, LogNews, LogsPage

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [
    path("logs/", LogsPage.as_view(), name="config_logs"),
    path("logs/new/", LogNews.as_view(), name="config_logs_new"),
    path("logs/export/", LogExport.as_view(), name="config_logs_export"),
    path("logs/<int:key>/", LogEntryPage.as_view(), name="config_logs_entry"),
]
