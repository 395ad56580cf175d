"""An app with a past: its migrations do to captured tables all that migrations do."""

from __future__ import annotations

from django.apps import AppConfig


class DepotsConfig(AppConfig):
    """Installed by the tests of migrations only."""

    name = "tests.depots"
    label = "depots"
    default_auto_field = "django.db.models.AutoField"
