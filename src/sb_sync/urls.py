"""The addresses below the prefix that a project includes."""

from __future__ import annotations

from typing import List, Union

from django.urls import URLPattern, URLResolver

app_name = "sb_sync"
urlpatterns: List[Union[URLPattern, URLResolver]] = []
