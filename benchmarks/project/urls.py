"""Addresses: sb_sync, and beside it what people write by hand."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from benchmarks.project.views import CustomerViewSet, EmptyView

router = SimpleRouter()
router.register("customers", CustomerViewSet, basename="customer")

urlpatterns = [
    path("api/sync/", include("sb_sync.urls")),
    path("drf/empty/", EmptyView.as_view()),
    path("drf/", include(router.urls)),
]
