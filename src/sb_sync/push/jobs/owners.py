"""What users are told of their own jobs, and how jobs are cancelled."""

from __future__ import annotations

import uuid
from typing import Any, Dict

from sb_sync.access import Scope
from sb_sync.errors import NotFound
from sb_sync.models import SyncJob
from sb_sync.push.jobs.endings import end
from sb_sync.push.retries import hide_rows

__all__ = ["cancel", "find_organization", "stop", "tell"]


def find_organization(user: Any, job_id: uuid.UUID) -> int:
    """Return the organization in which a user's job is. Raises `NotFound` where the user has no such job."""
    site_id = SyncJob._base_manager.filter(pk=job_id, user=user).values_list("site_id", flat=True).first()
    if site_id is None:
        raise NotFound
    return int(site_id)


def tell(scope: Scope, job_id: uuid.UUID) -> Dict[str, Any]:
    """Return where a job stands. Raises `NotFound` where it is not this user's, in this organization."""
    job = _find(scope, job_id)
    answer = None if job.answer is None else hide_rows(scope, job.answer, job.rules or {})
    told: Dict[str, Any] = {"status": job.state, "progress": job.progress, "result": answer}
    return {**told, "code": job.code, "detail": job.detail} if job.code else told


def cancel(scope: Scope, job_id: uuid.UUID) -> Dict[str, Any]:
    """Cancel a job, and return where it stands. Raises `NotFound` as `tell`."""
    stop(_find(scope, job_id))
    return tell(scope, job_id)


def stop(job: SyncJob) -> None:
    """Cancel a job, whoever's it is; one that has ended stays as it is.

    One that waits ends here; one that is worked on before its next chunk, or undone where it is one transaction.
    """
    rows = SyncJob._base_manager.filter(pk=job.pk)
    if not end(rows.filter(state=SyncJob.State.QUEUED), job, SyncJob.State.CANCELLED):
        rows.filter(state=SyncJob.State.RUNNING).update(is_cancelled=True)


def _find(scope: Scope, job_id: uuid.UUID) -> SyncJob:
    """Return a job without what was sent."""
    jobs = SyncJob._base_manager.filter(pk=job_id, user_id=scope.user_id, site_id=scope.site_id)
    job = jobs.defer("body").first()
    if job is None:
        raise NotFound
    return job
