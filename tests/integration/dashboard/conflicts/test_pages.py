"""The pages of conflicts: who sees which, both sides, and what settling does to the row."""

from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, Tuple

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sb_sync.dashboard.permissions import CONFLICTS, EXPORT, SETTLE, VIEW
from sb_sync.models import Organization, SyncConflict, UserSite
from sb_sync.testing.factories import make_member, make_organization
from tests.integration.push.world import World, make_world
from tests.staff import CONFIG, make_chief, make_client, make_staff
from tests.testapp.models import Customer

PAGE = CONFIG + "conflicts/"
MARKUP = "<img src=x onerror=alert(1)>"
MODEL = "testapp.view_customer"
READER = (VIEW, CONFLICTS, MODEL)
NOON = datetime(2026, 1, 5, 12, tzinfo=timezone.utc)
MOST_QUERIES = 15


def write(place: Organization, **values: Any) -> SyncConflict:
    plain: Dict[str, Any] = {
        "model_name": "testapp.Customer", "object_key": "k1", "policy": "reject", "status": "unsettled",
        "client": {"id": "k1", "name": "Mine"}, "server": {"id": "k1", "name": "Theirs"}, "fields": ["name"],
    }  # fmt: skip
    return SyncConflict.objects.create(site_id=place.pk, **{**plain, **values})


