"""Who may read and write rights, and of which organizations."""

from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from sb_sync.dashboard.permissions import MATRIX, VIEW
from sb_sync.models import DataFilter, ModelPermission, Organization
from sb_sync.testing.factories import grant, make_member
from tests.integration.dashboard import ON_SQLITE
from tests.integration.dashboard.permissions.addresses import PAGES, PERMISSIONS
from tests.staff import make_chief, make_client, make_staff

pytestmark = [pytest.mark.django_db, ON_SQLITE]
MARKUP = "<img src=x onerror=alert(1)>"
NONSENSE: List[Dict[str, str]] = [
    {"model": "no.Model"}, {"model": "auth.User"}, {"model": "%00"}, {"model": "x" * 3000},
    {"group": "0"}, {"group": "-1"}, {"group": "9" * 30}, {"group": "%C2%B2"}, {"group": "%00"},
    {"edit": "x"}, {"edit": "%00"}, {"edit": "9" * 30}, {"since": "x"}, {"since": "9" * 40},
    {"source": "x", "target": "%00"}, {"user": "%00"}, {"user": "x" * 3000},
    {"page": "9" * 30}, {"page": "-1"}, {"q": "%00"}, {"app": "nowhere"},
]  # fmt: skip


def ask(client: Client, method: str, path: str, query: Dict[str, Any], **options: Any) -> Any:
    address = PERMISSIONS + path + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    if method == "get":
        return client.get(address, **options)
    return client.post(address, data=json.dumps({"changes": []}), content_type="application/json", **options)


def full_query(slug: str, group: Any) -> Dict[str, Any]:
    return {
        "organization": slug, "model": "testapp.Customer", "group": group.pk, "edit": "rights", "since": 0,
        "source": group.pk, "target": group.pk, "user": "olga",
    }  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PAGES)
class TestEveryAddress:
    """What holds for each of them."""

    def test_the_anonymous_are_sent_away(self, acme: Organization, sales: Any, method: str, path: str) -> None:
        assert ask(Client(), method, path, full_query("acme", sales)).status_code == 302

    def test_others_than_staff_are_refused(self, acme: Organization, sales: Any, method: str, path: str) -> None:
        client = make_client(make_member(acme))
        assert ask(client, method, path, full_query("acme", sales)).status_code == 403

    def test_another_organization_is_not_there(
        self, client: Client, globex: Organization, sales: Any, method: str, path: str
    ) -> None:
        answer = ask(client, method, path, full_query("globex", sales))
        assert answer.status_code == 404
        assert "Globex" not in answer.content.decode()

    def test_who_may_only_look_cannot_write(self, acme: Organization, sales: Any, method: str, path: str) -> None:
        client = make_client(make_staff(acme, username="lena", permissions=[VIEW]))
        answer = ask(client, method, path, full_query("acme", sales))
        if method == "post":
            assert answer.status_code == 403
            assert MATRIX in answer.content.decode()
        else:
            assert answer.status_code in (200, 400)

    def test_writing_has_to_say_where(self, client: Client, sales: Any, method: str, path: str) -> None:
        query = full_query("acme", sales)
        del query["organization"]
        if method == "post":
            assert ask(client, method, path, query).status_code == 400

    def test_what_is_nonsense_is_told_so(self, client: Client, sales: Any, method: str, path: str) -> None:
        for wrong in NONSENSE:
            answer = ask(client, method, path, {**full_query("acme", sales), **wrong})
            assert answer.status_code in (200, 302, 400, 404), wrong


class TestMarkup:
    """Names are text, wherever they stand."""

    @pytest.fixture
    def evil(self) -> Any:
        chief = make_chief(MARKUP)
        group = Group.objects.create(name=MARKUP)
        evil = Organization.objects.create(slug="evil", name=MARKUP)
        make_member(evil, username=f"{MARKUP}2", group=MARKUP)
        grant(evil, group=MARKUP, models=["testapp.Product"])
        DataFilter.objects.create(
            site_id=evil.pk,
            group=group,
            model_name="testapp.Product",
            filter_name=f"{MARKUP}</script>",
            filter_condition={"field": "name", "operator": "exact", "value": f"</script>{MARKUP}"},
        )
        ModelPermission.objects.create(site_id=evil.pk, group=group, model_name=MARKUP, can_pull=True)
        return chief, group

    @pytest.mark.parametrize("path", [path for method, path in PAGES if method == "get" and path != "news/"])
    def test_markup_in_names_is_text(self, evil: Any, path: str) -> None:
        chief, group = evil
        query = {**full_query("evil", group), "user": MARKUP, "model": "testapp.Product", "q": ""}
        own = DataFilter.objects.get()
        for edit in ("rights", "new", str(own.pk)):
            shown = make_client(chief).get(PERMISSIONS + path, {**query, "edit": edit}).content.decode()
            assert "<img" not in shown
            assert "&lt;img" in shown
            assert "</script>&lt;" not in shown

    def test_markup_in_addresses_is_text(self, client: Client) -> None:
        for query in ({"q": MARKUP}, {"app": MARKUP}, {"page": MARKUP}):
            assert "<img" not in client.get(PERMISSIONS, query).content.decode()
        for path in ("model/", "why/", "copy/", "filters/"):
            wrong = dict.fromkeys(["model", "user", "source", "target", "to", "group"], MARKUP)
            assert "<img" not in client.get(PERMISSIONS + path, wrong).content.decode()
