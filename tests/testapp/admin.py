"""Admin pages, as one of the ways of writing behind the API."""

from __future__ import annotations

from django.contrib import admin

from tests.testapp.models import Region

admin.site.register(Region)
