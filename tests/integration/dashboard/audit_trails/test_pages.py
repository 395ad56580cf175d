"""The pages of the audit trails: who sees which entries, what they tell, and what they do with a wrong address."""

from __future__ import annotations

import csv
import io
import re
from typing import Any, List

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sb_sync.attribution import attributed_to
from sb_sync.config import SyncConfig
from sb_sync.dashboard.permissions import AUDIT, EXPORT, VIEW
from sb_sync.models import DataFilter, ModelPermission, Organization
from sb_sync.testing.factories import grant, make_organization
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.staff import CONFIG, make_chief, make_client, make_staff

pytestmark = [pytest.mark.django_db, NOT_ON_MARIADB]
TRAILS = CONFIG + "audit-trails/"
ENTRY = '<details class="audit-entry"'
MARKUP = "<img src=x onerror=alert(1)>"
NO_PLACES = (
    "2026-01-01|sb_sync.DataFilter|1",
    "2026-01-01T00:00:00+00:00|auth.User|1",
    "2026-01-01T00:00:00+00:00|sb_sync.DataFilter|-1",
    "9999-12-31T23:59:59+99:99|sb_sync.DataFilter|1",
)


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def globex() -> Organization:
    return make_organization("globex", name="Globex")


@pytest.fixture
def chief() -> Client:
    return make_client(make_chief())


def show(client: Client, address: str = TRAILS, code: int = 200, /, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == code, answer.content.decode()[-2000:]
    return answer.content.decode()


def export(client: Client, **query: Any) -> List[List[str]]:
    answer: Any = client.get(TRAILS + "export/", query)
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def add_filter(organization: Organization, name: str, condition: Any) -> DataFilter:
    group, _ = Group.objects.get_or_create(name="Users")
    return DataFilter.objects.create(
        site=organization.site, group=group, model_name="testapp.Customer", filter_name=name, filter_condition=condition
    )


def is_at(field: str, value: Any) -> Any:
    return {"field": field, "operator": "exact", "value": value}


class TestWhoSeesWhat:
    """Superusers see all, others the entries of their organizations, in every address."""

    def test_others_see_the_entries_of_their_organizations(self, acme: Organization, globex: Organization) -> None:
        add_filter(acme, "ours", is_at("name", "x"))
        theirs = add_filter(globex, "theirs", is_at("name", "their-secret"))
        SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 123)
        client = make_client(make_staff(acme))
        for query in ({}, {"organization": "acme"}, {"kind": "created"}, {"model": "sb_sync.DataFilter"}):
            shown = show(client, **query)
            assert "ours" in shown
            assert "their-secret" not in shown
            assert "Globex" not in shown
        for query in (
            {"model": "sb_sync.DataFilter", "key": str(theirs.pk)},
            {"model": "sb_sync.SyncConfiguration"},
        ):
            assert "No entry matches" in show(client, **query)
        cells = [cell for row in export(client) for cell in row]
        assert any("ours" in cell for cell in cells)
        assert not any("their" in cell or "Globex" in cell or cell == "123" for cell in cells)
        everything = show(make_client(make_chief()))
        assert all(text in everything for text in ("ours", "their-secret", ">123</ins>"))

    @pytest.mark.parametrize("path", ["", "new/", "export/"])
    def test_an_organization_of_others_is_as_one_that_is_not_there(
        self, acme: Organization, globex: Organization, path: str
    ) -> None:
        show(make_client(make_staff(acme)), TRAILS + path, 404, organization="globex")

    @pytest.mark.parametrize("path", ["", "new/", "export/"])
    def test_the_permission_is_asked_for_besides_that_of_the_pages(self, acme: Organization, path: str) -> None:
        for permissions in ((VIEW, EXPORT), (AUDIT, EXPORT)):
            user = make_staff(acme, username=permissions[0], permissions=permissions)
            shown = show(make_client(user), TRAILS + path, 403)
            assert ({VIEW, AUDIT} - set(permissions)).pop() in shown

    def test_whoever_may_not_export_is_not_offered_to_and_cannot(self, acme: Organization) -> None:
        add_filter(acme, "ours", is_at("name", "x"))
        client = make_client(make_staff(acme, permissions=(VIEW, AUDIT)))
        assert "export/" not in show(client)
        show(client, TRAILS + "export/", 403)

    def test_the_side_bar_names_it_to_those_who_may_alone(self, acme: Organization) -> None:
        clients = [
            make_client(make_staff(acme, username=name, permissions=permissions))
            for name, permissions in (("with", (VIEW, AUDIT)), ("without", (VIEW,)))
        ]
        assert [TRAILS in show(client, CONFIG) for client in clients] == [True, False]


