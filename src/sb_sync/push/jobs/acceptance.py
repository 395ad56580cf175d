"""Accepting a push: the body as a whole is checked, and stored for a worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Callable, Mapping, Optional

from django.db import router, transaction
from django.utils import timezone
from django.utils.translation import get_language

from sb_sync.access import Scope
from sb_sync.errors import IdempotencyConflict, Throttled
from sb_sync.models import SyncJob
from sb_sync.protocol import ACCEPTED, RequestInfo
from sb_sync.push.jobs.leases import DELIVERY, OPEN
from sb_sync.push.parse import parse
from sb_sync.push.report import PushAnswer
from sb_sync.push.retries import Claimed, Retry, StoredAnswers

__all__ = ["accept"]

# Bodies that one user may leave waiting, each as large as a body may be; counted without a lock: requests at the same
# moment may each be let through.
MAX_OPEN_JOBS = 50
RETRY_SECONDS = 60
MAX_IP_LENGTH = SyncJob._meta.get_field("ip").max_length or 0


def accept(
    scope: Scope,
    body: Mapping[str, Any],
    *,
    request: RequestInfo,
    address_of: Callable[[str], str],
    retry: Optional[Retry] = None,
) -> PushAnswer:
    """Store a push for a worker and return where its job is told of; with `retry`, once only.

    Raises a `SyncError` where the body as a whole is malformed, or too many jobs of the user are waiting.
    """
    answers = None if retry is None else StoredAnswers(scope, retry)
    replayed = None if answers is None else answers.find()
    if replayed is not None:
        return replayed
    job = _make_job(scope, body, request)
    answer = PushAnswer(202, {"status": ACCEPTED, "job": str(job.id), "url": address_of(str(job.id))})
    try:
        with transaction.atomic(using=router.db_for_write(SyncJob)):
            if answers is not None:
                answers.claim()
            job.save(force_insert=True)
            if answers is not None:
                answers.keep(answer)
    except Claimed as error:
        found = None if answers is None else answers.find()
        if found is None:
            raise IdempotencyConflict from error
        return found
    return answer


def _make_job(scope: Scope, body: Mapping[str, Any], request: RequestInfo) -> SyncJob:
    """Return a job that is not stored yet."""
    data = body.get("data")
    # How many records there are is bounded by the bytes of the body alone.
    parsed = parse({**body, "data": []} if isinstance(data, list) else body)
    assert isinstance(data, list)
    waiting = SyncJob._base_manager.filter(user_id=scope.user_id, state__in=OPEN).count()
    if waiting >= MAX_OPEN_JOBS:
        raise Throttled("Too many of your background pushes are waiting.", retry_after=RETRY_SECONDS)
    return SyncJob(
        user_id=scope.user_id,
        site_id=scope.site_id,
        is_atomic=parsed.is_atomic,
        record_count=len(data),
        body=data,
        due_at=timezone.now() + timedelta(seconds=DELIVERY),
        language=get_language() or "",
        request_id=request.request_id,
        # What proxies say of it may be of any length.
        ip=(request.ip or "")[:MAX_IP_LENGTH],
    )
