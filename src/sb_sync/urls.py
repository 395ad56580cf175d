"""The addresses below the prefix that a project includes."""

from __future__ import annotations

from sb_sync.api.urls import urlpatterns

__all__ = ["app_name", "urlpatterns"]

app_name = "sb_sync"
