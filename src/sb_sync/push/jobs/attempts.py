"""One attempt at a job: chunk after chunk, each in a transaction of its own, until it ends or others get a turn."""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from typing import Any, List, Mapping, Union

from django.db import DatabaseError, InterfaceError
from django.utils import translation

from sb_sync import catalog
from sb_sync.access import Scope, resolve_scope
from sb_sync.config import setting
from sb_sync.errors import IdempotencyConflict, SyncError
from sb_sync.models import SyncJob
from sb_sync.protocol import INTERNAL, RequestInfo
from sb_sync.push.batch import Envelope, Outcome
from sb_sync.push.jobs.endings import end
from sb_sync.push.jobs.keepers import Cancelled, ChunkKeeper, JobKeeper
from sb_sync.push.jobs.leases import Lease, LeaseLost, renewing, take
from sb_sync.push.jobs.parting import find_next, part
from sb_sync.push.parse import Parsed, parse
from sb_sync.push.pipeline import run_kept

__all__ = ["Attempt", "work"]

logger = logging.getLogger("sb_sync")

#: Attempts in which nothing was committed, until a job is given up.
MAX_ATTEMPTS = 5
#: Seconds before a second attempt, doubled with each.
BACK_OFF = 5
#: Seconds after which other jobs get a turn.
TURN = 300


class Attempt(Enum):
    """What an attempt came to."""

    #: Somebody else has the job, or there is none that could be worked on.
    IDLE = "idle"
    #: The job has ended, in whatever way.
    ENDED = "ended"
    #: There is more to do, at once.
    UNFINISHED = "unfinished"
    #: It failed, and is tried again later.
    FAILED = "failed"


def work(job_id: uuid.UUID) -> Attempt:
    """Work on a job, unless somebody else does; whatever fails, the job is left in a state from which it goes on."""
    lease = take(job_id)
    if lease is None:
        return Attempt.IDLE
    try:
        with renewing(lease):
            return _work(lease)
    except LeaseLost:
        logger.warning("Job %s was taken up by another worker, or is gone.", job_id)
        return Attempt.IDLE
    except Exception:
        logger.exception("Job %s could not be worked on.", job_id)
        _put_off(lease)
        return Attempt.FAILED
    except BaseException:
        # The process is told to end: others need not wait for the lease to run out.
        with suppress(DatabaseError, InterfaceError):
            lease.give_back()
        raise


def _work(lease: Lease) -> Attempt:
    """Do what is next until nothing is left. Raises `LeaseLost`, and whatever a database or the project raises."""
    turn_ends_at = time.monotonic() + TURN
    while True:
        # As a request does: by what is set now.
        catalog.refresh()
        job = lease.read()
        with translation.override(job.language or None):
            state = _step(lease, job)
        if state is not None:
            return state
        if time.monotonic() >= turn_ends_at:
            lease.give_back()
            return Attempt.UNFINISHED


def _step(lease: Lease, job: SyncJob) -> Union[Attempt, None]:
    """Do one thing; return what the attempt came to, None where there is more to do."""
    if job.is_cancelled and job.done_count < job.record_count:
        return _end(lease, job, SyncJob.State.CANCELLED)
    if job.attempts > MAX_ATTEMPTS:
        return _end(lease, job, SyncJob.State.FAILED, INTERNAL, "The server failed at this push several times.")
    try:
        # The rights are those of now, whatever they were when the push was sent.
        scope = resolve_scope(job.user, job.site_id)
        return _apply_all(lease, job, scope) if job.is_atomic else _apply_next(lease, job, scope)
    except IdempotencyConflict:
        raise
    except SyncError as error:
        return _end(lease, job, SyncJob.State.FAILED, error.code, error.detail)


def _apply_all(lease: Lease, job: SyncJob, scope: Scope) -> Attempt:
    """Apply a job as one transaction, in which it ends."""
    body = {"data": lease.rows().values_list("body", flat=True).get(), "atomic": True}
    keeper = JobKeeper(lease, job, scope)
    try:
        answer = run_kept(scope, body, request=_request(job), answers=keeper, read=_read_all)
    except Cancelled:
        return _end(lease, job, SyncJob.State.CANCELLED)
    if answer.is_replayed:
        return _end(lease, job, SyncJob.State.DONE)
    keeper.forget()
    return Attempt.ENDED


def _apply_next(lease: Lease, job: SyncJob, scope: Scope) -> Union[Attempt, None]:
    """Part a job, apply its next chunk, or end it where there is none."""
    if not job.is_parted:
        part(lease, job)
        return None
    chunk = find_next(job, lease.using)
    if chunk is None:
        return _end(lease, job, SyncJob.State.DONE)
    places: List[int] = [place for place, _ in chunk.records]
    body = {"data": [record for _, record in chunk.records], "atomic": False}
    keeper = ChunkKeeper(lease, job, scope, chunk)
    run_kept(scope, body, request=_request(job), answers=keeper, read=_read_all, places=places)
    return None


def _end(lease: Lease, job: SyncJob, state: SyncJob.State, code: str = "", detail: str = "") -> Attempt:
    if not end(lease.rows(), job, state, code=code, detail=detail):
        raise LeaseLost
    return Attempt.ENDED


def _put_off(lease: Lease) -> None:
    """Let a failed attempt be followed by another one, the later the more there were."""
    with suppress(DatabaseError, InterfaceError, LeaseLost):
        # Where the database is away the lease runs out by itself.
        lease.give_back(after=timedelta(seconds=BACK_OFF * 2 ** lease.read().attempts))


def _read_all(body: Mapping[str, Any]) -> Parsed:
    """Return the records of a push of any length, read as many at a time as a request may bring."""
    data, limit = body["data"], setting("MAX_PUSH_RECORDS")
    records: List[Union[Envelope, Outcome]] = []
    labels: List[Any] = []
    for start in range(0, len(data), limit):
        parsed = parse({**body, "data": data[start : start + limit]})
        records.extend(
            each if isinstance(each, Outcome) else replace(each, index=start + each.index) for each in parsed.records
        )
        labels.extend(parsed.labels)
    return Parsed(tuple(records), tuple(labels), body["atomic"])


def _request(job: SyncJob) -> RequestInfo:
    """Return where a job came from."""
    return RequestInfo(request_id=job.request_id, ip=job.ip or None)
