"""The editor of row filters, and its count."""

from __future__ import annotations

import json
import re
from typing import Any, Dict

import pytest
from django.test import Client

from sb_sync.models import DataFilter, ModelPermission, Organization
from sb_sync.testing.factories import grant, make_member
from tests.integration.dashboard import ON_SQLITE
from tests.integration.dashboard.permissions.addresses import PERMISSIONS
from tests.testapp.models import Customer

pytestmark = [pytest.mark.django_db, ON_SQLITE]
CUSTOMER = "testapp.Customer"
NORTH = {"field": "name", "operator": "startswith", "value": "N"}
OWN = {"field": "assigned_manager", "operator": "exact", "value": "$user.id"}


def address(group: Any, edit: str = "", *, organization: str = "acme") -> str:
    return f"{PERMISSIONS}filters/?organization={organization}&model={CUSTOMER}&group={group.pk}&edit={edit}"


def send(client: Client, group: Any, edit: str, condition: Any, **sent: Any) -> Any:
    """Open the editor and send its form as a browser does."""
    page = client.get(address(group, edit)).content.decode()
    seen = re.search(r'name="seen" value="(\w*)"', page)
    text = condition if isinstance(condition, str) else json.dumps(condition)
    form = {"seen": seen.group(1) if seen else "", "condition": text, "is_active": "on", "action": "save", **sent}
    return client.post(address(group, edit), form)


def count(client: Client, body: Any, *, organization: str = "acme") -> Any:
    where = f"{PERMISSIONS}filters/count/?organization={organization}&model={CUSTOMER}"
    return client.post(where, data=json.dumps(body), content_type="application/json", HTTP_ACCEPT="application/json")


class TestEditor:
    """Filters are made, changed and deleted, and stand in the history."""

    def test_a_filter_is_made_and_shown(self, client: Client, acme: Organization, sales: Any) -> None:
        assert "All rows" in client.get(address(sales)).content.decode()
        assert send(client, sales, "new", NORTH, name="north").status_code == 302
        made = DataFilter.objects.get()
        assert (made.site_id, made.group, made.filter_condition, made.is_active) == (acme.pk, sales, NORTH, True)
        entry = DataFilter.history.get()
        assert (entry.history_username, entry.history_change_reason) == (
            "olga", f"row filter of Sales on {CUSTOMER}",
        )  # fmt: skip
        assert "north" in client.get(address(sales)).content.decode()

    def test_a_filter_is_changed_put_out_of_force_and_deleted(self, client: Client, sales: Any) -> None:
        send(client, sales, "new", NORTH, name="north")
        key = str(DataFilter.objects.get().pk)
        assert send(client, sales, key, OWN, name="own", is_active="").status_code == 302
        changed = DataFilter.objects.get()
        assert (changed.filter_name, changed.filter_condition) == ("own", OWN)
        assert send(client, sales, key, "", action="delete").status_code == 302
        assert not DataFilter.objects.exists()

    def test_the_condition_of_the_rights_is_set_and_taken_away(
        self, client: Client, acme: Organization, sales: Any
    ) -> None:
        grant(acme, group="Sales", models=[CUSTOMER])
        assert send(client, sales, "rights", NORTH).status_code == 302
        assert ModelPermission.objects.get().filters == NORTH
        assert send(client, sales, "rights", "", action="delete").status_code == 302
        row = ModelPermission.objects.get()
        assert (row.filters, row.can_push) == (None, True)

    @pytest.mark.parametrize(
        ("condition", "told"),
        [
            ("{", "This is no JSON"),
            ("[" * 90_000, "This is no JSON"),
            ('{"field": "\\ud800", "operator": "exact", "value": 1}', "This is no JSON"),
            ({**NORTH, "value": "half \udfff"}, "This is no JSON"),
            ("", "Enter a condition"),
            ("null", "Enter a condition"),
            ("5", "A condition is an object"),
            ({"and": [NORTH, {**NORTH, "operator": "gt!"}]}, "There is no operator"),
            ({**NORTH, "field": "gone"}, "has no field"),
            ("x" * 100_001, "at most 100000 characters"),
        ],
    )
    def test_what_does_not_fit_is_told_and_shown_again(
        self, client: Client, sales: Any, condition: Any, told: str
    ) -> None:
        answer = send(client, sales, "new", condition, name="kept <name>")
        page = answer.content.decode()
        assert answer.status_code == 400
        assert told in page.replace("&#x27;", "'")
        assert "kept &lt;name&gt;" in page
        assert not DataFilter.objects.exists()

    def test_faults_are_told_with_their_places(self, client: Client, sales: Any) -> None:
        page = send(client, sales, "new", {"or": [NORTH, {**NORTH, "field": "gone"}]}, name="x").content.decode()
        editor = re.search(r'id="filter-editor" type="application/json">(.*?)</script>', page)
        assert editor is not None
        assert [fault["place"] for fault in json.loads(editor.group(1))["faults"]] == [["or", 1]]

    def test_a_name_is_needed_and_taken_once(self, client: Client, sales: Any) -> None:
        assert send(client, sales, "new", NORTH, name="  ").status_code == 400
        assert send(client, sales, "new", NORTH, name="north").status_code == 302
        assert "already" in send(client, sales, "new", OWN, name="north").content.decode()

    def test_who_comes_second_sees_what_there_is(self, client: Client, sales: Any) -> None:
        send(client, sales, "new", NORTH, name="north")
        key = str(DataFilter.objects.get().pk)
        for sent in ({"seen": "old"}, {"seen": "old", "action": "delete"}):
            answer = send(client, sales, key, OWN, name="own", **sent)
            assert answer.status_code == 409
            assert "Somebody else changed this filter" in answer.content.decode()
            assert DataFilter.objects.get().filter_condition == NORTH

    def test_a_filter_of_another_organization_is_not_there(
        self, client: Client, globex: Organization, sales: Any
    ) -> None:
        foreign = DataFilter.objects.create(
            site_id=globex.pk, group=sales, model_name=CUSTOMER, filter_name="secret", filter_condition=NORTH
        )
        assert client.get(address(sales, str(foreign.pk))).status_code == 404
        assert "secret" not in client.get(address(sales)).content.decode()
        assert client.get(address(sales, organization="globex")).status_code == 404
        for action in ("save", "delete"):
            answer = client.post(
                address(sales, str(foreign.pk)),
                {"seen": "", "condition": json.dumps(OWN), "name": "x", "action": action},
            )
            assert answer.status_code == 409
            assert "secret" not in answer.content.decode()
        assert DataFilter.objects.get().filter_condition == NORTH


