"""The addresses of the staff pages, each section's own."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path, re_path

from sb_sync.dashboard.pages import LogOut, MissingPage, OrganizationsPage
from sb_sync.dashboard.sections.audit_trails import urls as audit_trails
from sb_sync.dashboard.sections.conflicts import urls as conflicts
from sb_sync.dashboard.sections.jobs import urls as jobs
from sb_sync.dashboard.sections.logs import urls as logs
from sb_sync.dashboard.sections.metrics import urls as metrics
from sb_sync.dashboard.sections.model_discovery import urls as model_discovery
from sb_sync.dashboard.sections.overview import urls as overview
from sb_sync.dashboard.sections.permissions import urls as permissions

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [
    *overview.urlpatterns,
    *conflicts.urlpatterns,
    *jobs.urlpatterns,
    *logs.urlpatterns,
    *metrics.urlpatterns,
    *audit_trails.urlpatterns,
    *model_discovery.urlpatterns,
    *permissions.urlpatterns,
    path("organizations/", OrganizationsPage.as_view(), name="config_organizations"),
    path("log-out/", LogOut.as_view(), name="config_log_out"),
    # The last one: whatever is not above is no page.
    re_path(r"", MissingPage.as_view(), name="config_missing"),
]
