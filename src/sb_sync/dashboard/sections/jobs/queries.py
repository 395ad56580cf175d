"""Background pushes of the organizations that a page may show."""

from __future__ import annotations

import uuid
from typing import Optional

from django.db import router
from django.db.models import Q, QuerySet

from sb_sync.dashboard.organizations import Selection
from sb_sync.dashboard.people import find_user_key
from sb_sync.dashboard.sections.jobs.forms import JobFilterForm
from sb_sync.feed import to_stored
from sb_sync.models import SyncJob

__all__ = ["NEWEST_FIRST", "find_job", "find_jobs"]

NEWEST_FIRST = ("-created_at", "-pk")
#: What was sent is never shown, and what is large is read for one job alone.
SENT, LARGE = ("body", "rules", "worker"), ("answer",)


def find_job(selection: Selection, key: uuid.UUID) -> Optional[SyncJob]:
    """Return a job with its answer, None where there is none or the reader may not see it."""
    return _open(selection).defer(*SENT).filter(pk=key).first()


def find_jobs(selection: Selection, form: JobFilterForm) -> QuerySet[SyncJob, SyncJob]:
    """Return what a filter asks for; none where it cannot be read, or names nobody."""
    rows = _open(selection).defer(*SENT, *LARGE)
    if not form.is_valid():
        return rows.none()
    name, text, since, until = (form.value(each) for each in ("user", "q", "since", "until"))
    if name is not None:
        key = find_user_key(name)
        rows = rows.filter(user_id=key) if key is not None else rows.none()
    if form.value("state"):
        rows = rows.filter(state=form.value("state"))
    if since is not None:
        rows = rows.filter(created_at__gte=to_stored(since))
    if until is not None:
        rows = rows.filter(created_at__lte=to_stored(until))
    return rows if text is None else rows.filter(_match(text))


def _open(selection: Selection) -> QuerySet[SyncJob, SyncJob]:
    jobs = SyncJob._base_manager.using(router.db_for_read(SyncJob)).select_related("user", "site")
    return selection.narrow(jobs)


def _match(text: str) -> Q:
    """Return where a text may stand: it may be the key of a job."""
    found = Q(request_id=text)
    try:
        return found | Q(pk=uuid.UUID(text))
    except ValueError:
        return found
