"""How many there are of everything, and what came since a day ago: one statement for each database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, Mapping

from django.db import DEFAULT_DB_ALIAS, router
from django.db.models import Q, QuerySet

from sb_sync import feed
from sb_sync.dashboard.organizations import Selection, find_visible
from sb_sync.maintenance.verify import all_databases
from sb_sync.models import ModelPermission, SyncConflict, SyncJob, SyncLog, UserSite
from sb_sync.ops.series import Period
from sb_sync.optimizations.counting import count_together

__all__ = ["MOST", "Counts", "read_counts"]

#: Nothing is counted further.
MOST = 100_000
OPEN_JOBS = (SyncJob.State.QUEUED, SyncJob.State.RUNNING)
FAILED_JOBS = (SyncJob.State.FAILED,)


@dataclass(frozen=True)
class Counts:
    """Numbers of rows that a page may tell of; one more than `MOST` stands for any larger number.

    `*_new` came within the period, `*_before` within the one before.
    """

    organizations: int
    organizations_new: int
    users: int
    users_new: int
    rights: int
    rights_changed: int
    failed: int
    failed_before: int
    partly_failed: int
    conflicts_open: int
    conflicts_new: int
    conflicts_before: int
    jobs_open: int
    jobs_failed: int


def read_counts(selection: Selection, period: Period) -> Counts:
    """Return what there is of the organizations that a page may show."""
    since, before = feed.to_stored(period.start), feed.to_stored(period.before.start)
    asked: Dict[str, QuerySet[Any, Any]] = {
        **_tenancy(selection, since),
        **_failures(selection, since, before),
        **_jobs(selection, since),
    }
    conflicts = [_conflicts(selection, since, before, using) for using in all_databases()]
    for place, counted in enumerate(conflicts):
        asked.update({f"{name} {place}": rows for name, rows in counted.items()})
    found = count_together(asked, most=MOST)
    return Counts(**_add_places(found))


def _tenancy(selection: Selection, since: datetime) -> Mapping[str, QuerySet[Any, Any]]:
    organizations = find_visible(selection.reader)
    if selection.chosen is not None:
        organizations = organizations.filter(pk=selection.chosen.pk)
    members = selection.narrow(UserSite._base_manager.using(DEFAULT_DB_ALIAS)).filter(
        is_active=True, user__is_active=True
    )
    rights = selection.narrow(ModelPermission._base_manager.using(DEFAULT_DB_ALIAS)).filter(
        Q(can_push=True) | Q(can_pull=True)
    )
    changes = selection.narrow(ModelPermission.history.model._base_manager.using(DEFAULT_DB_ALIAS))
    return {
        "organizations": organizations,
        "organizations_new": organizations.filter(created_at__gte=since),
        "users": members.values("user").distinct(),
        "users_new": members.filter(created_at__gte=since).values("user").distinct(),
        "rights": rights,
        "rights_changed": changes.filter(history_date__gte=since),
    }


def _failures(selection: Selection, since: datetime, before: datetime) -> Mapping[str, QuerySet[Any, Any]]:
    entries = selection.narrow(SyncLog._base_manager.using(DEFAULT_DB_ALIAS))
    failed = entries.filter(status=SyncLog.Status.ERROR)
    return {
        "failed": failed.filter(timestamp__gte=since),
        "failed_before": failed.filter(timestamp__gte=before, timestamp__lt=since),
        "partly_failed": entries.filter(status=SyncLog.Status.WARNING, timestamp__gte=since),
    }


def _jobs(selection: Selection, since: datetime) -> Mapping[str, QuerySet[Any, Any]]:
    jobs = selection.narrow(SyncJob._base_manager.using(router.db_for_read(SyncJob)))
    return {
        # What has ended is due no more: the index of what is due holds the others.
        "jobs_open": jobs.filter(due_at__isnull=False, state__in=OPEN_JOBS),
        "jobs_failed": jobs.filter(finished_at__gte=since, state__in=FAILED_JOBS),
    }


def _conflicts(selection: Selection, since: datetime, before: datetime, using: str) -> Mapping[str, QuerySet[Any, Any]]:
    conflicts = selection.narrow(SyncConflict._base_manager.using(using))
    return {
        "conflicts_open": conflicts.filter(status=SyncConflict.Status.UNSETTLED),
        "conflicts_new": conflicts.filter(created_at__gte=since),
        "conflicts_before": conflicts.filter(created_at__gte=before, created_at__lt=since),
    }


def _add_places(found: Mapping[str, int]) -> Dict[str, int]:
    """Return the numbers of all databases together."""
    added: Dict[str, int] = {}
    for name, number in found.items():
        plain = name.partition(" ")[0]
        added[plain] = min(added.get(plain, 0) + number, MOST + 1)
    return added
