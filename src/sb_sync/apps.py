"""The app: wiring only."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SbSyncConfig(AppConfig):
    """Connect the parts once all models are loaded."""

    name = "sb_sync"
    verbose_name = _("Synchronisation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Read every app's `sync.py`, keep triggers in step with migrations, observe the pipelines."""
        from sb_sync import ops
        from sb_sync.feed.migrations import connect

        autodiscover_modules("sync")
        connect(self)
        ops.connect()