def show(client: Client, address: str = PAGE, code: int = 200, /, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == code, answer.content.decode()[-2000:]
    return str(answer.content.decode())


def keys_of(page: str) -> List[int]:
    return [int(key) for key in re.findall(r'class="conflict-time" href="[^"]*/conflicts/(\d+)/', page)]


def main_of(page: str) -> str:
    return page.split("<main")[1].split("</main", maxsplit=1)[0]


@pytest.fixture
def acme(db: None) -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def globex(db: None) -> Organization:
    return make_organization("globex", name="Globex")


@pytest.fixture
def chief(db: None) -> Client:
    return make_client(make_chief())


class TestWhoSeesWhat:
    """Superusers see all, others those of their organizations and of models whose rows they may view."""

    def test_others_see_those_of_their_organizations(self, acme: Organization, globex: Organization) -> None:
        ours, theirs = write(acme), write(globex, object_key="theirs-key")
        client = make_client(make_staff(acme, permissions=READER))
        for query in ({}, {"organization": "acme"}, {"q": "k1"}, {"state": "unsettled"}):
            assert keys_of(show(client, **query)) == [ours.pk]
        assert keys_of(show(client, q="theirs-key")) == []
        assert keys_of(show(make_client(make_chief()))) == [theirs.pk, ours.pk]

    @pytest.mark.parametrize("path", ["", "export/", "settle/?key=1&choice=client"])
    def test_an_organization_of_others_is_not_there(self, acme: Organization, globex: Organization, path: str) -> None:
        client = make_client(make_staff(acme, permissions=(*READER, EXPORT, SETTLE)))
        joint = "&" if "?" in path else "?"
        assert client.get(f"{PAGE}{path}{joint}organization=globex").status_code == 404

    def test_one_of_others_is_as_one_that_is_not_there(self, acme: Organization, globex: Organization) -> None:
        client = make_client(make_staff(acme, permissions=(*READER, SETTLE)))
        theirs, hidden = write(globex), write(acme, model_name="testapp.Order")
        asked = [theirs.pk, hidden.pk, 10**6, 0, 10**30]
        answers = [client.get(f"{PAGE}{key}/") for key in asked]
        answers += [client.post(f"{PAGE}{key}/", {"choice": "server"}) for key in asked]
        assert {answer.status_code for answer in answers} == {404}
        assert len({main_of(answer.content.decode()) for answer in answers}) == 1
        answer = client.post(PAGE + "settle/", {"choice": "server", "key": [theirs.pk, hidden.pk]})
        assert "None of these conflicts is there" in answer.content.decode()
        assert not SyncConflict.objects.exclude(status="unsettled").exists()

    def test_who_may_not_view_the_model_sees_nothing_of_it(self, acme: Organization) -> None:
        write(acme, client={"name": "hidden-value"})
        page = show(make_client(make_staff(acme, permissions=(VIEW, CONFLICTS))))
        assert keys_of(page) == []
        assert "whose rows you may not view" in page

    @pytest.mark.parametrize("lacking", [VIEW, CONFLICTS])
    def test_every_page_asks_for_both_permissions(self, acme: Organization, lacking: str) -> None:
        conflict = write(acme)
        held = [each for each in (*READER, SETTLE, EXPORT) if each != lacking]
        client = make_client(make_staff(acme, permissions=held))
        for path in ("", "export/", f"{conflict.pk}/", f"settle/?key={conflict.pk}&choice=client"):
            assert client.get(PAGE + path).status_code == 403
            assert Client().get(PAGE + path).status_code == 302
        assert client.post(f"{PAGE}{conflict.pk}/", {"choice": "server"}).status_code == 403

    def test_the_side_bar_names_it_to_those_who_may_enter(self, acme: Organization) -> None:
        shown = show(make_client(make_staff(acme, permissions=[VIEW])), CONFIG)
        assert "/config/conflicts/" not in shown
        assert "/config/conflicts/" in show(make_client(make_staff(acme, username="o2", permissions=READER)), CONFIG)

    def test_who_may_not_settle_is_told_so_and_offered_nothing(self, acme: Organization) -> None:
        conflict = write(acme)
        client = make_client(make_staff(acme, permissions=READER))
        page = show(client, f"{PAGE}{conflict.pk}/")
        assert SETTLE in page
        assert 'name="choice"' not in page
        assert 'name="choice"' not in show(client)
        assert client.post(f"{PAGE}{conflict.pk}/", {"choice": "server"}).status_code == 403
        settling = {"choice": "server", "key": conflict.pk}
        assert client.post(PAGE + "settle/", settling).status_code == 403
        assert not SyncConflict.objects.exclude(status="unsettled").exists()


class TestList:
    """Filters in the address, paging, states without rows, the file."""

    def test_filters_narrow_and_join(self, chief: Client, acme: Organization) -> None:
        ann = make_member(acme, username="ann")
        first = write(acme, user=ann, created_at=NOON, request_id="r1")
        second = write(acme, model_name="testapp.Order", created_at=NOON + timedelta(days=1), status="merged")
        for query, wanted in (
            ({}, [second, first]), ({"user": "ann"}, [first]), ({"user": "nobody"}, []), ({"q": "r1"}, [first]),
            ({"model": "testapp.order"}, [second]), ({"state": "merged"}, [second]),
            ({"since": "2026-01-06"}, [second]), ({"until": "2026-01-05"}, [first]),
            ({"state": "merged", "user": "ann"}, []), ({"organization": "acme"}, [second, first]),
        ):  # fmt: skip
            assert keys_of(show(chief, **query)) == [each.pk for each in wanted]

    @pytest.mark.parametrize(
        "query", [{"since": "yesterday"}, {"until": "2026-13-01"}, {"state": "open"}, {"q": "\x00"}, {"user": "\x00"}]
    )
    def test_what_cannot_be_read_is_told_and_finds_nothing(
        self, chief: Client, acme: Organization, query: Dict[str, str]
    ) -> None:
        write(acme)
        page = show(chief, PAGE, 400, **query)
        assert "A filter cannot be read" in page
        assert keys_of(page) == []
        assert chief.get(PAGE + "export/", query).status_code == 400

    def test_pages_are_walked_there_and_back(self, chief: Client, acme: Organization) -> None:
        keys = [write(acme, created_at=NOON).pk for _ in range(60)][::-1]
        page = show(chief)
        assert keys_of(page) == keys[:50]
        after = re.findall(r'rel="next" href="\?after=([^"]+)"', page)[0]
        second = show(chief, after=after)
        assert keys_of(second) == keys[50:]
        before = re.findall(r'rel="prev" href="\?before=([^"]+)"', second)[0]
        assert keys_of(show(chief, before=before)) == keys[:50]
        assert chief.get(PAGE, {"after": "rubbish"}).status_code == 400

    def test_the_times_that_are_asked_for_most_are_one_click_away(self, chief: Client, acme: Organization) -> None:
        write(acme, created_at=NOON)
        new = write(acme)
        page = show(chief)
        (query,) = re.findall(r'href="([^"]+)">Last 24 hours<', page)
        assert keys_of(show(chief, PAGE + query.replace("&amp;", "&"))) == [new.pk]
        assert len(keys_of(page)) == 2

    def test_where_there_are_none_the_page_says_what_will_come(self, chief: Client) -> None:
        assert "There are no conflicts" in show(chief)
        assert "Clear the filters" in show(chief, state="merged")

    def test_the_cost_does_not_grow_with_rows(self, acme: Organization) -> None:
        client = make_client(make_staff(acme, permissions=(*READER, SETTLE)))
        counts = []
        for times in (1, 30):
            for number in range(times):
                write(acme, user=make_member(acme, username=f"u{times}-{number}"))
            show(client)
            with CaptureQueriesContext(connection) as queries:
                show(client)
            counts.append(sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries))
        assert counts[0] == counts[1] <= MOST_QUERIES

    def test_the_file_holds_what_the_list_shows_and_no_formula(self, chief: Client, acme: Organization) -> None:
        ann = make_member(acme, username="ann")
        write(acme, user=ann, object_key="=1+1", created_at=NOON)
        write(acme, status="merged")
        answer = chief.get(PAGE + "export/", {"state": "unsettled"})
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        _head, row = csv.reader(io.StringIO(text))
        assert row[:5] == ["2026-01-05T12:00:00Z", "ann", "Acme Corporation", "testapp.Customer", "'=1+1"]
        assert row[7] == '{"id": "k1", "name": "Mine"}'

    def test_the_file_asks_for_its_permission(self, acme: Organization) -> None:
        write(acme)
        client = make_client(make_staff(acme, permissions=READER))
        assert "Export as CSV" not in show(client)
        assert EXPORT in show(client, PAGE + "export/", 403)

    def test_markup_in_names_and_values_is_text(self, chief: Client) -> None:
        evil = make_organization("evil", name=MARKUP)
        user = make_member(evil, username=MARKUP)
        conflict = write(
            evil, user=user, object_key=MARKUP, client={"name": MARKUP}, server={"name": MARKUP + "2"}, fields=[MARKUP]
        )
        for page in (show(chief), show(chief, f"{PAGE}{conflict.pk}/"), show(chief, q=MARKUP)):
            assert "<img" not in page
            assert "&lt;img" in page

    def test_another_database_is_no_address(self, chief: Client, acme: Organization) -> None:
        show(chief, f"{PAGE}{write(acme).pk}/", 404, database="other")

    @pytest.mark.parametrize(
        "form",
        [
            {},
            {"key": "1"},
            {"choice": "client"},
            {"key": "x", "choice": "client"},
            {"key": "1", "choice": "both"},
            {"key": "9" * 40, "choice": "client"},
            {"key": [str(number) for number in range(201)], "choice": "client"},
        ],
    )
    def test_an_address_that_names_none_is_refused(self, chief: Client, form: Any) -> None:
        assert chief.get(PAGE + "settle/", form).status_code == 400
        assert chief.post(PAGE + "settle/", form).status_code == 400