class TestWhatIsTold:
    """Each value before and after; what one request did stands together."""

    def test_values_before_and_after_by_path_with_who_and_why(self, acme: Organization, chief: Client) -> None:
        with attributed_to(make_staff(acme, username="rob"), "a good reason"):
            made = add_filter(acme, "region", is_at("name", "north"))
            made.filter_condition = {"and": [is_at("name", "south"), is_at("name", "x")]}
            made.save()
            made.delete()
        rows = export(chief, model="sb_sync.DataFilter")
        assert {tuple(row[1:3]) for row in rows[1:]} == {("rob", "a good reason")}
        changed = [row[7:] for row in rows if row[3] == "Changed"]
        assert ["filter_condition", "value", "north", ""] in changed
        assert [row[3] for row in rows[1:]] == sorted(
            (row[3] for row in rows[1:]), key=["Deleted", "Changed", "Created"].index
        )
        shown = show(chief, model="sb_sync.DataFilter")
        assert shown.count('class="panel audit-group"') == 1
        assert shown.count(ENTRY) == 3
        assert "a good reason" in shown
        assert re.search(r"<del[^>]*>north</del>", shown)

    def test_one_row_has_its_trail_by_its_key(self, acme: Organization, chief: Client) -> None:
        first, second = add_filter(acme, "first", is_at("name", "x")), add_filter(acme, "second", is_at("name", "x"))
        shown = show(chief, model="sb_sync.DataFilter", key=str(first.pk))
        assert "first" in shown
        assert "second" not in shown
        assert f"key={second.pk}" in show(chief)

    @pytest.mark.parametrize(("kind", "count"), [("created", 1), ("changed", 2), ("deleted", 0)])
    def test_a_kind_can_be_asked_for(self, acme: Organization, chief: Client, kind: str, count: int) -> None:
        made = add_filter(acme, "region", is_at("name", "x"))
        for value in ("y", "z"):
            made.filter_condition = is_at("name", value)
            made.save()
        shown = show(chief, kind=kind, model="sb_sync.DataFilter")
        assert shown.count(ENTRY) == count

    def test_a_time_ends_with_the_moment_that_is_named(self, acme: Organization, chief: Client) -> None:
        entry = add_filter(acme, "region", is_at("name", "x")).history.first()
        entry.history_date = entry.history_date.replace(year=2020, month=3, day=5, hour=12)
        entry.save()
        for query, is_found in (
            ({"until": "2020-03-05"}, True),
            ({"until": f"{entry.history_date:%Y-%m-%dT%H:%M:%S.%fZ}"}, True),
            ({"until": "2020-03-04"}, False),
            ({"since": "2020-03-05", "until": "2020-03-05"}, True),
            ({"since": "2020-03-06", "until": "2020-12-31"}, False),
        ):
            assert ("region" in show(chief, **query)) is is_found, query

    def test_markup_in_names_and_values_stays_text(self, acme: Organization, chief: Client) -> None:
        with attributed_to(make_staff(acme, username="<b>rob</b>"), MARKUP):
            add_filter(acme, "<i>name</i>", is_at("name", MARKUP))
        shown = show(chief)
        assert "<img src=x" not in shown
        assert "<i>name" not in shown
        assert "<b>rob" not in shown
        assert "&lt;img src=x" in shown

    def test_what_would_be_a_formula_is_a_text_in_the_file(self, acme: Organization, chief: Client) -> None:
        with attributed_to(make_staff(acme, username="=rob()"), "=cmd()"):
            add_filter(acme, "+1", is_at("name", "x"))
            # Some spreadsheets take it in its full width too.
            add_filter(acme, "\uff1d1", is_at("name", "x"))
        rows = export(chief, model="sb_sync.DataFilter")
        assert rows[1][1:3] == ["'=rob()", "'=cmd()"]
        cells = [cell for row in rows for cell in row]
        assert "'+1" in cells
        assert "'\uff1d1" in cells

    def test_settings_are_told_to_superusers_and_linked_from_their_page(
        self, acme: Organization, chief: Client
    ) -> None:
        SyncConfig.set_config("MODEL_DISCOVERY", "MODEL_PREFIX", "Old")
        discovery = CONFIG + "model-discovery/"
        assert "audit-trails/?model=sb_sync.SyncConfiguration" in show(chief, discovery)
        assert "audit-trails/?model=" not in show(make_client(make_staff(acme)), discovery)
        assert "MODEL_PREFIX" in show(chief, model="sb_sync.SyncConfiguration")


