"""The page of conflicts."""

from __future__ import annotations

import uuid
from typing import Any, Dict, Iterable

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from sb_sync.models import SyncConflict, UserSite
from tests.integration.push.world import World, make_world
from tests.testapp.models import Customer

pytestmark = pytest.mark.django_db(transaction=True)

VIEW = ["view_syncconflict", "view_customer"]


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def conflict(world: World) -> SyncConflict:
    key = str(uuid.uuid4())
    made = world.one(model="testapp.Customer", id=key, name="<b>Old</b>")
    world.one(model="testapp.Customer", id=key, name="<i>Theirs</i>")
    world.one(model="testapp.Customer", id=key, name="<b>Mine</b>", _version=made["_version"], _base={"name": "Älter"})
    return SyncConflict.objects.get()


def browse(world: World, permissions: Iterable[str], *, is_member: bool = True) -> Client:
    """Return the browser of a member of staff."""
    staff = get_user_model().objects.create_user("staff", password="x", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=list(permissions)))
    if is_member:
        group = UserSite.objects.get(user=world.user).group
        UserSite.objects.create(user=staff, site_id=world.acme.pk, group=group)
    client = Client()
    client.force_login(staff)
    return client


def address(page: str, *args: Any) -> str:
    return reverse(f"admin:sb_sync_syncconflict_{page}", args=args)


def test_both_sides_stand_side_by_side(world: World, conflict: SyncConflict) -> None:
    page = browse(world, VIEW).get(address("change", conflict.pk)).content.decode()
    for side in ("Älter", "&lt;b&gt;Mine&lt;/b&gt;", "&lt;i&gt;Theirs&lt;/i&gt;", "≠"):
        assert side in page
    assert "<b>Mine" not in page
    assert "/settle/" not in page


def test_who_may_not_view_the_model_sees_nothing_of_it(world: World, conflict: SyncConflict) -> None:
    browser = browse(world, ["view_syncconflict", "change_syncconflict"])
    assert conflict.object_key not in browser.get(address("changelist")).content.decode()
    assert browser.get(address("changelist") + "?q=testapp").status_code == 200
    assert browser.get(address("change", conflict.pk)).status_code in (302, 404)
    assert browser.get(address("settle", conflict.pk)).status_code == 404
    form = {"action": "let_client_win", "_selected_action": [conflict.pk]}
    browser.post(address("changelist"), form)
    conflict.refresh_from_db()
    assert conflict.status == "unsettled"


def test_strangers_see_no_page(world: World, conflict: SyncConflict) -> None:
    browser = browse(world, ["view_customer", "change_customer"])
    for page in (address("changelist"), address("change", conflict.pk), address("settle", conflict.pk)):
        assert browser.get(page).status_code == 403
    assert Client().get(address("settle", conflict.pk)).status_code == 302


@pytest.mark.parametrize(("action", "name"), [("let_client_win", "<b>Mine</b>"), ("keep_server", "<i>Theirs</i>")])
def test_a_side_is_chosen_in_the_list(world: World, conflict: SyncConflict, action: str, name: str) -> None:
    form = {"action": action, "_selected_action": [conflict.pk]}
    page = browse(world, [*VIEW, "change_syncconflict"]).post(address("changelist"), form, follow=True)
    assert "1 conflict is settled." in page.content.decode()
    conflict.refresh_from_db()
    assert (conflict.status, conflict.settled_by and conflict.settled_by.get_username()) == ("settled", "staff")
    assert Customer.objects.get().name == name


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"choice": "values", "values": '{"age": "x"}'}, "age: "),
        ({"choice": "values", "values": "[]"}, "Enter a JSON object."),
        ({"choice": "values", "values": "{"}, "Enter a valid JSON."),
        ({"choice": "values"}, "Enter a JSON object."),
        ({"choice": "none"}, "Select a valid choice"),
        ({}, "This field is required."),
    ],
)
def test_a_bad_choice_is_told_in_the_form(
    world: World, conflict: SyncConflict, form: Dict[str, str], told: str
) -> None:
    browser = browse(world, [*VIEW, "change_syncconflict"])
    page = browser.post(address("settle", conflict.pk), form).content.decode()
    assert told in page
    conflict.refresh_from_db()
    assert conflict.status == "unsettled"


def test_values_are_chosen_in_a_form(world: World, conflict: SyncConflict) -> None:
    browser = browse(world, [*VIEW, "change_syncconflict"])
    assert "/settle/" in browser.get(address("change", conflict.pk)).content.decode()
    page = browser.get(address("settle", conflict.pk)).content.decode()
    assert "&lt;b&gt;Mine&lt;/b&gt;" in page
    form = {"choice": "values", "values": '{"name": "Both"}'}
    assert browser.post(address("settle", conflict.pk), form).status_code == 302
    assert Customer.objects.get().name == "Both"
    page = browser.get(address("change", conflict.pk)).content.decode()
    assert "Both" in page
    assert "/settle/" not in page
    again = browser.post(address("settle", conflict.pk), form).content.decode()
    assert "settled already" in again


def test_who_is_no_member_is_told_so(world: World, conflict: SyncConflict) -> None:
    browser = browse(world, [*VIEW, "change_syncconflict"], is_member=False)
    page = browser.post(address("settle", conflict.pk), {"choice": "client"}).content.decode()
    assert "You are no member of this organization." in page


def test_a_row_that_changed_again_is_told(world: World, conflict: SyncConflict) -> None:
    Customer.objects.update(name="Newer")
    browser = browse(world, [*VIEW, "change_syncconflict"])
    page = browser.post(address("settle", conflict.pk), {"choice": "client"}).content.decode()
    assert "The row has changed again since." in page
    assert Customer.objects.get().name == "Newer"


def test_conflicts_without_a_row_and_deletions_are_shown(world: World) -> None:
    key = str(uuid.uuid4())
    world.one(model="testapp.Customer", id=key, name="Mine", _version="x")
    made = world.one(model="testapp.Customer", id=key, name="A")
    world.one(model="testapp.Customer", id=made["id"], _deleted=True, _version="x")
    browser = browse(world, VIEW)
    pages = [browser.get(address("change", row.pk)).content.decode() for row in SyncConflict.objects.order_by("pk")]
    assert "there was no row" in pages[0]
    assert "client deletes the row" in pages[1]
