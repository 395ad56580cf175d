"""The addresses of the API."""

from __future__ import annotations

from typing import List, Union

from django.urls import URLPattern, URLResolver, path, re_path

from sb_sync.api import views

urlpatterns: List[Union[URLPattern, URLResolver]] = [
    path("auth/token/", views.TokenView.as_view(), name="token"),
    path("auth/refresh/", views.RefreshView.as_view(), name="refresh"),
    path("auth/logout/", views.LogoutView.as_view(), name="logout"),
    path("push/", views.PushView.as_view(), name="push"),
    path("pull/", views.PullView.as_view(), name="pull"),
    re_path(r"", views.MissingView.as_view(), name="missing"),
]
