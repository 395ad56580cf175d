"""The addresses of the API."""

from __future__ import annotations

from typing import List, Union

from django.urls import URLPattern, URLResolver, path, re_path

from sb_sync.api.views import base, description, jobs, models, operations, sessions, sync

urlpatterns: List[Union[URLPattern, URLResolver]] = [
    path("auth/token/", sessions.TokenView.as_view(), name="token"),
    path("auth/refresh/", sessions.RefreshView.as_view(), name="refresh"),
    path("auth/logout/", sessions.LogoutView.as_view(), name="logout"),
    path("push/", sync.PushView.as_view(), name="push"),
    path("jobs/<uuid:job>/", jobs.JobView.as_view(), name="job"),
    path("pull/", sync.PullView.as_view(), name="pull"),
    path("models/", models.ModelsView.as_view(), name="models"),
    path("health/", operations.HealthView.as_view(), name="health"),
    path("performance/", operations.PerformanceView.as_view(), name="performance"),
    path("metrics/", operations.MetricsView.as_view(), name="metrics"),
    path("schema/", description.SchemaView.as_view(), name="schema"),
    path("docs/", description.DocsView.as_view(), name="docs"),
    re_path(r"", base.MissingView.as_view(), name="missing"),
]
