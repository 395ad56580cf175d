"""The tables that tell what happened: one statement for each, whatever the number of models.

Where the database can, all of them are one statement; those of a pull go with its checkpoint.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from sb_sync import feed
from sb_sync.config import setting
from sb_sync.events import PullFinished, PushFinished, Statement
from sb_sync.models import PerformanceMetrics, SyncLog, SyncMetadata, UserSyncMetadata
from sb_sync.ops.insertion import insert
from sb_sync.ops.masking import clean_text, mask_body
from sb_sync.protocol import ERROR, SUCCESS

__all__ = ["record_pull", "record_push"]

STATUSES = {SUCCESS: SyncLog.Status.SUCCESS, ERROR: SyncLog.Status.ERROR}
Event = Union[PushFinished, PullFinished]


def record_push(sender: Any, event: PushFinished, **kwargs: Any) -> None:
    """Write down a push."""
    counts = {label: found.total for label, found in event.models.items() if found.total}
    batch_size = sum(found.total + found.failed for found in event.models.values())
    feed.backend_for(DEFAULT_DB_ALIAS).execute_together(
        [
            *_log(event, SyncLog.Operation.PUSH, count=sum(counts.values()), error=event.error),
            *_measure(event, "push", batch_size=batch_size),
            *_count_synced(counts),
        ]
    )


def record_pull(sender: Any, event: PullFinished, **kwargs: Any) -> None:
    """Write down a pull, and by which rules the user's rows were chosen."""
    counts = {label: pulled.count for label, pulled in event.models.items() if pulled.count}
    errors = [f"{label}: {code}" for label, code in sorted(event.errors.items())]
    event.statements.extend(
        [
            *_log(event, SyncLog.Operation.PULL, count=sum(counts.values()), error=_join(event.error, *errors)),
            *_measure(event, "pull", batch_size=sum(counts.values())),
            *_count_synced(counts),
            *_remember_user(event),
        ]
    )


def _log(event: Event, operation: str, *, count: int, error: str) -> List[Statement]:
    entry = {
        "user_id": event.user_id,
        "site_id": event.site_id,
        "operation": operation,
        "status": _judge(event),
        "model_name": _single_model(event),
        "object_count": count,
        "error_message": clean_text(error[: setting("LOG_BODY_BYTES")]),
        "request_data": mask_body(event.request_data),
        "outcome": _tell(event),
        "request_id": event.request.request_id,
        "timestamp": timezone.now(),
        "processing_time": event.seconds,
    }
    return insert(SyncLog, [entry])


def _tell(event: Event) -> Dict[str, Any]:
    """Return what became of each model, and of the first records that were refused, without secrets."""
    if isinstance(event, PushFinished):
        done = {
            label: {kind: count for kind, count in vars(found).items() if count}
            for label, found in event.models.items()
        }
        failures: Sequence[Any] = event.failures
    else:
        done = {label: {"pulled": found.count} for label, found in event.models.items() if found.count}
        failures = [{"model": label, "code": code} for label, code in sorted(event.errors.items())]
    return {"models": done, "failures": mask_body(list(failures))}


def _judge(event: Event) -> str:
    """Return how a request went: one that met conflicts is worth a look, whatever became of them."""
    if isinstance(event, PushFinished) and event.conflicts:
        return SyncLog.Status.WARNING
    return STATUSES.get(event.status, SyncLog.Status.WARNING)


def _measure(event: Event, operation: str, *, batch_size: int) -> List[Statement]:
    """Write the measurement, of the share of requests that the project wants."""
    rate = setting("METRICS_SAMPLE_RATE")
    if rate < 1 and random.random() >= rate:  # noqa: S311 - a sample is no secret
        return []
    measured = {
        "operation_type": operation,
        "site_id": event.site_id,
        "model_name": _single_model(event),
        "batch_size": batch_size,
        "processing_time": event.seconds,
        "memory_usage": event.memory,
        "query_count": event.queries,
        "timestamp": timezone.now(),
    }
    return insert(PerformanceMetrics, [measured])


def _count_synced(counts: Mapping[str, int]) -> List[Statement]:
    """Add to what was synchronised of each model by anybody."""
    now = timezone.now()
    return insert(
        SyncMetadata,
        [{"model_name": label, "last_sync": now, "total_synced": count} for label, count in sorted(counts.items())],
        unique=["model_name"],
        assignments={
            "last_sync": "excluded.last_sync",
            "total_synced": "existing.total_synced + excluded.total_synced",
        },
    )


def _remember_user(event: PullFinished) -> List[Statement]:
    """Remember when the user last had everything of a model, and since when the rules have been the same."""
    rows = [
        {
            "user_id": event.user_id,
            "site_id": event.site_id,
            "model_name": label,
            "last_sync": _as_stored(pulled.last_sync),
            "total_synced": pulled.count,
            "fingerprint": pulled.fingerprint,
            "fingerprint_since": _as_stored(pulled.last_sync) or timezone.now(),
        }
        for label, pulled in sorted(event.models.items())
    ]
    is_same = "existing.fingerprint = excluded.fingerprint"
    return insert(
        UserSyncMetadata,
        rows,
        unique=["user_id", "site_id", "model_name"],
        assignments={
            "last_sync": "COALESCE(excluded.last_sync, existing.last_sync)",
            "total_synced": "existing.total_synced + excluded.total_synced",
            # Before the fingerprint itself, which some databases change on the way.
            "fingerprint_since": f"CASE WHEN {is_same} THEN existing.fingerprint_since"
            " ELSE excluded.fingerprint_since END",
            "fingerprint": "excluded.fingerprint",
        },
    )


def _join(*texts: str) -> str:
    return ", ".join(text for text in texts if text)


def _single_model(event: Event) -> str:
    """Return the model of a request that concerns one only."""
    labels: Tuple[str, ...] = tuple(event.models)
    return labels[0] if len(labels) == 1 else ""


def _as_stored(moment: Optional[datetime]) -> Optional[datetime]:
    """Return a time as the project keeps times: without a zone where it uses none."""
    if moment is None or settings.USE_TZ:
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())