class TestPages:
    """Page by page, and what came since."""

    def test_pages_hold_every_entry_once(self, acme: Organization, chief: Client) -> None:
        grant(acme, models=["testapp.Customer"])
        row = ModelPermission.objects.get()
        for number in range(130):
            row.can_push = bool(number % 2)
            row.save()
        address, seen, pages = TRAILS + f"?model=sb_sync.ModelPermission&key={row.pk}", 0, 0
        while address:
            shown = show(chief, address)
            seen, pages = seen + shown.count(ENTRY), pages + 1
            found = re.search(r'rel="next" href="([^"]+)"', shown)
            address = TRAILS + found[1].replace("&amp;", "&") if found else ""
        assert (seen, pages) == (row.history.count(), 3)

    def test_new_entries_are_counted_for_the_script(self, acme: Organization, globex: Organization) -> None:
        add_filter(acme, "old", is_at("name", "x"))
        client = make_client(make_staff(acme))
        found = re.search(r'data-refresh="([^"]+)"', show(client))
        assert found is not None
        address = found[1].replace("&amp;", "&")
        assert client.get(address).json()["count"] == 0
        made = add_filter(acme, "new", is_at("name", "x"))
        add_filter(globex, "theirs", is_at("name", "x"))
        assert made.history.count() == 1
        ours = client.get(address).json()
        assert ours["count"] >= 1
        assert ours["count"] < make_client(make_chief()).get(address).json()["count"]
        assert ours["text"].endswith("new entries" if ours["count"] > 1 else "new entry")

    def test_nothing_new_can_come_of_a_time_that_is_over(self, acme: Organization, chief: Client) -> None:
        assert "data-refresh=" not in show(chief, until="2020-01-01")

    def test_empty_pages_say_what_to_do(self, acme: Organization, chief: Client) -> None:
        for model in (ModelPermission, DataFilter):
            model.history.all().delete()  # type: ignore[attr-defined]
        assert "No entry matches" in show(chief, model="sb_sync.DataFilter")
        assert "Nothing was changed in this organization yet" in show(make_client(make_staff()), TRAILS)


class TestWrongAddresses:
    """Each is told, and none is a 500."""

    @pytest.mark.parametrize(
        "query",
        [
            {"since": "x"}, {"until": "2020-13-01"}, {"model": "auth.User"}, {"kind": "eaten"}, {"user": "x" * 300},
            {"key": "k" * 300}, {"since": "0001-01-01"}, {"user": "a\x00b"},
        ],
    )  # fmt: skip
    def test_a_filter_that_cannot_be_read_is_told_beside_it(
        self, acme: Organization, chief: Client, query: Any
    ) -> None:
        add_filter(acme, "ours", is_at("name", "x"))
        shown = show(chief, TRAILS, 400, **query)
        assert "A filter cannot be read" in shown
        assert "audit-group" not in shown
        show(chief, TRAILS + "export/", 400, **query)
        show(chief, TRAILS + "new/", 400, **query)

    @pytest.mark.parametrize("text", [*NO_PLACES, "x", "|", "\x00", "9" * 5000])
    def test_a_place_that_no_page_gave_is_refused(self, acme: Organization, chief: Client, text: str) -> None:
        show(chief, TRAILS, 400, after=text)
        show(chief, TRAILS + "new/", 400, than=text)

    @pytest.mark.parametrize("key", ["x", "9" * 40, "-1", "1.5", "' OR 1=1"])
    def test_a_key_that_is_none_finds_nothing(self, acme: Organization, chief: Client, key: str) -> None:
        add_filter(acme, "ours", is_at("name", "x"))
        assert "No entry matches" in show(chief, key=key)


def test_a_page_takes_few_statements_however_much_there_is(acme: Organization, globex: Organization) -> None:
    for number in range(30):
        add_filter(acme if number % 2 else globex, f"filter {number}", is_at("name", str(number)))
    for client in (make_client(make_chief()), make_client(make_staff(acme, globex))):
        show(client)
        with CaptureQueriesContext(
            connection,
        ) as context:
            show(client)
        assert len(context) <= 15, [query["sql"][:200] for query in context.captured_queries]
