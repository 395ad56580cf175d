"""The app."""

from __future__ import annotations

from django.apps import AppConfig


class PlainConfig(AppConfig):
    """Customers that nothing captures."""

    name = "benchmarks.project.plain"
    label = "plain"
    default_auto_field = "django.db.models.BigAutoField"
