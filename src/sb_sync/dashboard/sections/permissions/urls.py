"""The addresses of the pages of rights."""

from __future__ import annotations

from typing import List

from django.urls import URLPattern, path

from sb_sync.dashboard.sections.permissions.copying import CopyPage
from sb_sync.dashboard.sections.permissions.editor import CountRows
from sb_sync.dashboard.sections.permissions.inspector import InspectorPage
from sb_sync.dashboard.sections.permissions.matrix import MatrixNews, MatrixPage
from sb_sync.dashboard.sections.permissions.model_rights import ModelRightsPage
from sb_sync.dashboard.sections.permissions.row_filters import RowFilterPage
from sb_sync.dashboard.sections.permissions.saving import SaveRights

__all__ = ["urlpatterns"]

urlpatterns: List[URLPattern] = [
    path("permissions/", MatrixPage.as_view(), name="config_permissions"),
    path("permissions/news/", MatrixNews.as_view(), name="config_permissions_news"),
    path("permissions/rights/", SaveRights.as_view(), name="config_permissions_rights"),
    path("permissions/model/", ModelRightsPage.as_view(), name="config_permissions_model"),
    path("permissions/copy/", CopyPage.as_view(), name="config_permissions_copy"),
    path("permissions/filters/", RowFilterPage.as_view(), name="config_permissions_filters"),
    path("permissions/filters/count/", CountRows.as_view(), name="config_permissions_filter_count"),
    path("permissions/why/", InspectorPage.as_view(), name="config_permissions_why"),
]
