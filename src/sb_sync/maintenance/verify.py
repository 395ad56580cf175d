"""Finding what keeps the feed from being whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import List, Optional, Tuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Min

from sb_sync import catalog
from sb_sync.feed import CaptureState, State, backend_for, find_states
from sb_sync.feed.installation import has_log
from sb_sync.maintenance.repair import was_moved
from sb_sync.models import Change, Checkpoint
from sb_sync.models.changes import UNRESOLVED

__all__ = ["FeedStatus", "all_databases", "describe", "feed_databases", "verify"]


@dataclass(frozen=True)
class FeedStatus:
    """How the feed of one database stands. `unresolved` counts entries of rows whose parents never came."""

    using: str
    captures: Tuple[CaptureState, ...]
    entries: int
    oldest: Optional[datetime]
    checkpoints: int
    unresolved: int


def feed_databases() -> List[str]:
    """Return the databases that hold synchronised models."""
    return sorted({synced.database for synced in catalog.synced_models().values()})


def all_databases() -> List[str]:
    """Return the databases in which this package has tables: the default one, and those of the feed."""
    return sorted({DEFAULT_DB_ALIAS, *feed_databases()})


def describe(using: str) -> FeedStatus:
    """Return the state of a database's feed."""
    log = Change.objects.using(using)
    return FeedStatus(
        using=using,
        captures=tuple(find_states(using)),
        entries=log.count(),
        oldest=log.aggregate(oldest=Min("changed_at"))["oldest"],
        checkpoints=Checkpoint.objects.using(using).count(),
        unresolved=log.filter(site=UNRESOLVED).count(),
    )


def verify(using: str) -> List[str]:
    """Return what is wrong with a database's feed, as sentences with their mend; nothing where all is well."""
    backend = backend_for(using)
    problems = [f"{fault} {mend}" for fault, mend in backend.find_faults()]
    if backend.is_too_old():
        return problems
    if not has_log(using):
        return [*problems, "The tables of sb_sync are missing. Run manage.py migrate."]
    for found in find_states(using):
        if found.surplus:
            problems.append(f"{found.table} is captured without need. Run manage.py sync_feed --action install.")
        elif found.state is not State.INSTALLED:
            problems.append(
                f"The capture of {found.table} is {found.state.value}. Run manage.py sync_feed --action install."
            )
    if was_moved(using):
        problems.append(
            "The database was moved into another cluster, where its old cursors mean nothing."
            " Run manage.py sync_feed --action repair."
        )
    return problems