class TestCount:
    """How many rows a condition shows, before it is saved."""

    @pytest.fixture
    def rows(self, acme: Organization, globex: Organization) -> Any:
        anna = make_member(acme, username="anna", group="Sales")
        make_member(globex, username="gina", group="Sales")
        Customer.objects.create(organization=acme, name="North", assigned_manager=anna)
        Customer.objects.create(organization=acme, name="South")
        Customer.objects.create(organization=globex, name="Nowhere")
        return anna

    def test_rows_of_this_organization_are_counted(self, client: Client, rows: Any) -> None:
        exactly = {"isMore": False}
        assert count(client, {"condition": NORTH}).json() == {
            "faults": [], "matching": {"number": 1, **exactly}, "total": {"number": 2, **exactly},
        }  # fmt: skip

    def test_a_condition_that_names_the_user_asks_for_one(self, client: Client, rows: Any) -> None:
        assert count(client, {"condition": OWN}).json() == {"faults": [], "needsUser": True}
        for stranger in ("gina", "nobody", "", None, 5, "\x00", ["anna"]):
            assert count(client, {"condition": OWN, "user": stranger}).json()["needsUser"] is True
        assert count(client, {"condition": OWN, "user": "anna"}).json()["matching"]["number"] == 1

    def test_faults_come_in_place_of_a_count(self, client: Client, rows: Any) -> None:
        answer = count(client, {"condition": {"not": {**NORTH, "field": "gone"}}}).json()
        assert [fault["place"] for fault in answer["faults"]] == [["not"]]
        for nonsense in (None, 5, [], {}, "x"):
            assert count(client, {"condition": nonsense}).json()["faults"]

    def test_another_organization_is_not_counted(self, client: Client, rows: Any) -> None:
        assert count(client, {"condition": NORTH}, organization="globex").status_code == 404

    def test_nothing_is_written(self, client: Client, rows: Any) -> None:
        before: Dict[str, int] = {"rows": Customer.objects.count(), "filters": DataFilter.objects.count()}
        count(client, {"condition": NORTH})
        assert {"rows": Customer.objects.count(), "filters": DataFilter.objects.count()} == before
