"""The app."""

from __future__ import annotations

from django.apps import AppConfig


class ManyConfig(AppConfig):
    """Models by the hundred."""

    name = "benchmarks.project.many"
    label = "many"
    default_auto_field = "django.db.models.BigAutoField"