class TestBothSides:
    """What a page shows of one conflict."""

    def test_what_differs_is_marked_and_only_that_can_be_taken(self, chief: Client, acme: Organization) -> None:
        conflict = write(
            acme,
            base={"name": "Old", "age": 3, "city": "Ulm"},
            client={"id": "k1", "name": "Mine", "age": 4, "city": "Ulm", "_version": "v"},
            server={"id": "k1", "name": "Theirs", "age": 3, "city": "Ulm", "note": None},
        )
        page = show(chief, f"{PAGE}{conflict.pk}/")
        boxes = re.findall(r'name="take" value="(\w+)"( checked)?', page)
        # The client alone changed the age.
        assert boxes == [("name", ""), ("age", " checked")]
        assert "_version" not in main_of(page)
        for text in ("&quot;Old&quot;", "&quot;Mine&quot;", "&quot;Theirs&quot;", "null"):
            assert text in page

    def test_deletions_and_rows_that_are_gone_are_told(self, chief: Client, acme: Organization) -> None:
        deletion = write(acme, client={"id": "k1", "_deleted": True})
        assert "the client deletes the row" in show(chief, f"{PAGE}{deletion.pk}/")
        gone = write(acme, server=None)
        assert "there was no row on the server" in show(chief, f"{PAGE}{gone.pk}/")
        both = write(acme, client={"_deleted": True}, server=None)
        assert "Neither side has a value" in show(chief, f"{PAGE}{both.pk}/")

    def test_one_that_is_settled_says_by_whom_and_how(self, chief: Client, acme: Organization) -> None:
        conflict = write(
            acme, status="settled", settled_at=NOON, settled_by=make_member(acme, username="mia"),
            resolution={"choice": "values", "values": {"name": "Both"}},
        )  # fmt: skip
        page = show(chief, f"{PAGE}{conflict.pk}/")
        assert "mia" in page
        assert "&quot;Both&quot;" in page
        assert 'name="choice"' not in page


