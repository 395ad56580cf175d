"""The addresses below the prefix that a project includes."""

from __future__ import annotations

from django.urls import include, path

from sb_sync.api.urls import urlpatterns as api
from sb_sync.dashboard.urls import urlpatterns as dashboard

__all__ = ["app_name", "urlpatterns"]

app_name = "sb_sync"

# The API answers for whatever is not above it.
urlpatterns = [path("config/", include(dashboard)), *api]
