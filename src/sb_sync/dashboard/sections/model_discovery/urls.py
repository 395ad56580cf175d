"""The addresses of the settings."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path

from sb_sync.dashboard.sections.model_discovery.views import ModelDiscoveryPage, PreviewModels

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [
    path("model-discovery/", ModelDiscoveryPage.as_view(), name="config_model_discovery"),
    path("model-discovery/preview/", PreviewModels.as_view(), name="config_model_discovery_preview"),
]
