"""What the matrix and the page of a model save."""

from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from sb_sync.models import ModelPermission, Organization
from sb_sync.testing.factories import grant
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.integration.dashboard.permissions.addresses import PERMISSIONS
from tests.staff import make_client

pytestmark = [pytest.mark.django_db, NOT_ON_MARIADB]
CUSTOMER, ORDER = "testapp.Customer", "testapp.Order"


def save(client: Client, changes: Any, *, organization: str = "acme", **options: Any) -> Any:
    address = f"{PERMISSIONS}rights/?organization={organization}"
    body = json.dumps({"changes": changes}) if not isinstance(changes, bytes) else changes
    return client.post(address, data=body, content_type="application/json", HTTP_ACCEPT="application/json", **options)


def read(organization: Organization) -> Dict[str, List[bool]]:
    rows = ModelPermission.objects.filter(site=organization.pk).order_by("model_name")
    return {row.model_name: [row.can_push, row.can_pull] for row in rows}


class TestMatrix:
    """One request, however many cells."""

    def test_cells_are_saved_with_one_reason_and_one_moment(
        self, client: Client, acme: Organization, globex: Organization, sales: Any
    ) -> None:
        answer = save(client, [[sales.pk, CUSTOMER, 0, 3], [sales.pk, "testapp.Product", 0, 2]])
        assert answer.json() == {"written": 2, "shared": ["testapp.Product"]}
        assert read(acme) == {CUSTOMER: [True, True], "testapp.Product": [False, True]}
        assert read(globex) == {}
        entries = ModelPermission.history.all()
        told = {(entry.history_username, entry.history_change_reason, entry.history_date) for entry in entries}
        assert len(entries) == 2
        assert [(name, reason) for name, reason, _ in told] == [("olga", "permission matrix: 2 cells")]

    def test_who_comes_second_is_told_what_holds_and_by_whom(
        self, client: Client, acme: Organization, sales: Any
    ) -> None:
        assert save(client, [[sales.pk, CUSTOMER, 0, 2]]).status_code == 200
        answer = save(client, [[sales.pk, CUSTOMER, 0, 1], [sales.pk, ORDER, 0, 1]])
        assert answer.status_code == 409
        assert answer.json()["cells"] == [[sales.pk, CUSTOMER, 2]]
        assert answer.json()["who"] == "olga"
        assert read(acme) == {CUSTOMER: [False, True]}

    @pytest.mark.parametrize(
        "changes",
        [
            [], {}, None, "x", [[]], [[1, CUSTOMER, 0]], [["1", CUSTOMER, 0, 1]], [[True, CUSTOMER, 0, 1]],
            [[1, 5, 0, 1]], [[1, "", 0, 1]], [[1, "x\x00", 0, 1]], [[1, CUSTOMER, 0, 4]], [[1, CUSTOMER, -1, 1]],
            [[1, CUSTOMER, 0, 1.5]], [[10**30, CUSTOMER, 0, 1]], [[0, CUSTOMER, 0, 1]], [[1, CUSTOMER, None, 1]],
            [[2**31 - 1, CUSTOMER, 0, 1]], [[1, "auth.User", 0, 1]], [[1, CUSTOMER, 0, 1]] * 30_000,
            b"", b"[]", b"{", b"\xff", b'{"changes": ' + b"[" * 5000,
        ],
        ids=lambda value: repr(value)[:40],
    )  # fmt: skip
    def test_nonsense_is_refused(self, client: Client, acme: Organization, changes: Any) -> None:
        answer = save(client, changes)
        assert answer.status_code == 400
        assert answer.json()["detail"]
        assert read(acme) == {}

    def test_a_kind_gets_no_more_than_it_may(self, client: Client, acme: Organization) -> None:
        analysts = Group.objects.create(name="Analysts")
        answer = save(client, [[analysts.pk, CUSTOMER, 0, 1]])
        assert answer.status_code == 400
        assert "Analysts may only pull" in answer.json()["detail"]

    def test_who_lost_the_permission_saves_nothing(
        self, client: Client, acme: Organization, olga: Any, sales: Any
    ) -> None:
        olga.user_permissions.remove(Permission.objects.get(codename="change_permission_matrix"))
        assert save(client, [[sales.pk, CUSTOMER, 0, 1]]).status_code == 403
        assert read(acme) == {}

    def test_a_forged_request_saves_nothing(self, acme: Organization, olga: Any, sales: Any) -> None:
        client = make_client(olga, enforce_csrf_checks=True)
        assert save(client, [[sales.pk, CUSTOMER, 0, 1]]).status_code == 403
        assert read(acme) == {}


class TestModelPage:
    """One model, as a form."""

    ADDRESS = f"{PERMISSIONS}model/?organization=acme&model={CUSTOMER}"

    def test_what_was_ticked_is_saved(self, client: Client, acme: Organization, sales: Any) -> None:
        managers = Group.objects.get(name="Managers")
        grant(acme, group="Managers", models=[CUSTOMER, ORDER])
        sent = {f"seen-{sales.pk}": "0", f"pull-{sales.pk}": "on", f"seen-{managers.pk}": "3"}
        answer = client.post(self.ADDRESS, sent, follow=True)
        assert "The rights of 2 groups are changed." in answer.content.decode()
        rows = ModelPermission.objects.filter(model_name=CUSTOMER).order_by("group__name")
        assert [(row.can_push, row.can_pull) for row in rows] == [(False, False), (False, True)]
        assert ModelPermission.objects.get(model_name=ORDER).can_push

    def test_a_form_that_is_old_saves_nothing_and_shows_what_holds(
        self, client: Client, acme: Organization, sales: Any
    ) -> None:
        grant(acme, group="Sales", models=[CUSTOMER], push=False)
        answer = client.post(self.ADDRESS, {f"seen-{sales.pk}": "0", f"push-{sales.pk}": "on"})
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "changed meanwhile" in page
        assert f'name="seen-{sales.pk}" value="2"' in page
        assert read(acme) == {CUSTOMER: [False, True]}

    def test_what_the_form_did_not_show_stays(self, client: Client, acme: Organization, sales: Any) -> None:
        grant(acme, group="Sales", models=[CUSTOMER])
        for sent in ({}, {f"seen-{sales.pk}": "x"}, {f"push-{sales.pk}": "on"}, {f"seen-{sales.pk}": "\x00"}):
            assert client.post(self.ADDRESS, sent).status_code == 302
        assert read(acme) == {CUSTOMER: [True, True]}

    def test_a_kind_gets_no_more_than_it_may(self, client: Client, acme: Organization) -> None:
        analysts = Group.objects.create(name="Analysts")
        answer = client.post(self.ADDRESS, {f"seen-{analysts.pk}": "0", f"push-{analysts.pk}": "on"})
        assert answer.status_code == 400
        assert "Analysts may only pull" in answer.content.decode()

    def test_a_model_that_is_out_says_why(self, client: Client) -> None:
        answer = client.get(f"{PERMISSIONS}model/?organization=acme&model=auth.User")
        assert answer.status_code == 404
        assert "auth.User is not synchronised" in answer.content.decode()

    def test_a_shared_model_warns(self, client: Client) -> None:
        page = client.get(f"{PERMISSIONS}model/?organization=acme&model=testapp.Product").content.decode()
        assert "This model is shared" in page
