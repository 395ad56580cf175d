"""The addresses of background pushes."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path

from sb_sync.dashboard.sections.jobs.views import CancelPage, JobPage, JobsExport, JobsPage

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [
    path("jobs/", JobsPage.as_view(), name="config_jobs"),
    path("jobs/export/", JobsExport.as_view(), name="config_jobs_export"),
    path("jobs/<uuid:key>/", JobPage.as_view(), name="config_job"),
    path("jobs/<uuid:key>/cancel/", CancelPage.as_view(), name="config_job_cancel"),
]
