"""Conflicts in a real browser: looked at, settled, and what happens where that fails."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from sb_sync.models import SyncConflict
from tests.browser import ON_SQLITE
from tests.browser.visitor import Visitor
from tests.integration.push.world import World, make_world
from tests.staff import make_chief
from tests.testapp.models import Customer

pytestmark = ON_SQLITE

# A page without an icon of its own would have the browser ask for the site's.
BROKEN_PAGE = '<link rel="icon" href="data:,">broken'


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def conflict(world: World) -> SyncConflict:
    return make_conflict(world)


@pytest.fixture
def chief(visitor: Visitor) -> Visitor:
    visitor.log_in(make_chief())
    visitor.page.emulate_media(reduced_motion="reduce")
    return visitor


def make_conflict(world: World) -> SyncConflict:
    key = str(uuid.uuid4())
    made = world.one(model="testapp.Customer", id=key, name="Old", age=1)
    world.one(model="testapp.Customer", id=key, name="Theirs", age=2)
    world.one(model="testapp.Customer", id=key, name="Mine", age=3, _version=made["_version"])
    return SyncConflict.objects.latest("pk")


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_axe_finds_nothing_serious_and_nothing_is_wider_than_a_phone(chief: Visitor, conflict: SyncConflict) -> None:
    for path in ("conflicts/", f"conflicts/{conflict.pk}/", f"conflicts/settle/?key={conflict.pk}&choice=client"):
        chief.page.set_viewport_size({"width": 360, "height": 740})
        chief.go(path)
        assert not chief.is_wider_than_window()
        chief.page.set_viewport_size({"width": 1366, "height": 800})
        assert chief.find_faults() == []
    chief.go("conflicts/?state=merged")
    assert chief.find_faults() == []


def test_marked_fields_are_written_by_keyboard_alone(chief: Visitor, conflict: SyncConflict) -> None:
    page = chief.go("conflicts/?state=unsettled")
    page.locator(".conflict-time").focus()
    page.keyboard.press("Enter")
    page.locator("input[name=take][value=age]").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Write the marked fields alone").focus()
    page.keyboard.press("Enter")
    page.get_by_text("The conflict is settled.").wait_for()
    assert Customer.objects.values_list("name", "age").get() == ("Theirs", 3)
    page.get_by_role("link", name="Back to the conflicts").click()
    page.get_by_text("No conflict matches").wait_for()


def test_a_mistake_in_values_is_told_beside_them_and_they_stay(chief: Visitor, conflict: SyncConflict) -> None:
    chief.expect("400")
    page = chief.go(f"conflicts/{conflict.pk}/")
    page.get_by_text("Write other values").click()
    page.locator("textarea").fill('{"name": ')
    press(page, "Write these values")
    page.get_by_text("Enter a valid JSON.").wait_for()
    assert page.locator("textarea").input_value() == '{"name": '
    page.locator("textarea").fill('{"name": "Both"}')
    press(page, "Write these values")
    page.get_by_text("The conflict is settled.").wait_for()
    assert Customer.objects.get().name == "Both"


def test_what_somebody_else_settled_meanwhile_is_told(chief: Visitor, conflict: SyncConflict) -> None:
    chief.expect("409")
    page = chief.go(f"conflicts/{conflict.pk}/")
    SyncConflict.objects.update(status="settled")
    press(page, "Write the client's side")
    page.get_by_text("Nothing was written.").wait_for()
    assert page.get_by_role("button", name="Write the client's side").count() == 0
    assert Customer.objects.get().name == "Theirs"


@pytest.mark.parametrize("failure", ["500", "lost"])
def test_after_a_failure_the_same_form_can_be_sent_again(chief: Visitor, conflict: SyncConflict, failure: str) -> None:
    chief.expect("500|ERR_")
    page = chief.go(f"conflicts/{conflict.pk}/")
    address = page.url

    def fail(route: Any) -> None:
        if route.request.method != "POST":
            route.continue_()
        elif failure == "500":
            route.fulfill(status=500, content_type="text/html", body=BROKEN_PAGE)
        else:
            route.abort()

    page.route(address, fail)
    press(page, "Keep the server's side")
    page.wait_for_load_state()
    assert SyncConflict.objects.get().status == "unsettled"
    page.unroute(address)
    page.goto(address)
    press(page, "Keep the server's side")
    page.get_by_text("The conflict is settled.").wait_for()


def test_several_are_marked_looked_at_and_settled(chief: Visitor, world: World, conflict: SyncConflict) -> None:
    make_conflict(world)
    page = chief.go("conflicts/?state=unsettled")
    for box in page.locator("input.mark").all():
        box.check()
    press(page, "Settle by the client's side")
    page.get_by_text("What the clients sent is written over").wait_for()
    assert SyncConflict.objects.filter(status="settled").count() == 0
    press(page, "Settle")
    page.get_by_text("2 conflicts are settled.").wait_for()
    assert set(Customer.objects.values_list("name", flat=True)) == {"Mine"}
