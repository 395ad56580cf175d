"""The app."""

from __future__ import annotations

from django.apps import AppConfig


class SalesConfig(AppConfig):
    """Field sales."""

    name = "demo.sales"
    label = "sales"
    verbose_name = "Field sales"
    default_auto_field = "django.db.models.BigAutoField"