@pytest.mark.django_db(transaction=True)
class TestSettling:
    """What is chosen is written through the checks of a push, or nothing is."""

    @pytest.fixture
    def world(self, transactional_db: None) -> World:
        return make_world()

    @pytest.fixture
    def conflict(self, world: World) -> SyncConflict:
        return self.make_conflict(world)

    def make_conflict(self, world: World) -> SyncConflict:
        key = str(uuid.uuid4())
        made = world.one(model="testapp.Customer", id=key, name="Old", age=1)
        world.one(model="testapp.Customer", id=key, name="Theirs", age=2)
        world.one(model="testapp.Customer", id=key, name="Mine", age=3, _version=made["_version"])
        return SyncConflict.objects.latest("pk")

    @pytest.fixture
    def editor(self, world: World) -> Client:
        return self.make_editor(world)

    def make_editor(self, world: World, **options: Any) -> Client:
        staff = make_staff(username=options.pop("username", "olga"), permissions=(*READER, SETTLE))
        UserSite.objects.create(user=staff, site_id=world.acme.pk, group=UserSite.objects.get(user=world.user).group)
        return make_client(staff, **options)

    @pytest.mark.parametrize(
        ("form", "stands"),
        [
            ({"choice": "client"}, ("Mine", 3)),
            ({"choice": "server"}, ("Theirs", 2)),
            ({"choice": "picked", "take": ["age"]}, ("Theirs", 3)),
            ({"choice": "values", "values": '{"name": "Both"}'}, ("Both", 2)),
        ],
    )
    def test_what_is_chosen_stands_in_the_row(
        self, conflict: SyncConflict, editor: Client, form: Any, stands: Any
    ) -> None:
        answer = editor.post(f"{PAGE}{conflict.pk}/?state=unsettled", form)
        assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}{conflict.pk}/?state=unsettled")
        assert "The conflict is settled." in editor.get(answer["Location"]).content.decode()
        assert Customer.objects.values_list("name", "age").get() == stands
        conflict.refresh_from_db()
        assert (conflict.status, conflict.settled_by.get_username()) == ("settled", "olga")

    def test_a_bad_choice_is_told(self, conflict: SyncConflict, editor: Client) -> None:
        bad: List[Tuple[Dict[str, Any], str]] = [
            ({"choice": "picked"}, "Mark the fields"),
            ({"choice": "picked", "take": ["id"]}, "Select a valid choice"),
            ({"choice": "values", "values": "[]"}, "Enter a JSON object."),
            ({"choice": "values", "values": "{"}, "Enter a valid JSON."),
            ({"choice": "none"}, "Select a valid choice"),
            ({}, "This field is required."),
        ]
        for form, told in bad:
            answer = editor.post(f"{PAGE}{conflict.pk}/", form)
            assert answer.status_code == 400
            assert told in answer.content.decode()
        conflict.refresh_from_db()
        assert conflict.status == "unsettled"

    def test_values_that_a_push_refuses_are_refused(self, conflict: SyncConflict, editor: Client) -> None:
        answer = editor.post(f"{PAGE}{conflict.pk}/", {"choice": "values", "values": '{"age": "x"}'})
        assert answer.status_code == 409
        assert "Nothing was written." in answer.content.decode()
        assert "age: " in answer.content.decode()

    def test_of_two_editors_the_second_is_told(self, world: World, conflict: SyncConflict, editor: Client) -> None:
        other = self.make_editor(world, username="mia")
        other.post(f"{PAGE}{conflict.pk}/", {"choice": "server"})
        answer = editor.post(f"{PAGE}{conflict.pk}/", {"choice": "client"})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "settled already" in page
        assert "mia" in page
        assert 'name="choice"' not in page
        assert Customer.objects.get().name == "Theirs"

    def test_a_row_that_changed_since_is_left_alone(self, conflict: SyncConflict, editor: Client) -> None:
        Customer.objects.update(name="Newer")
        answer = editor.post(f"{PAGE}{conflict.pk}/", {"choice": "client"})
        assert answer.status_code == 409
        assert "The row has changed again since." in answer.content.decode()
        assert Customer.objects.get().name == "Newer"

    def test_a_forged_form_writes_nothing(self, world: World, conflict: SyncConflict) -> None:
        editor = self.make_editor(world, enforce_csrf_checks=True)
        for address in (f"{PAGE}{conflict.pk}/", PAGE + "settle/"):
            answer = editor.post(address, {"choice": "client", "key": conflict.pk})
            assert answer.status_code == 403
            assert "load it again" in answer.content.decode()
        conflict.refresh_from_db()
        assert conflict.status == "unsettled"
        page = editor.get(f"{PAGE}{conflict.pk}/").content.decode()
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        answer = editor.post(f"{PAGE}{conflict.pk}/", {"choice": "client", "csrfmiddlewaretoken": token})
        assert answer.status_code == 302

    def test_several_are_looked_at_then_settled_and_each_is_told(
        self, world: World, conflict: SyncConflict, editor: Client
    ) -> None:
        second = self.make_conflict(world)
        SyncConflict.objects.filter(pk=second.pk).update(status="merged")
        query = {"key": [conflict.pk, second.pk], "choice": "client", "state": ""}
        page = editor.get(PAGE + "settle/", query).content.decode()
        assert re.findall(r'name="key" value="(\d+)"', page) == [str(second.pk), str(conflict.pk)]
        assert SyncConflict.objects.filter(status="settled").count() == 0
        answer = editor.post(PAGE + "settle/", {"key": [conflict.pk, second.pk], "choice": "client"})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "1 conflict is settled." in page
        assert "settled already" in page
        assert sorted(Customer.objects.values_list("name", flat=True)) == ["Mine", "Theirs"]
