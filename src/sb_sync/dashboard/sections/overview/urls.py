"""The address of the first page."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path

from sb_sync.dashboard.sections.overview.views import OverviewPage

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [path("", OverviewPage.as_view(), name="config_dashboard")]
