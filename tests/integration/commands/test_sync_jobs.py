"""The command that works the queue where there are no Celery workers."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from sb_sync.models import SyncJob
from sb_sync.push.jobs import attempts, leases
from tests.integration.push.jobs.queue import Queue, regions
from tests.integration.push.world import make_world
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue(transactional_db: None) -> Queue:
    return Queue(make_world())


def run(*arguments: Any) -> str:
    output = StringIO()
    call_command("sync_jobs", *arguments, stdout=output)
    return output.getvalue()


def test_it_works_on_what_waits_and_on_what_a_dead_worker_left(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "TURN", 0)
    waiting, left, atomic = queue.accept(*regions(3)), queue.accept(*regions(3)), queue.accept(*regions(3), atomic=True)
    assert leases.take(left) is not None
    queue.let_lease_run_out()
    in_hand = queue.accept(*regions(3))
    assert leases.take(in_hand) is not None
    told = json.loads(run("--action", "work", "--json"))
    assert sorted(told["ended"]) == sorted(map(str, (waiting, left, atomic)))
    assert Region.objects.count() == 9
    assert SyncJob.objects.get(pk=in_hand).state == "running"
    assert run("--action", "work").strip() == "0 ended."


def test_it_keeps_going_until_it_is_stopped(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt
        queue.accept(*regions(2))
        queue.let_lease_run_out()

    monkeypatch.setattr("sb_sync.management.commands.sync_jobs.time.sleep", pause)
    with pytest.raises(KeyboardInterrupt):
        run("--action", "work", "--keep-going")
    assert Region.objects.count() == 4


def test_it_lists_without_what_was_sent(queue: Queue) -> None:
    queue.accept({"_model": "testapp.Region", "name": "hunter2"})
    queue.do(*regions(1), user=queue.world.stranger)
    (done,) = json.loads(run("--json", "--state", "done"))["jobs"]
    assert (done["user"], done["organization"], done["progress"], done["records"]) == ("rob", "rival", 100, 1)
    text = run()
    assert "queued" in text
    assert "hunter2" not in text + run("--json")
    assert json.loads(run("--json", "--state", "failed")) == {"jobs": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--keep-going"],
        ["--action", "work", "--state", "done"],
        ["--action", "work", "--keep-going", "--json"],
        ["--action", "else"],
        ["--state", "else"],
    ],
)
def test_options_that_would_be_ignored_are_refused(transactional_db: None, arguments: Any) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
