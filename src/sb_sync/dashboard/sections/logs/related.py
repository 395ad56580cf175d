"""What else is known of the request of an entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, List, Optional

from django.db import DEFAULT_DB_ALIAS, router

from sb_sync.maintenance.verify import feed_databases
from sb_sync.models import SyncConflict, SyncJob, SyncLog

__all__ = ["Related", "find_related"]

#: Of each kind, that are shown.
MOST = 20


@dataclass(frozen=True)
class Related:
    """Other entries, background pushes and conflicts of the same request; `has_more` where there are more entries."""

    entries: List[SyncLog]
    has_more: bool
    jobs: List[SyncJob]
    conflicts: List[SyncConflict]

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing."""
        return not (self.entries or self.jobs or self.conflicts)


def find_related(entry: SyncLog, *, sees_jobs: bool, labels: Collection[str]) -> Optional[Related]:
    """Return what is of the same request, user and organization: clients choose the ids of requests themselves.

    Background pushes are told to those alone who may see them, conflicts of these models.
    """
    if not entry.request_id:
        return None
    same = {"request_id": entry.request_id, "user": entry.user_id, "site": entry.site_id}
    others = SyncLog._base_manager.using(DEFAULT_DB_ALIAS).filter(**same).exclude(pk=entry.pk)
    entries = list(others.defer("request_data").order_by("-timestamp", "-pk")[: MOST + 1])
    if entry.user_id is None or entry.site_id is None:
        return Related(entries[:MOST], len(entries) > MOST, [], [])
    jobs = SyncJob._base_manager.using(router.db_for_read(SyncJob)).filter(**same)
    conflicts = [
        conflict
        for using in feed_databases()
        for conflict in SyncConflict._base_manager.using(using)
        .filter(**same, model_name__in=labels)
        .order_by("pk")[:MOST]
    ]
    return Related(
        entries=entries[:MOST],
        has_more=len(entries) > MOST,
        jobs=list(jobs.defer("body", "answer", "rules").order_by("created_at")[:MOST]) if sees_jobs else [],
        conflicts=conflicts[:MOST],
    )
