"""The tables that tell what happened."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, Optional

import pytest
from django.db import connection, transaction

from sb_sync import feed
from sb_sync.events import ModelPulled, ModelPushed, PullFinished, PushFinished, pull_finished, push_finished
from sb_sync.models import Organization, PerformanceMetrics, SyncLog, SyncMetadata, UserSyncMetadata
from sb_sync.protocol import RequestInfo
from sb_sync.testing.factories import make_member, make_organization

MONDAY = datetime(2026, 1, 5, 10, tzinfo=timezone.utc)


class World:
    """A member of an organization, and events of that user."""

    def __init__(self) -> None:
        self.acme: Organization = make_organization("acme")
        self.user = make_member(self.acme)

    def push(self, models: Dict[str, ModelPushed], **changes: Any) -> None:
        with transaction.atomic():
            event = PushFinished(models=models, **{**self._common(), **changes})
            push_finished.send(sender=PushFinished, event=event)

    def pull(self, models: Dict[str, ModelPulled], **changes: Any) -> None:
        event = PullFinished(models=models, batch_size=10, **{**self._common(), **changes})
        pull_finished.send(sender=PullFinished, event=event)
        with transaction.atomic():
            feed.backend_for("default").execute_together(event.statements)

    def _common(self) -> Dict[str, Any]:
        return {
            "user_id": str(self.user.pk),
            "username": self.user.username,
            "site_id": self.acme.pk,
            "organization": "Acme",
            "request": RequestInfo(request_id="r1"),
            "request_data": {"data": [{"password": "hush"}]},
            "status": "success",
            "seconds": 0.5,
            "queries": 7,
            "memory": 1.5,
        }


@pytest.fixture
def world(db: None) -> World:
    return World()


def pulled(count: int, last_sync: Optional[datetime], fingerprint: str = "rules") -> ModelPulled:
    return ModelPulled(count=count, last_sync=last_sync, fingerprint=fingerprint)


def test_a_push_leaves_one_line_without_secrets(world: World) -> None:
    world.push(
        {"testapp.Customer": ModelPushed(created=2, unchanged=1, failed=1)}, status="partial", error="invalid: 1"
    )
    log = SyncLog.objects.get()
    assert (log.user, log.site_id, log.operation, log.status) == (world.user, world.acme.pk, "PUSH", "WARNING")
    assert (log.model_name, log.object_count, log.error_message) == ("testapp.Customer", 3, "invalid: 1")
    assert (log.request_id, log.processing_time) == ("r1", 0.5)
    assert log.request_data == {"data": [{"password": "***"}]}
    measured = PerformanceMetrics.objects.get()
    assert (measured.operation_type, measured.batch_size, measured.query_count) == ("push", 4, 7)


@pytest.mark.parametrize(("status", "kept"), [("success", "SUCCESS"), ("partial", "WARNING"), ("error", "ERROR")])
def test_the_status_of_a_request_is_kept(world: World, status: str, kept: str) -> None:
    world.pull({}, status=status, errors={"a.B": "unavailable", "\ud83d\x00": "unknown_model"})
    log = SyncLog.objects.get()
    assert log.status == kept
    assert "a.B: unavailable" in log.error_message


def test_what_was_synchronised_adds_up(world: World) -> None:
    world.push({"testapp.Customer": ModelPushed(created=2), "testapp.Order": ModelPushed(failed=1)})
    world.pull({"testapp.Customer": pulled(3, MONDAY)})
    totals = dict(SyncMetadata.objects.values_list("model_name", "total_synced"))
    assert totals == {"testapp.Customer": 5}
    assert UserSyncMetadata.objects.get().total_synced == 3


def test_two_organizations_of_a_user_are_kept_apart(world: World) -> None:
    other = make_organization("other")
    world.pull({"testapp.Customer": pulled(1, MONDAY)})
    world.pull({"testapp.Customer": pulled(1, MONDAY)}, site_id=other.pk)
    assert UserSyncMetadata.objects.count() == 2


def test_a_pass_that_goes_on_keeps_the_time_of_the_one_before(world: World) -> None:
    world.pull({"testapp.Customer": pulled(1, MONDAY)})
    world.pull({"testapp.Customer": pulled(1, None)})
    assert UserSyncMetadata.objects.get().last_sync == MONDAY


def test_times_serve_since_the_rules_are_what_they_are(world: World) -> None:
    world.pull({"testapp.Customer": pulled(1, MONDAY)})
    world.pull({"testapp.Customer": pulled(1, MONDAY + timedelta(days=1))})
    assert UserSyncMetadata.objects.get().fingerprint_since == MONDAY
    world.pull({"testapp.Customer": pulled(1, MONDAY + timedelta(days=2), "other")})
    changed = UserSyncMetadata.objects.get()
    assert (changed.fingerprint, changed.fingerprint_since) == ("other", MONDAY + timedelta(days=2))


@pytest.mark.parametrize(("rate", "count"), [(0, 0), (0.0, 0), (1, 20), (1.0, 20)])
def test_metrics_are_sampled(world: World, settings: Any, rate: float, count: int) -> None:
    settings.SB_SYNC = {"METRICS_SAMPLE_RATE": rate}
    for _ in range(20):
        world.push({})
    assert PerformanceMetrics.objects.count() == count
    assert SyncLog.objects.count() == 20


def test_the_number_of_statements_does_not_grow(world: World, django_assert_num_queries: Any) -> None:
    labels = [f"testapp.Model{number}" for number in range(50)]
    with transaction.atomic():
        # One statement on PostgreSQL, one for each table elsewhere; and the savepoint.
        is_one = connection.vendor == "postgresql"
        with django_assert_num_queries(3 if is_one else 5):
            world.push({label: ModelPushed(created=1) for label in labels})
        with django_assert_num_queries(3 if is_one else 6):
            world.pull({label: pulled(1, MONDAY) for label in labels})


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_count_every_record() -> None:
    world = World()
    failures: List[BaseException] = []

    def work(labels: List[str]) -> None:
        try:
            for _ in range(10):
                world.push({label: ModelPushed(created=1) for label in labels})
                world.pull({label: pulled(1, MONDAY) for label in labels})
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    labels = ["testapp.Customer", "testapp.Order", "testapp.Visit"]
    threads = [threading.Thread(target=work, args=(list(order),)) for order in (labels, reversed(labels), labels)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert set(SyncMetadata.objects.values_list("total_synced", flat=True)) == {60}
    assert set(UserSyncMetadata.objects.values_list("total_synced", flat=True)) == {30}


@pytest.mark.django_db(transaction=True)
def test_what_a_client_repeats_without_end_is_cut(settings: Any) -> None:
    settings.SB_SYNC = {"LOG_BODY_BYTES": 100}
    World().pull({}, errors={"x" * 1_000_000: "unknown_model"})
    assert len(SyncLog.objects.get().error_message) == 100


def test_a_push_tells_what_was_done_to_each_model_and_what_was_refused(world: World, settings: Any) -> None:
    refused = {
        "index": 3,
        "model": "testapp.Customer",
        "code": "invalid",
        "errors": {"name": ["half a pair: \ud83d\x00"], "pin": ["1234 is too short"]},
    }
    world.push(
        {"testapp.Customer": ModelPushed(created=2, failed=1), "testapp.Order": ModelPushed(unchanged=1)},
        status="partial",
        failures=[refused],
    )
    outcome = SyncLog.objects.get().outcome
    assert outcome["models"] == {"testapp.Customer": {"created": 2, "failed": 1}, "testapp.Order": {"unchanged": 1}}
    (told,) = outcome["failures"]
    assert (told["index"], told["model"], told["code"]) == (3, "testapp.Customer", "invalid")
    assert told["errors"]["pin"] == "***"
    settings.SB_SYNC = {"LOG_BODY_BYTES": 100}
    world.push({}, failures=[refused] * 20)
    assert len(str(SyncLog.objects.latest("pk").outcome)) < 400


def test_a_pull_tells_how_much_of_each_model_was_given(world: World) -> None:
    world.pull(
        {"testapp.Customer": pulled(3, MONDAY), "testapp.Order": pulled(0, MONDAY)}, errors={"x.Y": "not_enabled"}
    )
    assert SyncLog.objects.get().outcome == {
        "models": {"testapp.Customer": {"pulled": 3}},
        "failures": [{"model": "x.Y", "code": "not_enabled"}],
    }
