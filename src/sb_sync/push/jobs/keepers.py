"""What is told of records stands in their own transaction, or they do not stand either."""

from __future__ import annotations

from typing import Optional

from django.db import transaction

from sb_sync.access import Scope
from sb_sync.models import SyncJob, SyncJobChunk
from sb_sync.push.jobs.endings import Kept, end
from sb_sync.push.jobs.leases import Lease, LeaseLost
from sb_sync.push.jobs.parting import chunks_in, find_databases
from sb_sync.push.report import PushAnswer
from sb_sync.push.retries import Claimed, find_rules

__all__ = ["Cancelled", "ChunkKeeper", "JobKeeper"]


class Cancelled(Exception):
    """The user cancelled the job before it was committed: undo it."""


class ChunkKeeper:
    """Keep what became of a chunk, with the job's progress."""

    def __init__(self, lease: Lease, job: SyncJob, scope: Scope, chunk: SyncJobChunk) -> None:
        """Remember what is worked on, and for whom."""
        self.using = lease.using
        self._lease = lease
        self._job = job
        self._scope = scope
        self._chunk = chunk
        self._place = str(chunk._state.db)

    def find(self) -> Optional[PushAnswer]:
        """Return what became of the chunk, where it was applied before. Raises `LeaseLost` where it is gone."""
        kept = list(chunks_in(self._place, self._job.pk).filter(pk=self._chunk.pk).values_list("results", flat=True))
        if not kept:
            raise LeaseLost
        return None if kept[0] is None else PushAnswer(200, kept[0]["answer"], is_replayed=True)

    def claim(self) -> None:
        """Claim nothing: whoever comes second finds the chunk applied when it has to be kept."""

    def keep(self, answer: PushAnswer) -> None:
        """Write it down. Raises `Claimed` where another one was faster, `LeaseLost` where another one has the job."""
        chunks = chunks_in(self._place, self._job.pk).filter(pk=self._chunk.pk, results__isnull=True)
        kept = {"answer": answer.body, "rules": find_rules(self._scope, answer.body)}
        if not chunks.update(records=None, results=kept):
            raise Claimed
        self._lease.renew(
            done_count=self._job.done_count + self._chunk.record_count,
            seconds=self._job.seconds + answer.body["processing_time"],
            attempts=0,
        )


class JobKeeper:
    """End a job that is one transaction: its rows stand with its answer."""

    def __init__(self, lease: Lease, job: SyncJob, scope: Scope) -> None:
        """Remember what is worked on."""
        self.using = lease.using
        self._lease = lease
        self._job = job
        self._scope = scope

    def find(self) -> Optional[PushAnswer]:
        """Return the answer that stands beside the rows, where they are in another database whose commit came first."""
        for using in find_databases(self.using)[:-1]:
            kept = chunks_in(using, self._job.pk).values_list("results", flat=True).first()
            if kept is not None:
                return PushAnswer(200, kept["answer"], is_replayed=True)
        return None

    def claim(self) -> None:
        """Claim nothing: the lease is looked at when the answer is kept."""

    def keep(self, answer: PushAnswer) -> None:
        """Write the answer down. Raises `Cancelled`, or `LeaseLost` where another one has the job."""
        kept = Kept(answer.body, find_rules(self._scope, answer.body))
        if not end(self._lease.rows().filter(is_cancelled=False), self._job, SyncJob.State.DONE, kept=kept):
            self._lease.read()
            raise Cancelled
        if answer.status == 200:
            self._keep_beside_rows(kept)

    def forget(self) -> None:
        """Delete what stands beside the rows, once the job has ended."""
        for using in find_databases(self.using)[:-1]:
            chunks_in(using, self._job.pk).delete()

    def _keep_beside_rows(self, kept: Kept) -> None:
        """Let the transaction of rows in another database, which commits first, tell that they are applied."""
        for using in find_databases(self.using)[:-1]:
            if transaction.get_connection(using).in_atomic_block:
                results = {"answer": kept.body, "rules": kept.rules}
                SyncJobChunk._base_manager.using(using).create(
                    job_id=self._job.pk, number=0, record_count=self._job.record_count, results=results
                )
