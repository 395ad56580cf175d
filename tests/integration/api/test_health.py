"""Health over HTTP: for anybody a word, for staff the reasons, and an answer whatever is away."""

from __future__ import annotations

import socket
import time
from typing import Any, Dict, Iterator, List

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from sb_sync import catalog, feed
from sb_sync.api.views import operations
from sb_sync.models import Organization
from sb_sync.ops.probes import make_monitor
from sb_sync.optimizations import measure
from sb_sync.testing.factories import make_member
from tests.integration.api.client import PREFIX, Api
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)

CHECKS = {"database", "cache", "logging", "feed", "memory"}
DEADLINE = 15.0


@pytest.fixture(autouse=True)
def _fresh_monitor(monkeypatch: Any) -> None:
    """Let no finding of another test serve."""
    monkeypatch.setattr(operations, "monitor", make_monitor())


@pytest.fixture
def staff(organization: Organization) -> Api:
    make_member(organization, username="chief", password="pass", is_staff=True)
    api = Api()
    api.log_in("chief")
    return api


@pytest.fixture
def uncaptured(organization: Organization) -> Iterator[str]:
    """A table whose triggers are gone."""
    backend = feed.backend_for("default")
    backend.remove(backend.triggers([Region._meta.db_table]))
    yield Region._meta.db_table
    feed.install("default")


def words(answer: Any) -> Dict[str, str]:
    return {name: check["status"] for name, check in answer.json()["checks"].items()}


class TestAnybody:
    def test_a_healthy_server_says_so(self) -> None:
        answer = Api().get("health/")
        assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
        assert words(answer) == dict.fromkeys(CHECKS, "healthy")
        assert answer.json()["timestamp"].endswith("Z")

    def test_a_word_is_all_that_is_told(self, uncaptured: str, api: Api) -> None:
        bad = [Api("x.y.z"), Api(""), Api("\u00e4"), Api("a" * 10_000), api]
        for each in (Api(), *bad):
            answer = each.get("health/")
            assert answer.status_code == 200
            assert answer.json()["status"] == "degraded"
            assert all(check.keys() == {"status"} for check in answer.json()["checks"].values())
            assert all(word not in answer.content.decode() for word in (uncaptured, *catalog.synced_models()))

    def test_asking_often_costs_the_database_nothing(self) -> None:
        opened: List[Any] = []

        def note(sender: Any, connection: Any, **kwargs: Any) -> None:
            opened.append(connection)

        from django.db.backends.signals import connection_created

        Api().get("health/")
        connection_created.connect(note)
        try:
            began = time.monotonic()
            with measure() as asking:
                for _ in range(50):
                    assert Api("x.y.z").get("health/").status_code == 200
            seconds = time.monotonic() - began
        finally:
            connection_created.disconnect(note)
        assert asking.queries == 0
        # One look each second, and one for the feed each ten.
        assert len(opened) <= 2 * (seconds + 1)

    def test_only_reading_is_known(self) -> None:
        assert Api().post("health/", {}).status_code == 405
        assert Api().send("head", "health/").status_code == 200


class TestStaff:
    def test_a_token_of_staff_shows_why(self, uncaptured: str, staff: Api) -> None:
        told = staff.get("health/").json()["checks"]
        assert "sync_feed --action install" in told["feed"]["detail"]
        assert told["feed"]["figures"]["default"]["not_captured"] == {uncaptured: "MISSING"}
        assert told["database"]["figures"]["round_trip_ms"] > 0

    def test_a_session_of_staff_shows_why_too(self, organization: Organization, api: Api) -> None:
        for name, is_staff in (("worker", False), ("boss", True)):
            browser = Client()
            browser.force_login(make_member(organization, username=name, is_staff=is_staff))
            checks = browser.get(PREFIX + "health/").json()["checks"]
            assert ("figures" in checks["memory"]) is is_staff
        forged = Client()
        forged.cookies["sessionid"] = "a" * 32
        assert forged.get(PREFIX + "health/").json()["checks"]["memory"].keys() == {"status"}

    def test_who_is_put_out_is_told_a_word(self, staff: Api) -> None:
        get_user_model().objects.filter(username="chief").update(is_active=False)
        assert "figures" not in staff.get("health/").json()["checks"]["memory"]


class TestDatabaseAway:
    """The settings of the connection are changed: each check opens one of its own."""

    @pytest.fixture(
        params=[
            "refused",
            pytest.param("silent", marks=pytest.mark.only_on("postgresql", "mariadb", reason="a file is there or not")),
        ]
    )
    def away(self, request: Any) -> Iterator[str]:
        known = dict(connection.settings_dict)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            if request.param == "refused":
                listener.close()
            is_file = connection.vendor == "sqlite"
            gone = {"NAME": "/nowhere/at/all.sqlite3"} if is_file else {"HOST": "127.0.0.1", "PORT": str(port)}
            connection.settings_dict.update(gone)
            try:
                yield request.param
            finally:
                connection.settings_dict.clear()
                connection.settings_dict.update(known)

    def test_it_is_told_within_a_deadline(self, staff: Api, away: str) -> None:
        began = time.monotonic()
        answers = [api.get("health/") for api in (Api(), staff)]
        assert time.monotonic() - began < DEADLINE
        for answer in answers:
            assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
            found = words(answer)
            assert (found["database"], found["feed"]) == ("unhealthy", "unhealthy")
            assert (found["cache"], found["logging"], found["memory"]) == ("healthy",) * 3
            # Without a database staff are nobody.
            assert "figures" not in answer.json()["checks"]["memory"]
