"""Every page of the admin site, opened by those who may not: by nobody, by users, by staff without a permission.

A page that a new table or a new button brings is found by itself.
"""

from __future__ import annotations

from itertools import product
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from sb_sync.models import StoredAnswer, TokenFamily
from tests.acceptance.isolation.image import look
from tests.acceptance.world import World
from tests.integration.dashboard import NOT_ON_MARIADB

pytestmark = NOT_ON_MARIADB

OWN = [page for model, page in admin.site._registry.items() if model._meta.app_label == "sb_sync"]
#: Django's own way from a key to its page: it asks nothing and opens nothing.
REDIRECTS = {None}


def find_pages(page: Any) -> Iterator[Tuple[str, str]]:
    """Yield (name, address) of every page of a table; of one row, that of a key which may or may not be there."""
    for pattern in page.get_urls():
        if pattern.name in REDIRECTS:
            continue
        keys: List[Any] = ["1"] * pattern.pattern.regex.groups
        yield pattern.name, reverse(f"admin:{pattern.name}", args=keys)


PAGES: Dict[str, Dict[str, str]] = {page.model._meta.label: dict(find_pages(page)) for page in OWN}


def browse(**user: Any) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_user("visitor", password="x", **user))
    return client


def test_there_are_pages() -> None:
    assert sum(map(len, PAGES.values())) >= 5 * len(OWN)
    assert "sb_sync_syncconflict_settle" in PAGES["sb_sync.SyncConflict"]


@pytest.mark.parametrize("table", PAGES)
def test_no_page_opens_to_strangers(world: World, table: str) -> None:
    before = look()
    staff = browse(is_staff=True)
    member = Client()
    member.force_login(world.north_user)
    for method, (name, address) in product(("get", "post"), PAGES[table].items()):
        for client in (Client(), member):
            answer = getattr(client, method)(address, {"action": "delete_selected", "post": "yes"})
            assert (answer.status_code, "/login/" in answer["Location"]) == (302, True), name
        answer = getattr(staff, method)(address, {"action": "delete_selected", "post": "yes"})
        # Django sends away who asks for a row that is not there, without saying more.
        assert answer.status_code in (302, 403, 404), (method, name)
        assert answer.status_code != 302 or answer["Location"] == reverse("admin:index"), name
    assert look() == before


@pytest.mark.parametrize(
    ("table", "lookups"),
    [
        ("storedanswer", ["answer__contains", "rules__startswith", "answer"]),
        ("tokenfamily", ["refresh_jti__startswith", "user__password__startswith", "user__sync_token_families__id"]),
        ("syncconflict", ["user__password__startswith", "settled_by__password__contains"]),
        ("synclog", ["user__password__startswith", "user__email"]),
        ("datafilter", ["group__user__password__startswith"]),
        ("usersite", ["user__password__startswith"]),
    ],
)
def test_an_address_of_a_list_asks_for_nothing_that_the_list_does_not_show(
    world: World, table: str, lookups: List[str]
) -> None:
    StoredAnswer.objects.create(user=world.north_user, site_id=world.north.pk, path="/", answer={"x": "hidden"})
    assert TokenFamily.objects.count() == 0
    client = Client()
    staff = get_user_model().objects.create_user("reader", password="x", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="sb_sync"))
    client.force_login(staff)
    address = reverse(f"admin:sb_sync_{table}_changelist")
    assert client.get(address).status_code == 200
    for lookup in lookups:
        assert client.get(address, {lookup: "p"}).status_code == 400, lookup
