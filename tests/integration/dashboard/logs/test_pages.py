"""The pages of the sync log: who sees which entries, what they show, and what they do with a wrong address."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone as clock

from sb_sync.dashboard.permissions import CONFLICTS, EXPORT, JOBS, VIEW
from sb_sync.dashboard.sections.logs import queries
from sb_sync.models import Organization, SyncConflict, SyncJob, SyncLog
from sb_sync.testing.factories import make_member, make_organization
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.staff import CONFIG, make_chief, make_client, make_staff

pytestmark = [pytest.mark.django_db, NOT_ON_MARIADB]
LOGS = CONFIG + "logs/"
MARKUP = "<img src=x onerror=alert(1)>"
NOON = datetime(2026, 1, 5, 12, tzinfo=timezone.utc)


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def globex() -> Organization:
    return make_organization("globex", name="Globex")


@pytest.fixture
def chief() -> Client:
    return make_client(make_chief())


def write(organization: Any = None, **values: Any) -> SyncLog:
    plain: Dict[str, Any] = {"operation": "PULL", "status": "SUCCESS", "model_name": "shop.Customer"}
    return SyncLog.objects.create(site_id=organization and organization.pk, **{**plain, **values})


def show(client: Client, address: str = LOGS, code: int = 200, /, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == code, answer.content.decode()[-2000:]
    return answer.content.decode()


def read_csv(answer: Any) -> List[List[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


class TestWhoSeesWhat:
    """Superusers see all, others the entries of their organizations, in every address."""

    def test_others_see_the_entries_of_their_organizations(self, acme: Organization, globex: Organization) -> None:
        write(acme, model_name="shop.Ours")
        write(globex, model_name="shop.Theirs")
        write(None, model_name="shop.Nobodys")
        client = make_client(make_staff(acme))
        for query in ({}, {"organization": "acme"}, {"q": "shop."}, {"model": "shop.Ours"}):
            shown = show(client, **query)
            assert "shop.Ours" in shown
            assert "shop.Theirs</a>" not in shown
            assert "shop.Nobodys" not in shown
        assert "shop.Theirs</a>" not in show(client, model="shop.Theirs")
        everything = show(make_client(make_chief()))
        assert all(name in everything for name in ("shop.Ours", "shop.Theirs", "shop.Nobodys"))

    def test_an_organization_that_is_chosen_is_the_only_one(self, acme: Organization, globex: Organization) -> None:
        write(acme, model_name="shop.Ours")
        write(globex, model_name="shop.Theirs")
        shown = show(make_client(make_chief()), organization="globex")
        assert "shop.Theirs" in shown
        assert "shop.Ours" not in shown

    @pytest.mark.parametrize("path", ["", "new/", "export/"])
    def test_an_organization_of_others_is_as_one_that_is_not_there(
        self, acme: Organization, globex: Organization, path: str
    ) -> None:
        client = make_client(make_staff(acme))
        show(client, LOGS + path, 404, organization="globex")

    def test_an_entry_of_others_is_as_one_that_is_not_there(self, acme: Organization, globex: Organization) -> None:
        client = make_client(make_staff(acme))
        ours, theirs, nobodys = write(acme), write(globex), write(None)
        assert "Acme Corporation" in show(client, f"{LOGS}{ours.pk}/")
        answers = [client.get(f"{LOGS}{key}/") for key in (theirs.pk, nobodys.pk, 10**6, 0, 10**30)]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content.decode().split("<main")[1] for answer in answers}) == 1
        show(make_client(make_chief()), f"{LOGS}{nobodys.pk}/")

    def test_a_user_of_another_organization_is_as_one_that_is_not_there(
        self, acme: Organization, globex: Organization
    ) -> None:
        write(globex, user=make_member(globex, username="rob"))
        client = make_client(make_staff(acme))
        pages = [show(client, user=name).replace(name, "NAME").split("<main")[1] for name in ("rob", "bor")]
        assert "No entry matches" in pages[0]
        assert pages[0].split("data-refresh")[0] == pages[1].split("data-refresh")[0]

    def test_what_is_of_the_same_request_is_of_the_same_user_and_organization(
        self, acme: Organization, globex: Organization
    ) -> None:
        ann, rob = make_member(acme, username="ann"), make_member(globex, username="rob")
        entry = write(acme, user=ann, request_id="r1")
        write(acme, user=ann, request_id="r1", object_count=77)
        write(globex, user=rob, request_id="r1", object_count=88)
        ours = SyncJob.objects.create(user=ann, site_id=acme.pk, request_id="r1", record_count=1)
        theirs = SyncJob.objects.create(user=rob, site_id=globex.pk, request_id="r1", record_count=1)
        for user, place, key in ((ann, acme, "key-ours"), (rob, globex, "key-theirs")):
            SyncConflict.objects.create(
                user=user, site_id=place.pk, model_name="testapp.Customer", object_key=key, policy="reject",
                status="unsettled", client={}, fields=[], request_id="r1",
            )  # fmt: skip
        page = f"{LOGS}{entry.pk}/"
        seers = [VIEW, JOBS, CONFLICTS, "testapp.view_customer"]
        shown = show(make_client(make_staff(acme, permissions=seers)), page)
        assert "77 records" in shown
        assert str(ours.pk) in shown
        assert "key-ours" in shown
        # Each asks for what its own page asks for.
        for number, lacking in enumerate(seers[1:]):
            others = make_staff(
                acme, username=f"staff-{number}", permissions=[each for each in seers if each != lacking]
            )
            told = show(make_client(others), page)
            assert (str(ours.pk) in told, "key-ours" in told) == (lacking != JOBS, lacking == JOBS)
        assert not any(each in shown for each in ("88 records", str(theirs.pk), "key-theirs"))

    def test_export_asks_for_its_permission(self, acme: Organization) -> None:
        write(acme)
        client = make_client(make_staff(acme, permissions=[VIEW]))
        assert "Export as CSV" not in show(client)
        assert EXPORT in show(client, LOGS + "export/", 403)

    def test_nobody_else_enters(self, acme: Organization) -> None:
        entry = write(acme)
        member = make_client(make_member(acme, username="anna"))
        for path in ("", "new/", "export/", f"{entry.pk}/"):
            assert Client().get(LOGS + path).status_code == 302
            assert member.get(LOGS + path).status_code == 403


class TestTheList:
    """Filters, pages, states."""

    def test_each_filter_narrows(self, acme: Organization, chief: Client) -> None:
        ann = make_member(acme, username="ann")
        write(
            acme, user=ann, model_name="shop.A", operation="PUSH", status="ERROR", timestamp=NOON, error_message="bad"
        )
        write(acme, model_name="shop.B", timestamp=NOON + timedelta(days=2), request_id="r-77")
        first: List[Dict[str, str]] = [
            {"user": "ann"}, {"model": "shop.A"}, {"operation": "PUSH"}, {"status": "ERROR"}, {"q": "BAD"},
            {"until": "2026-01-05"}, {"since": "2026-01-05", "until": "2026-01-05T12:00:00Z"},
        ]  # fmt: skip
        for query in first:
            shown = show(chief, **query).split("<main")[1]
            assert ("shop.A</a>" in shown, "shop.B</a>" in shown) == (True, False), query
        for query in ({"q": "r-77"}, {"since": "2026-01-06"}, {"operation": "PULL", "status": "SUCCESS"}):
            shown = show(chief, **query).split("<main")[1]
            assert ("shop.A</a>" in shown, "shop.B</a>" in shown) == (False, True), query

    def test_a_model_is_found_by_what_clients_call_it_in_any_case(self, chief: Client) -> None:
        write(model_name="testapp.Customer")
        assert "testapp.Customer</a>" in show(chief, model="TESTAPP.customer")

    def test_a_request_of_several_models_names_them_and_is_found_by_each(self, chief: Client) -> None:
        counts = {f"shop.M{number}": {"created": 1} for number in range(4)}
        write(model_name="", outcome={"models": counts, "failures": []})
        for number in range(4):
            shown = show(chief, model=f"shop.M{number}")
            assert "shop.M0</a>" in shown
            assert "and 2 more" in shown
        assert "No entry matches" in show(chief, model="shop.M")

    def test_pages_lead_to_each_other_with_the_filters(self, chief: Client) -> None:
        for number in range(60):
            write(status="ERROR", timestamp=NOON + timedelta(seconds=number), request_id=f"id-{number}-")
        answer = chief.get(LOGS, {"status": "ERROR"})
        older = answer.context["older"]
        assert "status=ERROR" in older
        second = chief.get(LOGS + older)
        keys = [row.entry.request_id for page in (answer, second) for row in page.context["rows"]]
        assert keys == [f"id-{number}-" for number in reversed(range(60))]
        assert "Newest" in second.content.decode()
        assert second.context["older"] == ""

    def test_a_search_that_stopped_says_how_far_it_came(self, chief: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queries, "STEPS", (5,))
        for number in range(12):
            write(timestamp=NOON - timedelta(hours=number))
        shown = show(chief, operation="PUSH")
        assert "Nothing found so far" in shown
        assert "2026-01-05 08:00:00 UTC" in shown
        assert "Search further back" in shown
        assert "No entry matches" not in shown

    def test_what_is_empty_says_what_to_do_next(self, acme: Organization, chief: Client) -> None:
        assert "Nothing was synchronised yet" in show(chief)
        assert "This organization synchronised nothing yet" in show(chief, organization="acme")
        write(acme)
        assert "No entry matches" in show(chief, status="ERROR")
        assert "There are no older entries" in show(chief, after="2020-01-01T00:00:00Z~1")

    @pytest.mark.parametrize(
        "query",
        [
            {"since": "yesterday"}, {"since": "2026-02-31"}, {"until": "9999-12-31"}, {"until": "0001-01-01"},
            {"status": "LOST"}, {"operation": "DROP"}, {"q": "x" * 201}, {"user": "u" * 255}, {"model": "m" * 5000},
            {"q": "\x00"}, {"user": "\x00"}, {"model": "\x00"}, {"since": "\x00"},
        ],
    )  # fmt: skip
    def test_a_filter_that_cannot_be_read_is_told_and_finds_nothing(self, chief: Client, query: Dict[str, str]) -> None:
        write(model_name="shop.Secret")
        shown = show(chief, LOGS, 400, **query)
        assert "filter-fault" in shown
        assert "shop.Secret" not in shown
        assert "data-refresh" not in shown
        assert show(chief, LOGS + "export/", 400, **query)
        assert show(chief, LOGS + "new/", 400, than="2026-01-01T00:00:00Z~1", **query)

    @pytest.mark.parametrize(
        "after",
        ["x", "~", "2026-01-01", "2026-01-01~1", "2026-01-01T00:00:00~1", "2026-01-01T00:00:00Z~x", "~1" * 3000,
         "0001-01-01T00:00:00+14:00~1", "9999-12-31T23:59:59-14:00~1", "2026-01-01T00:00:00Z~-1", "\x00"],
    )  # fmt: skip
    def test_a_place_that_is_none_is_refused(self, chief: Client, after: str) -> None:
        assert "names no page" in show(chief, LOGS, 400, after=after)
        assert show(chief, LOGS + "new/", 400, than=after)

    def test_a_place_of_any_size_is_one(self, chief: Client) -> None:
        show(chief, after="2026-01-01T00:00:00Z~" + "9" * 400)

    def test_markup_and_formulas_from_outside_are_text(self, acme: Organization, chief: Client) -> None:
        user = get_user_model().objects.create_user(MARKUP)
        evil = make_organization("evil", name=MARKUP)
        entry = write(
            evil,
            user=user,
            model_name=MARKUP,
            error_message=MARKUP,
            request_id=MARKUP,
            request_data={MARKUP: MARKUP},
            outcome={
                "models": {MARKUP: {"created": 1}},
                "failures": [
                    {"index": 0, "model": MARKUP, "id": MARKUP, "code": MARKUP, "errors": {MARKUP: [MARKUP]}},
                    MARKUP,
                ],
            },
        )
        for address in (LOGS, f"{LOGS}{entry.pk}/"):
            shown = show(chief, address)
            assert "<img" not in shown
            assert "&lt;img" in shown
        write(evil, error_message="=HYPERLINK(1)", request_id="+1", model_name="@x")
        row = read_csv(chief.get(LOGS + "export/"))[1]
        assert [row[5], row[8], row[9]] == ["'@x", "'=HYPERLINK(1)", "'+1"]

    def test_the_project_may_keep_times_without_a_zone(self, chief: Client, settings: Any) -> None:
        settings.USE_TZ = False
        settings.TIME_ZONE = "Europe/Berlin"
        write(timestamp=datetime(2026, 1, 5, 12, 30))  # noqa: DTZ001
        shown = show(chief, since="2026-01-05T11:30:00Z", until="2026-01-05T11:30:00Z")
        assert "2026-01-05 11:30:00 UTC" in shown
        assert "No entry matches" in show(chief, since="2026-01-05T11:30:01Z")

    def test_the_list_takes_few_statements(self, acme: Organization, globex: Organization) -> None:
        users = [make_member(acme, username=f"u{number}") for number in range(20)]
        for user in users:
            for status in ("ERROR", "SUCCESS"):
                write(acme, user=user, status=status)
        everything = {
            "user": "u1", "model": "shop.Customer", "status": "ERROR", "operation": "PULL", "q": "none",
            "since": "2020-01-01",
        }  # fmt: skip
        for client in (make_client(make_chief()), make_client(make_staff(acme, globex))):
            for query in ({}, {"organization": "acme"}, everything, {**everything, "organization": "acme"}):
                with CaptureQueriesContext(connection) as captured:
                    show(client, **query)
                assert len(captured) <= 15, [each["sql"] for each in captured]


class TestNews:
    """What a page asks every 30 seconds."""

    def test_new_entries_are_counted_with_the_filters_of_the_page(self, acme: Organization, chief: Client) -> None:
        write(acme)
        news = chief.get(LOGS, {"status": "ERROR", "organization": "acme"}).context["news"]
        assert chief.get(news).json() == {"count": 0, "text": "0 new entries"}
        write(acme, status="ERROR")
        write(acme)
        write(status="ERROR")
        assert chief.get(news).json() == {"count": 1, "text": "1 new entry"}
        write(acme, status="ERROR")
        assert chief.get(news).json() == {"count": 2, "text": "2 new entries"}

    def test_a_page_further_back_asks_for_what_came_since_it_was_shown(self, chief: Client) -> None:
        write()
        old = chief.get(LOGS, {"after": "2020-01-01T00:00:00Z~1"})
        write()
        assert chief.get(old.context["news"]).json()["count"] == 1

    def test_many_are_told_as_many(self, chief: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queries, "MOST_COUNTED", 3)
        news = chief.get(LOGS).context["news"]
        for _ in range(5):
            write()
        assert chief.get(news).json() == {"count": 3, "text": "3 or more new entries"}

    def test_of_a_time_that_has_passed_nothing_new_is_asked(self, chief: Client) -> None:
        assert chief.get(LOGS, {"until": "2020-01-01"}).context["news"] == ""

    def test_others_learn_nothing_of_what_they_may_not_see(self, acme: Organization, globex: Organization) -> None:
        client = make_client(make_staff(acme))
        news = client.get(LOGS).context["news"]
        write(globex)
        write(None)
        assert client.get(news).json()["count"] == 0


class TestExport:
    """The list as CSV."""

    def test_it_holds_what_the_filters_find_beyond_a_page(self, acme: Organization) -> None:
        user = make_member(acme, username="ann")
        for number in range(70):
            write(acme, user=user, status="ERROR", object_count=number, timestamp=NOON + timedelta(seconds=number))
        write(acme, operation="PUSH")
        answer = make_client(make_staff(acme)).get(LOGS + "export/", {"status": "ERROR"})
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"].startswith('attachment; filename="sync-log-')
        header, *rows = read_csv(answer)
        assert header[:5] == ["Time", "User", "Organization", "Operation", "Status"]
        assert [int(row[6]) for row in rows] == list(reversed(range(70)))
        assert rows[-1][:6] == ["2026-01-05T12:00:00Z", "ann", "Acme Corporation", "PULL", "ERROR", "shop.Customer"]

    def test_others_export_what_they_see(self, acme: Organization, globex: Organization) -> None:
        write(globex)
        write(None)
        assert len(read_csv(make_client(make_staff(acme)).get(LOGS + "export/"))) == 1

    def test_it_costs_a_few_statements_for_many_rows(self, chief: Client) -> None:
        now = clock.now()
        SyncLog.objects.bulk_create(
            SyncLog(operation="PULL", status="SUCCESS", timestamp=now - timedelta(seconds=number))
            for number in range(1200)
        )
        with CaptureQueriesContext(connection) as captured:
            assert len(read_csv(chief.get(LOGS + "export/"))) == 1201
        assert len(captured) <= 15


class TestAnEntry:
    """Its details."""

    def test_it_tells_what_was_done_and_what_was_refused(self, acme: Organization, chief: Client) -> None:
        entry = write(
            acme,
            operation="PUSH",
            status="WARNING",
            model_name="",
            object_count=3,
            error_message="invalid: 1",
            request_id="r-1",
            request_data={"data": [{"name": "Zoë", "password": "***"}]},
            processing_time=1.25,
            outcome={
                "models": {"shop.Customer": {"created": 2, "failed": 1}, "shop.Order": {"updated": 1}},
                "failures": [
                    {"index": 0, "model": "shop.Customer", "client_id": "tmp-7", "code": "invalid",
                     "errors": {"name": ["Too long."], "__all__": ["Odd."]}},
                    {"index": 4, "model": "shop.Order", "id": 9, "code": "conflict", "fields": ["total"]},
                    {"index": 5, "model": "shop.Order", "code": "invalid", "errors": "***"},
                    "… 12 more",
                ],
            },
        )  # fmt: skip
        shown = show(chief, f"{LOGS}{entry.pk}/", status="WARNING")
        for text in ("Too long.", "Odd.", "tmp-7", "total", "… 12 more", "Zoë", "1.25 s", "r-1", "invalid: 1"):
            assert text in shown
        assert f'href="{LOGS}?status=WARNING"' in shown

    def test_one_of_a_version_that_knew_less_is_shown(self, chief: Client) -> None:
        shown = show(chief, f"{LOGS}{write(request_data=None, outcome=None).pk}/")
        assert "No body was kept." in shown
        assert "Refused records" not in shown
