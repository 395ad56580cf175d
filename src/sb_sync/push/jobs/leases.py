"""Who works on a job: a lease in its row, which is renewed while the work goes on and runs out when it does not."""

from __future__ import annotations

import logging
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Iterator, List, Optional

from django.db import DatabaseError, InterfaceError, connections, router
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from sb_sync.models import SyncJob

__all__ = ["DELIVERY", "OPEN", "Lease", "LeaseLost", "find_due", "make_due", "renewing", "take"]

logger = logging.getLogger("sb_sync")

OPEN = (SyncJob.State.QUEUED, SyncJob.State.RUNNING)
#: Seconds until a job whose worker is gone may be taken up, and between two signs of life.
LEASE = 30
RENEWAL = 10
#: Seconds in which a message ought to reach a worker, until another one is sent.
DELIVERY = 60


class LeaseLost(Exception):
    """Somebody else has the job, or there is none any more: nothing more may be written for it."""


@dataclass(frozen=True)
class Lease:
    """The right to work on a job, until it runs out and another worker takes the job up."""

    job_id: uuid.UUID
    worker: str

    @property
    def using(self) -> str:
        """Return the database of jobs."""
        return str(router.db_for_write(SyncJob))

    def rows(self) -> Any:
        """Return the job where it is still ours."""
        jobs = SyncJob._base_manager.using(self.using)
        return jobs.filter(pk=self.job_id, worker=self.worker, state=SyncJob.State.RUNNING)

    def read(self) -> SyncJob:
        """Return the job with its user, without what is large. Raises `LeaseLost`."""
        job: Optional[SyncJob] = self.rows().select_related("user").defer("body", "answer", "rules").first()
        if job is None:
            raise LeaseLost
        return job

    def write(self, **values: Any) -> None:
        """Change the job, or raise `LeaseLost`, which undoes the transaction that is open."""
        if not self.rows().update(**values):
            raise LeaseLost

    def renew(self, **values: Any) -> None:
        """Give a sign of life, with what else is to be written. Raises `LeaseLost`."""
        self.write(due_at=timezone.now() + timedelta(seconds=LEASE), **values)

    def give_back(self, *, after: timedelta = timedelta(0)) -> None:
        """Let others take the job up, not before a while has passed."""
        self.rows().update(state=SyncJob.State.QUEUED, worker="", due_at=timezone.now() + after)


def take(job_id: uuid.UUID) -> Optional[Lease]:
    """Take a job that waits, or one whose worker is gone; None where it is in good hands or has ended."""
    lease = Lease(job_id, uuid.uuid4().hex)
    now = timezone.now()
    rows = SyncJob._base_manager.using(lease.using).filter(pk=job_id)
    taken = {
        "state": SyncJob.State.RUNNING,
        "worker": lease.worker,
        "due_at": now + timedelta(seconds=LEASE),
        "attempts": F("attempts") + 1,
        "started_at": Coalesce(F("started_at"), Value(now, output_field=SyncJob._meta.get_field("started_at"))),
    }
    # One statement each: of two workers at once, one gets the job.
    waits = rows.filter(state=SyncJob.State.QUEUED).update(**taken)
    return lease if waits or rows.filter(state=SyncJob.State.RUNNING, due_at__lte=now).update(**taken) else None


def find_due() -> List[uuid.UUID]:
    """Return the jobs that somebody ought to take up, oldest first, and let none of them be found again too soon.

    One whose worker gave no sign of life waits again; that worker, should it still be there, can write nothing more.
    """
    now = timezone.now()
    rows = SyncJob._base_manager.using(router.db_for_write(SyncJob))
    found: List[uuid.UUID] = []
    for job_id, due_at in rows.filter(due_at__lte=now, state__in=OPEN).order_by("due_at").values_list("id", "due_at"):
        next_try = now + timedelta(seconds=DELIVERY)
        if rows.filter(pk=job_id, due_at=due_at, state__in=OPEN).update(
            state=SyncJob.State.QUEUED, worker="", due_at=next_try
        ):
            found.append(job_id)
    return found


def make_due(job_id: uuid.UUID) -> None:
    """Let a job that waits be found at once: no message tells of it."""
    rows = SyncJob._base_manager.using(router.db_for_write(SyncJob))
    rows.filter(pk=job_id, state=SyncJob.State.QUEUED).update(due_at=timezone.now())


@contextmanager
def renewing(lease: Lease) -> Iterator[None]:
    """Give signs of life while a long transaction is under way, over a connection of their own."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEWAL):
            try:
                lease.renew()
            except LeaseLost:
                return
            except (DatabaseError, InterfaceError) as error:
                # SQLite lets nobody write beside a transaction; then nobody can take the job up, either.
                logger.info("Job %s: no sign of life could be given: %s", lease.job_id, error)
            finally:
                connections[lease.using].close()

    thread = threading.Thread(target=renew, name=f"sb_sync job {lease.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
