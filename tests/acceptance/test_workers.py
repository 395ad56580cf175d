"""Background tasks by real Celery workers over a real Redis: also where workers are killed, or the broker is away."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from django.db.models import Count
from django.utils import timezone
from kombu import pools
from kombu.exceptions import OperationalError

from sb_sync import tasks
from sb_sync.models import PerformanceMetrics, SyncJob, SyncJobChunk, SyncLog
from sb_sync.ops.health import HEALTHY
from sb_sync.ops.probes import check_broker
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import Api
from tests.servers.supervisor import throw_away
from tests.servers.worker import working
from tests.testapp.models import Region

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.with_redis]

#: As many as take a worker some ten seconds; the environment names more.
USUAL = {"postgresql": 20_000, "mariadb": 10_000}
RECORDS = int(os.environ.get("SB_SYNC_JOB_RECORDS", USUAL.get(os.environ.get("SB_SYNC_TEST_DB", ""), 50_000)))


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    with throw_away("redis") as url:
        yield url


@pytest.fixture
def broker(redis: str) -> Iterator[str]:
    """Let this process send to the Redis, as a web server with a broker does."""
    use_broker(redis)
    with tasks.bulk_sync_operation.app.connection_for_write() as connection:
        connection.default_channel.client.flushdb()
    yield redis
    use_broker(None)


def use_broker(url: Any) -> None:
    """Let Celery in this process forget the connections to one broker, and know another one."""
    app = tasks.bulk_sync_operation.app
    pools.reset()
    app._pool = app.amqp._producer_pool = None
    app.conf.broker_url = url


@pytest.fixture
def api() -> Api:
    organization = make_organization("acme")
    grant(organization)
    make_member(organization, username="ann", password="pass")
    client = Api()
    client.log_in("ann")
    return client


def regions(count: int) -> List[Dict[str, Any]]:
    """Return records that make a row each time they are applied: nothing in them tells that they were."""
    return [{"_model": "testapp.Region", "name": f"R{number}"} for number in range(count)]


def accept(api: Api, count: int, *, atomic: bool = False) -> str:
    answer = api.post("push/?async=1", {"data": regions(count), "atomic": atomic})
    assert answer.status_code == 202
    return str(answer.json()["job"])


def state(job: str) -> str:
    return str(SyncJob.objects.values_list("state", flat=True).get(pk=job))


def check_each_once(count: int) -> None:
    assert Region.objects.count() == count
    assert not Region.objects.values("name").annotate(times=Count("pk")).filter(times__gt=1).exists()


def let_lease_run_out() -> None:
    """Let half a minute pass."""
    SyncJob.objects.filter(state="running").update(due_at=timezone.now())


def test_a_job_survives_the_death_of_its_worker_and_applies_each_record_once(api: Api, broker: str) -> None:
    job = accept(api, RECORDS)
    with working(broker) as first:
        first.wait_until(lambda: SyncJob.objects.get(pk=job).done_count >= RECORDS // 5)
        first.kill()
    left = SyncJob.objects.defer("answer").get(pk=job)
    assert (left.state, left.is_parted) == ("running", True)
    assert 0 < left.done_count < RECORDS
    # What stands is what the job knows of, to the row.
    check_each_once(left.done_count)
    assert SyncJobChunk.objects.filter(results__isnull=False).count() * 1000 == left.done_count
    let_lease_run_out()
    with working(broker) as second:
        second.wait_until(lambda: state(job) not in ("queued", "running"))
    told = api.get(f"jobs/{job}/").json()
    assert (told["status"], told["progress"], told["result"]["status"]) == ("done", 100, "success")
    assert [result["index"] for result in told["result"]["results"]] == list(range(RECORDS))
    assert told["result"]["success_count"] == RECORDS
    check_each_once(RECORDS)


def test_an_atomic_job_whose_worker_is_killed_is_applied_as_a_whole_by_the_next(api: Api, broker: str) -> None:
    count = 5000
    job = accept(api, count, atomic=True)
    with working(broker) as first:
        first.wait_until(lambda: state(job) == "running")
        first.kill()
    was_faster = state(job) == "done"
    check_each_once(count if was_faster else 0)
    let_lease_run_out()
    with working(broker) as second:
        second.wait_until(lambda: state(job) == "done")
    check_each_once(count)


def test_a_job_waits_for_a_broker_that_is_away(api: Api, broker: str, caplog: pytest.LogCaptureFixture) -> None:
    use_broker("redis+socket:///nowhere/redis.sock")
    job = accept(api, 3)
    assert "could not be handed to the broker" in caplog.text
    row = SyncJob.objects.get()
    assert (row.state, row.attempts) == ("queued", 0)
    assert row.due_at is not None
    assert row.due_at <= timezone.now()
    use_broker(broker)
    # What beat asks for every few seconds, and each worker when it starts.
    tasks.resume_sync_jobs.delay()
    later = accept(api, 1)
    with working(broker) as worker:
        worker.wait_until(lambda: {state(job), state(later)} == {"done"})
    assert Region.objects.filter(name__in=["R1", "R2"]).count() == 2


def test_every_task_of_the_schedule_is_done_by_a_worker(broker: str) -> None:
    PerformanceMetrics.objects.create(operation_type="pull", processing_time=0.5)
    old = timezone.now() - timedelta(days=400)
    SyncLog.objects.create(operation="PULL", status="SUCCESS", timestamp=old)
    names = [entry["task"].rpartition(".")[2] for entry in tasks.BEAT_SCHEDULE.values()]
    # One after the other: what this one deletes tells that all are done.
    for name in sorted(names, key="cleanup_old_sync_logs".__eq__):
        getattr(tasks, name).delay()
    with working(broker) as worker:
        worker.wait_until(lambda: not SyncLog.objects.exists())
        log = Path(worker.log.name).read_text()
    assert "Traceback" not in log, log
    assert not PerformanceMetrics.objects.filter(rolled_up_at=None).exists()


def test_health_sees_a_real_broker(redis: str, settings: Any) -> None:
    settings.CELERY_BROKER_URL = redis
    assert check_broker().status == HEALTHY
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
    with pytest.raises(OperationalError):
        check_broker()
