"""Cancelling, in each state of a job."""

from __future__ import annotations

from typing import Any, List

import pytest
from django.db.models.signals import pre_save

from sb_sync.models import SyncJob, SyncJobChunk
from sb_sync.push import jobs
from sb_sync.push.jobs import attempts
from tests.integration.push.jobs.queue import Queue, regions
from tests.testapp.models import Region


@pytest.fixture
def cancelling(queue: Queue) -> Any:
    """Cancel the job when a region of this name is saved, as another request would."""
    names: List[str] = []

    def cancel(sender: Any, instance: Any, **kwargs: Any) -> None:
        if instance.name in names:
            told = queue.cancel(SyncJob.objects.get().pk)
            assert told["status"] == "running"
            assert told["result"] is None

    pre_save.connect(cancel, sender=Region)
    yield names
    pre_save.disconnect(cancel, sender=Region)


@pytest.mark.parametrize("atomic", [False, True])
def test_one_that_waits_ends_at_once(queue: Queue, atomic: bool) -> None:
    job = queue.accept(*regions(5), atomic=atomic)
    assert queue.cancel(job) == {"status": "cancelled", "progress": 0, "result": None}
    assert jobs.work(job) is jobs.Attempt.IDLE
    row = SyncJob.objects.get()
    assert (row.body, row.due_at) == (None, None)
    assert row.finished_at is not None
    assert not Region.objects.exists()


def test_one_that_is_worked_on_ends_between_chunks_and_says_what_was_done(
    queue: Queue, small_chunks: int, cancelling: List[str]
) -> None:
    cancelling.append("R4")
    job = queue.accept(*regions(10))
    assert jobs.work(job) is jobs.Attempt.ENDED
    told = queue.tell(job)
    assert (told["status"], told["progress"]) == ("cancelled", 60)
    result = told["result"]
    assert (result["status"], result["success_count"], result["unprocessed_count"]) == ("partial", 6, 4)
    assert [each["index"] for each in result["results"]] == list(range(6))
    assert sorted(Region.objects.values_list("name", flat=True)) == [f"R{number}" for number in range(6)]
    assert not SyncJobChunk.objects.exists()


def test_one_that_is_cancelled_in_its_last_chunk_is_done(
    queue: Queue, small_chunks: int, cancelling: List[str]
) -> None:
    cancelling.append("R7")
    told = queue.do(*regions(8))
    assert (told["status"], told["progress"], told["result"]["success_count"]) == ("done", 100, 8)


def test_one_that_waits_for_its_second_turn_keeps_what_was_done(
    queue: Queue, small_chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "TURN", 0)
    job = queue.accept(*regions(10))
    for _ in range(3):
        assert jobs.work(job) is jobs.Attempt.UNFINISHED
    told = queue.cancel(job)
    assert (told["status"], told["progress"], told["result"]["success_count"]) == ("cancelled", 60, 6)
    assert Region.objects.count() == 6


def test_an_atomic_one_that_is_worked_on_is_undone(queue: Queue, cancelling: List[str]) -> None:
    cancelling.append("R4")
    job = queue.accept(*regions(10), atomic=True)
    # In this test the request cancels within the very transaction, whose end also undoes the wish.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempts, "_end", _remember(ended := []))
        jobs.work(job)
    assert ended == [SyncJob.State.CANCELLED]
    assert not Region.objects.exists()


def test_an_atomic_one_that_was_to_be_cancelled_before_it_began_does_nothing(queue: Queue) -> None:
    job = queue.accept(*regions(10), atomic=True)
    SyncJob.objects.update(is_cancelled=True)
    assert jobs.work(job) is jobs.Attempt.ENDED
    assert queue.tell(job) == {"status": "cancelled", "progress": 0, "result": None}
    assert not Region.objects.exists()


def test_one_whose_worker_is_gone_is_cancelled_by_the_next_that_takes_it_up(queue: Queue) -> None:
    job = queue.accept(*regions(5))
    assert jobs.leases.take(job) is not None
    assert queue.cancel(job)["status"] == "running"
    queue.let_lease_run_out()
    assert jobs.find_due() == [job]
    jobs.work(job)
    assert queue.tell(job)["status"] == "cancelled"
    assert not Region.objects.exists()


@pytest.mark.parametrize("atomic", [False, True])
def test_one_that_has_ended_stays_as_it_is(queue: Queue, atomic: bool) -> None:
    told = queue.do(*regions(5), atomic=atomic)
    assert queue.cancel(SyncJob.objects.get().pk) == told
    assert told["status"] == "done"
    job = queue.accept(*regions(5), atomic=atomic)
    first = queue.cancel(job)
    assert queue.cancel(job) == first


def _remember(ended: List[Any]) -> Any:
    def end(lease: Any, job: Any, state: Any, code: str = "", detail: str = "") -> Any:
        ended.append(state)
        return attempts.Attempt.ENDED

    return end
