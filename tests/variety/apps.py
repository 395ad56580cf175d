"""An app whose models are of every kind that discovery tells apart; it has no tables."""

from __future__ import annotations

from django.apps import AppConfig


class VarietyConfig(AppConfig):
    """Installed by the tests of discovery only."""

    name = "tests.variety"
    label = "variety"
    default_auto_field = "django.db.models.BigAutoField"
