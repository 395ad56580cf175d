"""The first page: true figures of what its reader may see, what to do next, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Dict, List, Mapping

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sb_sync import catalog
from sb_sync.config import SyncConfig
from sb_sync.dashboard.permissions import VIEW
from sb_sync.dashboard.sections.overview import condition
from sb_sync.models import Organization, SyncConflict, SyncJob, SyncLog
from sb_sync.ops.health import DEGRADED, HEALTHY, Finding
from sb_sync.ops.rollup import roll_up
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.integration.dashboard.metrics.measured import measure_some
from tests.staff import CONFIG, make_chief, make_client, make_staff
from tests.testapp.models import Customer

pytestmark = [pytest.mark.django_db, NOT_ON_MARIADB]
MARKUP = "<img src=x onerror=alert(1)>"
MOST_QUERIES = 15
DAY = 24
#: What stands for a figure that is not known.
UNKNOWN = "\N{EN DASH}"


class Monitor:
    """Checks that found something already."""

    def __init__(self, **findings: Any) -> None:
        feed = Finding(HEALTHY, figures={"default": {"lag_seconds": 7265.0}})
        self._findings: Dict[str, Any] = {"database": Finding(HEALTHY), "feed": feed, **findings}

    def glance(self, seconds: float) -> Mapping[str, Any]:
        return self._findings


@pytest.fixture(autouse=True)
def _healthy(monkeypatch: Any) -> None:
    monkeypatch.setattr(condition, "monitor", Monitor())


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def globex() -> Organization:
    return make_organization("globex", name="Globex")


@pytest.fixture
def chief() -> Client:
    return make_client(make_chief())


def show(client: Client, code: int = 200, /, **query: Any) -> str:
    answer = client.get(CONFIG, query)
    assert answer.status_code == code, answer.content.decode()[-2000:]
    return str(answer.content.decode())


def read_figures(page: str) -> Dict[str, List[str]]:
    """Return value and notes of each figure by its label."""
    items = re.findall(r'<li class="tile">(.*?)</li>', page, re.DOTALL)
    items += re.findall(r"<li>\s*(<span class=\"inventory-label.*?)</li>", page, re.DOTALL)
    texts = [[part.strip() for part in re.sub(r"<[^>]+>", "\n", item).split("\n")] for item in items]
    return {found[0]: found[1:] for found in ([part for part in text if part] for text in texts)}


def write(place: Any, hours_ago: float = 0, /, **values: Any) -> SyncLog:
    moment = timezone.now() - timedelta(hours=hours_ago)
    plain: Dict[str, Any] = {"operation": "PULL", "status": "SUCCESS", "model_name": "testapp.Customer"}
    return SyncLog.objects.create(site_id=place and place.pk, timestamp=moment, **{**plain, **values})


def conflict(place: Organization, hours_ago: float = 0, /, *, status: str = "unsettled") -> None:
    SyncConflict.objects.create(
        site_id=place.pk, model_name="testapp.Customer", policy="reject", status=status, client={}, fields=[],
        created_at=timezone.now() - timedelta(hours=hours_ago),
    )  # fmt: skip


def steps_of(page: str) -> Dict[str, bool]:
    found = re.findall(r'<li class="step( step-done)?">.*?<h3>([^<]+)', page, re.DOTALL)
    return {title.strip(): bool(done) for done, title in found}


class TestFigures:
    """What is told of the last day and of what there is."""

    @pytest.mark.parametrize("is_rolled_up", [True, False])
    def test_requests_are_compared_with_the_day_before(
        self, chief: Client, acme: Organization, is_rolled_up: bool
    ) -> None:
        measure_some(acme, 3, times=60, batch_size=2)
        measure_some(acme, 2, times=40, batch_size=2, operation_type="pull")
        measure_some(acme, 3 + DAY, times=50)
        measure_some(acme, 3 + 2 * DAY, times=1000)
        if is_rolled_up:
            roll_up()
        value, note, trend = read_figures(show(chief))["Requests (24 h)"]
        assert (value, note) == ("100", "200 records")
        # The hour that goes on counts as far as it has gone.
        assert re.fullmatch(r"10\d %", trend.split(" more")[0])

    def test_the_page_that_a_figure_leads_to_tells_the_same_number(self, chief: Client, acme: Organization) -> None:
        # The first hour of the last 24, and the one before it.
        measure_some(acme, 23, times=3)
        measure_some(acme, 24, times=4)
        page = show(chief, organization="acme")
        assert read_figures(page)["Requests (24 h)"][0] == "3"
        (address,) = re.findall(r'href="([^"]+)">Requests \(24 h\)', page)
        told = chief.get(address.replace("&amp;", "&")).content.decode()
        assert read_figures(told)["Requests"][0] == "3"

    def test_hours_are_drawn_to_scale(self, chief: Client, acme: Organization) -> None:
        measure_some(acme, 3, times=20)
        measure_some(acme, 5, times=10, operation_type="pull")
        page = show(chief)
        heights = dict(re.findall(r'<rect class="(\w+)" x="[\d.]+" y="[\d.]+" width="7" height="([\d.]+)"', page))
        assert {name: float(height) for name, height in heights.items()} == {"push": 98.0, "pull": 49.0}
        assert "20 pushes, 0 pulls" in page

    def test_the_error_rate_is_of_requests_of_which_nothing_was_applied(
        self, chief: Client, acme: Organization
    ) -> None:
        measure_some(acme, 1, times=40)
        measure_some(acme, 1 + DAY, times=40)
        for status, hours_ago in (("ERROR", 1), ("ERROR", 2), ("WARNING", 1), ("ERROR", 1 + DAY), ("SUCCESS", 1)):
            write(acme, hours_ago, status=status)
        value, note, trend = read_figures(show(chief))["Error rate"]
        assert (value, note) == ("5 %", "2 failed, 1 in part")
        assert trend == "100 % more than the day before"

    def test_a_sample_is_told_so_and_counts_for_all(self, chief: Client, acme: Organization) -> None:
        SyncConfig.set_config("SETTINGS", "METRICS_SAMPLE_RATE", 0.25)
        measure_some(acme, 1, times=8)
        write(acme, 1, status="ERROR")
        figures = read_figures(show(chief))
        assert figures["Requests (24 h)"][:2] == ["8", "only 25 % of requests is measured"]
        assert figures["Error rate"][0] == "3 %"
        SyncConfig.set_config("SETTINGS", "METRICS_SAMPLE_RATE", 0.0)
        figures = read_figures(show(chief))
        assert figures["Requests (24 h)"] == [UNKNOWN, "Nothing is measured: METRICS_SAMPLE_RATE is 0."]
        assert figures["Error rate"] == [UNKNOWN, "1 failed, 0 in part"]

    def test_conflicts_that_are_open_and_that_are_new(self, chief: Client, acme: Organization) -> None:
        for hours_ago, status in ((1, "unsettled"), (2, "client_wins"), (30, "unsettled"), (90, "unsettled")):
            conflict(acme, hours_ago, status=status)
        assert read_figures(show(chief))["Open conflicts"] == [
            "3", "2 new in 24 hours", "100 % more than the day before"
        ]  # fmt: skip

    def test_what_there_is_is_counted(self, chief: Client, acme: Organization, globex: Organization) -> None:
        ann = make_member(acme, username="ann")
        ann.sync_memberships.create(site_id=globex.pk, group=ann.sync_memberships.get().group)
        make_member(acme, username="idle", is_active=False)
        grant(acme, models=["testapp.Customer", "testapp.Order"])
        grant(globex, models=["testapp.Customer"])
        grant(globex, models=["testapp.Region"], push=False, pull=False)
        job = {"user": ann, "site_id": acme.pk, "record_count": 1}
        SyncJob.objects.create(**job)
        SyncJob.objects.create(**job, state="failed", due_at=None, finished_at=timezone.now())
        SyncJob.objects.create(**job, state="done", due_at=None, finished_at=timezone.now())
        figures = read_figures(show(chief))
        assert figures["Organizations"] == ["2", "2 new in 24 hours"]
        assert figures["Users"] == ["1", "1 new in 24 hours"]
        assert figures["Models"][0] == str(len(catalog.synced_models()))
        assert figures["Permissions"] == ["3", "4 changes in 24 hours"]
        assert figures["Open jobs"] == ["1", "1 failed in 24 hours"]

    def test_feed_lag_is_that_of_health_for_who_sees_everything(self, chief: Client, acme: Organization) -> None:
        assert read_figures(show(chief))["Feed lag"][0] == "2 h 1 min"


class TestWhoSeesWhat:
    """Superusers see all organizations, others theirs: no number tells of others."""

    def test_no_number_tells_of_other_organizations(self, acme: Organization, globex: Organization) -> None:
        client = make_client(make_staff(acme))
        before = re.sub(r"\d\d:\d\d(:\d\d)?", "", show(client).split("<main")[1].split("<details")[0])
        measure_some(globex, 1, times=30)
        write(globex, status="ERROR", error_message="theirs")
        write(None, status="ERROR", error_message="nobodys")
        conflict(globex)
        rob = make_member(globex, username="rob")
        grant(globex)
        SyncJob.objects.create(user=rob, site_id=globex.pk, record_count=1)
        Customer.objects.create(name="Theirs", organization_id=globex.pk)
        after = re.sub(r"\d\d:\d\d(:\d\d)?", "", show(client).split("<main")[1].split("<details")[0])
        assert read_figures(after) == read_figures(before)
        assert not any(word in after for word in ("theirs", "nobodys", "Globex", "rob"))

    @pytest.mark.parametrize("query", [{}, {"organization": "acme"}])
    def test_own_numbers_are_told(self, acme: Organization, globex: Organization, query: Any) -> None:
        client = make_client(make_staff(acme))
        measure_some(acme, 1, times=3)
        write(acme, status="ERROR", error_message="ours")
        conflict(acme)
        figures = read_figures(show(client, **query))
        assert figures["Requests (24 h)"][0] == "3"
        assert figures["Open conflicts"][0] == "1"
        assert "ours" in show(client, **query)

    def test_the_chosen_organization_is_the_only_one(
        self, chief: Client, acme: Organization, globex: Organization
    ) -> None:
        measure_some(acme, 1, times=3)
        measure_some(globex, 1, times=4)
        assert read_figures(show(chief))["Requests (24 h)"][0] == "7"
        figures = read_figures(show(chief, organization="globex"))
        assert figures["Requests (24 h)"][0] == "4"
        assert "Organizations" not in figures

    def test_feed_lag_is_that_of_own_changes_that_no_own_client_pulled(
        self, acme: Organization, globex: Organization
    ) -> None:
        client = make_client(make_staff(acme))
        write(globex)
        Customer.objects.create(name="Ours", organization_id=acme.pk)
        waiting = read_figures(show(client))["Feed lag"]
        assert waiting[1] == "the oldest change that no client pulled"
        write(acme)
        assert read_figures(show(client))["Feed lag"] == ["0 s", "no change waits for a client"]

    def test_an_organization_of_others_is_not_there(self, acme: Organization, globex: Organization) -> None:
        show(make_client(make_staff(acme)), 404, organization="globex")

    def test_who_belongs_to_none_is_told_how_to_be_let_in(self, acme: Organization) -> None:
        page = show(make_client(make_staff()))
        assert "You belong to no organization yet" in page
        assert "--username olga" in page
        assert read_figures(page) == {}


class TestEntries:
    """The newest requests and failures."""

    def test_a_failure_is_one_click_from_its_entry(self, chief: Client, acme: Organization) -> None:
        old = write(acme, 30, status="ERROR", error_message="old")
        entry = write(acme, 2, status="ERROR", error_message="the whole failed", user=make_member(acme, username="ann"))
        failures = [{"index": 0, "model": "testapp.Customer", "code": "duplicate", "errors": {"name": ["is taken"]}}]
        partial = write(acme, 1, status="WARNING", outcome={"models": {}, "failures": failures})
        found = show(chief).split('id="failures-heading"')[1].split('"recent-heading"')[0]
        assert re.findall(r'class="entry" href="([^"]+)"', found.split("<ul")[1]) == [
            f"{CONFIG}logs/{partial.pk}/", f"{CONFIG}logs/{entry.pk}/"
        ]  # fmt: skip
        assert "the whole failed" in found
        assert "duplicate: is taken" in found
        assert str(old.pk) not in re.findall(r"logs/(\d+)/", found)

    def test_where_nothing_failed_that_is_told(self, chief: Client, acme: Organization) -> None:
        write(acme)
        page = show(chief)
        assert "Nothing failed in the last 24 hours" in page
        assert page.count('class="entry"') == 1

    def test_new_entries_are_asked_for_from_the_newest_shown(self, chief: Client, acme: Organization) -> None:
        write(acme, 1)
        address = re.findall(r'data-refresh="([^"]+)"', show(chief, organization="acme"))[0].replace("&amp;", "&")
        assert chief.get(address).json()["count"] == 0
        write(acme)
        assert chief.get(address).json()["count"] == 1

    def test_markup_in_names_is_text(self, chief: Client) -> None:
        evil = make_organization("evil", name=MARKUP)
        user = make_member(evil, username=MARKUP)
        write(evil, status="ERROR", error_message=MARKUP, model_name=MARKUP, user=user)
        page = show(chief)
        assert "<img" not in page
        assert page.count("&lt;img") >= 4


class TestWhatToDo:
    """First steps, quick actions, health."""

    def test_steps_tick_themselves_and_go_when_all_are_done(self, chief: Client) -> None:
        assert steps_of(show(chief)) == {
            "Find the models": True, "Make an organization": False, "Let clients in": False, "Grant the models": False,
            "Synchronise for the first time": False,
        }  # fmt: skip
        acme = make_organization("acme")
        make_member(acme)
        grant(acme, models=["testapp.Customer"])
        page = show(chief)
        assert [title for title, is_done in steps_of(page).items() if not is_done] == ["Synchronise for the first time"]
        write(acme)
        assert steps_of(show(chief)) == {}

    def test_every_open_step_says_its_command_or_page(self, chief: Client) -> None:
        for step in re.findall(r'<li class="step">.*?</li>', show(chief), re.DOTALL):
            assert "manage.py" in step or "href=" in step

    def test_steps_of_one_organization_name_it(self, acme: Organization, globex: Organization) -> None:
        page = show(make_client(make_staff(acme)), organization="acme")
        assert steps_of(page) == {
            "Let clients in": True, "Grant the models": False, "Synchronise for the first time": False
        }  # fmt: skip

    def test_actions_are_those_that_the_user_may_do(self, acme: Organization, chief: Client) -> None:
        everything = show(chief).split('id="actions-heading"')[1].split("</ul>")[0]
        assert "Edit permissions" in everything
        assert "/admin/sb_sync/organization/add/" in everything
        few = show(make_client(make_staff(acme, permissions=[VIEW]))).split('id="actions-heading"')[1].split("</ul>")[0]
        assert not any(each in few for each in ("Edit permissions", "Choose models", "/admin/"))

    def test_what_is_ill_says_what_to_do(self, chief: Client, monkeypatch: Any) -> None:
        ill = Finding(DEGRADED, f"The log cannot be written: {MARKUP}")
        monkeypatch.setattr(condition, "monitor", Monitor(logging=ill, cache=None))
        page = show(chief)
        assert "Something needs attention" in page
        assert "The log cannot be written: &lt;img" in page
        assert "SB_SYNC_LOG_DIR" in page
        assert "Being checked" in page
        assert "SB_SYNC_LOG_DIR" not in show_health(chief, monkeypatch, logging=Finding(HEALTHY))

    def test_where_nothing_is_known_yet_that_is_told(self, chief: Client, monkeypatch: Any) -> None:
        monkeypatch.setattr(condition, "monitor", Monitor(database=None, feed=None))
        page = show(chief)
        assert page.count("Being checked") == 3
        assert read_figures(page)["Feed lag"] == [UNKNOWN, "being measured"]


def show_health(client: Client, monkeypatch: Any, **findings: Any) -> str:
    monkeypatch.setattr(condition, "monitor", Monitor(**findings))
    return show(client)


class TestCost:
    """As many statements for many rows as for few."""

    def test_of_a_superuser(self, chief: Client, acme: Organization) -> None:
        self._fill(acme)
        assert self._count(chief) <= MOST_QUERIES
        assert self._count(chief, organization="acme") <= MOST_QUERIES

    def test_of_others(self, acme: Organization, globex: Organization) -> None:
        self._fill(acme)
        client = make_client(make_staff(acme, globex))
        assert self._count(client) <= MOST_QUERIES
        assert self._count(client, organization="acme") <= MOST_QUERIES

    def _fill(self, acme: Organization) -> None:
        user = make_member(acme)
        for number in range(30):
            write(acme, number / 2, status=("SUCCESS", "ERROR")[number % 2], user=user)
            conflict(acme)
        grant(acme)
        measure_some(acme, 1, times=30)

    def _count(self, client: Client, **query: Any) -> int:
        show(client, **query)
        with CaptureQueriesContext(connection) as queries:
            show(client, **query)
        # The savepoint is that of the test's own transaction.
        return sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries)
