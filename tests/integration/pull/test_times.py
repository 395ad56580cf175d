"""Clients that work with times: a change may come twice, never not at all."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.db.models import F
from django.test import override_settings

from sb_sync.models import Checkpoint, UserSyncMetadata
from tests.integration.pull.puller import Puller, make_puller
from tests.testapp.models import Customer

LABEL = "testapp.Customer"


def start() -> Any:
    """Return an organization, a puller that holds its two customers, and the time to go on from."""
    acme, puller = make_puller()
    for name in ("one", "two"):
        Customer.objects.create(organization=acme, name=name)
    answer = puller.step([LABEL])
    return acme, puller, answer["metadata"][LABEL]["last_sync"]


def ask(puller: Puller, time: Any, **body: Any) -> Any:
    return puller.ask({"models": {LABEL: time}, **body}).body


def test_the_time_of_an_answer_goes_on_from_there() -> None:
    _, puller, time = start()
    for age in (2, 3):
        Customer.objects.filter(name="two").update(age=age)
        answer = ask(puller, time)
        assert "reset" not in answer["metadata"][LABEL]
        assert ("two", age) in [(record["name"], record["age"]) for record in answer["data"]]
        assert answer["metadata"][LABEL]["last_sync"] > time
        time = answer["metadata"][LABEL]["last_sync"]


def test_no_change_is_missed_by_times() -> None:
    acme, puller, time = start()
    seen = {"one", "two"}
    for number in range(10):
        Customer.objects.create(organization=acme, name=str(number))
        answer = ask(puller, time)
        seen.update(record["name"] for record in answer["data"])
        time = answer["metadata"][LABEL]["last_sync"]
        assert seen == set(Customer.objects.values_list("name", flat=True))


def test_a_time_before_all_that_is_known_begins_again() -> None:
    _, puller, _ = start()
    for time in ("2001-01-14T10:00:00Z", "2001-01-14", "2001-01-14T10:00:00", "0001-01-01T00:00:00Z"):
        answer = ask(puller, time)
        assert answer["metadata"][LABEL]["reset"]
        assert answer["metadata"][LABEL]["count"] == 2


def test_a_time_to_come_goes_on_from_the_newest() -> None:
    _, puller, _ = start()
    answer = ask(puller, "9999-12-31T23:59:59Z")
    assert answer["data"] == []
    assert "reset" not in answer["metadata"][LABEL]


def test_a_time_of_a_user_who_never_pulled_begins_again() -> None:
    _, puller, _ = start()
    UserSyncMetadata.objects.all().delete()
    assert ask(puller, "9999-12-31T23:59:59Z")["metadata"][LABEL]["reset"]


@pytest.mark.parametrize(
    "changed", [{"fingerprint": "other"}, {"fingerprint_since": datetime(2099, 1, 1, tzinfo=timezone.utc)}]
)
def test_a_time_before_the_rules_changed_begins_again(changed: Any) -> None:
    _, puller, _ = start()
    UserSyncMetadata.objects.update(**changed)
    assert ask(puller, "2098-01-01T00:00:00Z")["metadata"][LABEL]["reset"]


def test_until_a_pass_ends_the_time_is_the_one_that_was_sent() -> None:
    _, puller, _ = start()
    Checkpoint.objects.update(taken_at=F("taken_at") - timedelta(hours=1))
    Customer.objects.update(age=3)
    time = (datetime.now(timezone.utc) - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    told = ask(puller, time, batch_size=1)["metadata"][LABEL]
    assert (told["last_sync"], told["has_more"]) == (time, True)
    assert ask(puller, None, batch_size=1)["metadata"][LABEL]["last_sync"] is None
    inside = ask(puller, told["cursor"])
    assert inside["batch_info"]["has_more"]
    ended = ask(puller, inside["metadata"][LABEL]["cursor"])
    assert not ended["batch_info"]["has_more"]
    assert ended["metadata"][LABEL]["last_sync"] > time


def test_the_users_previous_time_is_told() -> None:
    _, puller, first = start()
    second = puller.step()["metadata"][LABEL]
    assert second["user_last_sync"] == first
    assert second["last_sync"] > first


def test_a_time_with_nothing_new_gives_a_cursor_that_serves() -> None:
    acme, puller, _ = start()
    cursor = ask(puller, "9999-12-31T23:59:59Z")["metadata"][LABEL]["cursor"]
    Customer.objects.create(organization=acme, name="late")
    answer = ask(puller, cursor)
    assert "reset" not in answer["metadata"][LABEL]
    assert "late" in [record["name"] for record in answer["data"]]


def test_a_project_without_time_zones_goes_on_from_times() -> None:
    with override_settings(USE_TZ=False, TIME_ZONE="America/New_York"):
        _, puller, time = start()
        assert time.endswith("Z")
        assert abs(datetime.fromisoformat(time[:-1] + "+00:00") - datetime.now(timezone.utc)) < timedelta(minutes=5)
        told = ask(puller, time)["metadata"][LABEL]
        assert told["user_last_sync"] == time
        Customer.objects.filter(name="two").update(age=2)
        answer = ask(puller, told["last_sync"])
        assert "reset" not in answer["metadata"][LABEL]
        assert "two" in [record["name"] for record in answer["data"]]
