"""Who works on a job: one at a time, and somebody again soon after the worker is gone."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any, List

import pytest
from django.db import connections
from django.db.models.signals import pre_save
from django.utils import timezone

from sb_sync.models import SyncJob
from sb_sync.push import jobs
from sb_sync.push.jobs import leases
from sb_sync.push.jobs.leases import Lease, LeaseLost, renewing, take
from tests.integration.push.jobs.queue import Queue, regions
from tests.integration.push.test_races import at_once
from tests.testapp.models import Region


def due_in() -> float:
    due_at = SyncJob.objects.get().due_at
    assert due_at is not None
    return (due_at - timezone.now()).total_seconds()


def test_of_two_workers_one_gets_the_job(queue: Queue) -> None:
    job = queue.accept(*regions(1))
    lease = take(job)
    assert lease is not None
    assert take(job) is None
    assert jobs.work(job) is jobs.Attempt.IDLE
    assert SyncJob.objects.get().worker == lease.worker


def test_many_workers_at_once_do_each_job_once(queue: Queue, small_chunks: int) -> None:
    waiting = [queue.accept(*regions(7, first=10 * number)) for number in range(6)]

    def work() -> List[Any]:
        return [jobs.work(job) for job in waiting]

    ended = [attempt for attempts in at_once(*[work] * 4) for attempt in attempts]
    # Whoever met another one's job left it alone.
    assert set(ended) == {jobs.Attempt.ENDED, jobs.Attempt.IDLE}
    assert ended.count(jobs.Attempt.ENDED) == 6
    assert sorted(Region.objects.values_list("name", flat=True)) == sorted(
        f"R{10 * number + place}" for number in range(6) for place in range(7)
    )


def test_a_job_that_has_ended_or_never_was_is_nobody_s(queue: Queue) -> None:
    job = queue.accept(*regions(1))
    jobs.work(job)
    queue.cancel(queue.accept(*regions(1)))
    for each in [*SyncJob.objects.values_list("pk", flat=True), uuid.uuid4()]:
        assert take(each) is None
    queue.let_lease_run_out()
    assert jobs.find_due() == []


def test_a_lease_runs_out_within_half_a_minute_and_then_others_may_have_it(queue: Queue) -> None:
    job = queue.accept(*regions(1))
    first = take(job)
    assert first is not None
    assert 0 < due_in() <= 30
    assert jobs.find_due() == []
    queue.let_lease_run_out()
    second = take(job)
    assert second is not None
    assert second.worker != first.worker
    with pytest.raises(LeaseLost):
        first.renew()
    with pytest.raises(LeaseLost):
        first.read()
    second.renew()


def test_what_is_due_is_found_once_for_a_while(queue: Queue) -> None:
    waiting, running = queue.accept(*regions(1)), queue.accept(*regions(1))
    take(running)
    assert jobs.find_due() == []
    jobs.make_due(waiting)
    assert jobs.find_due() == [waiting]
    assert jobs.find_due() == []
    queue.let_lease_run_out()
    assert set(jobs.find_due()) == {waiting, running}
    assert set(SyncJob.objects.values_list("state", flat=True)) == {"queued"}
    assert 0 < (SyncJob.objects.get(pk=running).due_at - timezone.now()).total_seconds() <= 60  # type: ignore[operator]


def test_two_that_look_at_once_find_each_job_once(queue: Queue) -> None:
    waiting = [queue.accept(*regions(1)) for _ in range(10)]
    queue.let_lease_run_out()
    found = [job for found in at_once(*[jobs.find_due] * 4) for job in found]
    assert sorted(found) == sorted(waiting)


@pytest.mark.parametrize("atomic", [False, True])
def test_who_lost_the_lease_in_the_midst_of_a_chunk_writes_nothing(queue: Queue, atomic: bool) -> None:
    """A worker that stood still for longer than its lease meets what another one did meanwhile."""
    job = queue.accept(*regions(5), atomic=atomic)
    taken: List[Lease] = []

    def overtake(sender: Any, instance: Any, **kwargs: Any) -> None:
        if not taken:
            # Within the transaction of the first worker: as if it had been done before it began.
            SyncJob.objects.update(worker="another", due_at=timezone.now() + timedelta(seconds=30))
            taken.append(Lease(job, "another"))

    pre_save.connect(overtake, sender=Region)
    try:
        assert jobs.work(job) is jobs.Attempt.IDLE
    finally:
        pre_save.disconnect(overtake, sender=Region)
    assert taken
    assert not Region.objects.exists()


def test_signs_of_life_are_given_while_a_transaction_is_under_way(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWAL", 0.01)
    job = queue.accept(*regions(1))
    lease = take(job)
    assert lease is not None
    queue.let_lease_run_out()
    renewed = threading.Event()
    renew = Lease.renew

    def note(self: Lease, **values: Any) -> None:
        renew(self, **values)
        renewed.set()

    monkeypatch.setattr(Lease, "renew", note)
    with renewing(lease):
        assert renewed.wait(30)
    assert due_in() > 20
    # It was another thread's connection, and it is closed.
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sb_sync job")]
    assert connections["default"].is_usable()


def test_signs_of_life_end_with_the_lease(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWAL", 0.01)
    job = queue.accept(*regions(1))
    first = take(job)
    assert first is not None
    queue.let_lease_run_out()
    second = take(job)
    with renewing(first):
        thread = next(each for each in threading.enumerate() if each.name == f"sb_sync job {job}")
        thread.join(30)
        assert not thread.is_alive()
    assert SyncJob.objects.get().worker == second.worker  # type: ignore[union-attr]
