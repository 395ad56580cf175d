"""The addresses of the metrics."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path, re_path

from sb_sync.dashboard.sections.metrics.views import MetricsExport, MetricsPage

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [
    path("metrics/", MetricsPage.as_view(), name="config_metrics"),
    re_path(r"^metrics/(?P<table>steps|operations)\.csv$", MetricsExport.as_view(), name="config_metrics_csv"),
]
