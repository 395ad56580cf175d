"""What is wrong in the database: rights on shared models, work that nobody does, and tables that are not there.

W001 shared models are granted · W005 they are granted for push · W014 background pushes that nobody works on · W104
tables of sb_sync are missing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, List, Sequence

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, connections, router
from django.utils import timezone

from sb_sync import catalog
from sb_sync.checks.conditions import is_migrating, with_stored_settings
from sb_sync.maintenance import find_missing_tables
from sb_sync.models import ModelPermission, SyncJob

__all__ = ["check_grants", "check_jobs", "check_tables"]

#: How long a background push may wait before somebody is told.
PATIENCE = timedelta(minutes=10)


@with_stored_settings
def check_grants(databases: Sequence[str] = (), **_: Any) -> List[CheckMessage]:
    """Check for groups that are granted models whose rows all organizations have in common."""
    using = router.db_for_read(ModelPermission)
    if using not in databases:
        return []
    shared = {label.lower(): label for label, synced in catalog.synced_models().items() if synced.is_shared}
    found: List[CheckMessage] = []
    granted = _name(shared, _read_granted(using, can_push=False, can_pull=False))
    if granted:
        found.append(
            CheckWarning(
                f"Shared models are granted: {granted}.",
                hint="Their rows are the same for every organization. Where that is not meant, give the model a key to"
                " its organization, or withdraw the rights.",
                id="sb_sync.W001",
            )
        )
    pushed = _name(shared, _read_granted(using, can_push=False))
    if pushed:
        found.append(
            CheckWarning(
                f"Shared models are granted for push: {pushed}.",
                hint="Members of one organization can change rows that all others see. Grant pull alone"
                " (dynamic_permissions), unless that is meant.",
                id="sb_sync.W005",
            )
        )
    return found


@with_stored_settings
def check_jobs(databases: Sequence[str] = (), **_: Any) -> List[CheckMessage]:
    """Check for background pushes that nobody works on."""
    using = router.db_for_write(SyncJob)
    if using not in databases or not _has_table(using, SyncJob):
        return []
    count = SyncJob.objects.using(using).filter(due_at__lt=timezone.now() - PATIENCE).count()
    if not count:
        return []
    cause = "" if getattr(settings, "CELERY_BROKER_URL", None) else " CELERY_BROKER_URL is not set."
    return [
        CheckWarning(
            f"Background pushes wait for longer than ten minutes, and nobody works on them: {count}.{cause}",
            hint="Set CELERY_BROKER_URL and start a Celery worker, or let manage.py sync_jobs --action work run with"
            " --keep-going.",
            id="sb_sync.W014",
        )
    ]


@with_stored_settings
def check_tables(databases: Sequence[str] = (), **_: Any) -> List[CheckMessage]:
    """Check that the tables of the package were made, unless they are about to be."""
    if is_migrating():
        return []
    return [
        CheckWarning(
            "Tables of sb_sync are missing in database {!r}: {}.".format(using, ", ".join(missing)),
            hint="Run manage.py migrate. Until then the API answers 503.",
            id="sb_sync.W104",
        )
        for using, missing in ((using, find_missing_tables(using)) for using in sorted(databases))
        if missing
    ]


def _read_granted(using: str, **nothing: bool) -> List[str]:
    """Return the labels of rows that grant more than `nothing`, in lower case; none where the table cannot be read."""
    if not _has_table(using, ModelPermission):
        return []
    rows = ModelPermission.objects.using(using).exclude(**nothing)
    return [name.lower() for name in rows.values_list("model_name", flat=True).distinct().order_by("model_name")]


def _has_table(using: str, model: Any) -> bool:
    """Tell whether a table can be asked; a database that is away is told of by others."""
    try:
        return model._meta.db_table in connections[using].introspection.table_names()
    except DatabaseError:
        return False


def _name(shared: Any, labels: Sequence[str]) -> str:
    return ", ".join(sorted({shared[label] for label in labels if label in shared}))
