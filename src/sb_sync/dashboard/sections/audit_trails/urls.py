"""The addresses of the audit trails."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path

from sb_sync.dashboard.sections.audit_trails.views import AuditExport, AuditNews, AuditTrailsPage

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [
    path("audit-trails/", AuditTrailsPage.as_view(), name="config_audit_trails"),
    path("audit-trails/new/", AuditNews.as_view(), name="config_audit_trails_new"),
    path("audit-trails/export/", AuditExport.as_view(), name="config_audit_trails_export"),
]
