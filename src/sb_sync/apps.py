"""The app: wiring only."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import request_started
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SbSyncConfig(AppConfig):
    """Connect the parts once all models are loaded."""

    name = "sb_sync"
    verbose_name = _("Synchronisation")
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Say what is missing where Django would only say that a model has no app label: E003 comes too late for it."""
        for name in ("django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sites"):
            if not apps.is_installed(name):
                raise ImproperlyConfigured(f"sb_sync needs {name!r} in INSTALLED_APPS.")
        super().import_models()

    def ready(self) -> None:
        """Read every app's `sync.py`, connect what is set, filters, migrates and pipelines, register checks."""
        from sb_sync import attribution, config, ops
        from sb_sync.access.filters import find_fault
        from sb_sync.checks import register_checks
        from sb_sync.feed import configuration, migrations
        from sb_sync.maintenance import audit_trails
        from sb_sync.models import ConfigurationTable
        from sb_sync.models.permissions import check_conditions_by
        from sb_sync.wire import field_lists

        autodiscover_modules("sync")
        attribution.connect()
        config.use_store(ConfigurationTable())
        request_started.connect(config.release, dispatch_uid="sb_sync.config.release")
        check_conditions_by(find_fault)
        migrations.connect(self)
        configuration.connect()
        field_lists.connect(self)
        audit_trails.connect()
        ops.connect()
        register_checks()
