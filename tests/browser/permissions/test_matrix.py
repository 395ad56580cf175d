"""The matrix of rights: saved box by box, and whatever goes wrong is undone and said."""

from __future__ import annotations

import re
from typing import Any, List, Tuple

import pytest

from sb_sync.models import ModelPermission
from tests.browser import ON_SQLITE
from tests.browser.gallery.world import World
from tests.browser.visitor import Visitor

pytestmark = ON_SQLITE
MATRIX = "permissions/?organization=acme"
RIGHTS = "**/permissions/rights/**"


def box_of(page: Any, world: World, right: str = "push") -> Any:
    """Return the box of the world's group and first model."""
    place = page.evaluate(
        "(id) => [...document.querySelectorAll('th[data-group]')].findIndex((head) => head.dataset.group === id)",
        str(world.group.pk),
    )
    return page.locator(f'tr[data-label="{world.label}"] td').nth(place + 1).locator(f"input.{right}")


def stored(world: World) -> Tuple[bool, bool]:
    found = ModelPermission.objects.get(site=world.organization.pk, group=world.group, model_name=world.label)
    return found.can_push, found.can_pull


def test_a_box_is_saved_at_once_and_stays(chief: Visitor, world: World) -> None:
    page = chief.go(MATRIX)
    with page.expect_response(RIGHTS):
        box_of(page, world).click()
    page.locator("#live", has_text="Sales may not push Customer any more").wait_for(state="attached")
    assert stored(world) == (False, True)
    page.reload()
    assert not box_of(page, world).is_checked()
    assert box_of(page, world, "pull").is_checked()


def test_the_keyboard_alone_moves_and_changes(chief: Visitor, world: World) -> None:
    page = chief.go(MATRIX)
    box_of(page, world).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.className") == "pull"
    with page.expect_response(RIGHTS):
        page.keyboard.press("Space")
    page.locator("#live", has_text="may not pull").wait_for(state="attached")
    assert stored(world) == (True, False)
    page.get_by_role("link", name="Row filters").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Rows of testapp.Customer for Sales"


def test_all_boxes_of_a_model_change_together_and_are_undone_together(chief: Visitor, world: World) -> None:
    page = chief.go(MATRIX)
    every = page.locator(f'tr[data-label="{world.label}"] td.totals input.pull')
    assert every.evaluate("(box) => box.indeterminate")
    with page.expect_response(RIGHTS):
        every.click()
    page.locator("#live", has_text="Read Only may pull Customer").wait_for(state="attached")
    granted = ModelPermission.objects.filter(site=world.organization.pk, model_name=world.label, can_pull=True)
    assert granted.count() == 2
    with page.expect_response(RIGHTS):
        every.click()
    told = page.locator(".toast-note", has_text="2 rights are changed")
    told.wait_for()
    assert granted.count() == 0
    with page.expect_response(RIGHTS):
        told.get_by_role("button", name="Undo").click()
    page.locator(".toast-note", has_text="2 rights are changed").wait_for()
    assert every.is_checked()
    assert granted.count() == 2


@pytest.mark.parametrize(
    ("failure", "told"), [("500", "The server failed."), ("lost", "The server cannot be reached.")]
)
def test_what_cannot_be_saved_is_undone_and_said(chief: Visitor, world: World, failure: str, told: str) -> None:
    chief.expect("500|ERR_")
    page = chief.go(MATRIX)
    page.route(RIGHTS, lambda route: route.fulfill(status=500, body="broken") if failure == "500" else route.abort())
    box_of(page, world).click()
    page.locator(".toast-note", has_text=told).wait_for()
    assert box_of(page, world).is_checked()
    assert stored(world) == (True, True)
    assert chief.find_faults() == []
    page.unroute(RIGHTS)
    with page.expect_response(RIGHTS):
        box_of(page, world).click()
    page.locator("#live", has_text="may not push").wait_for(state="attached")
    assert stored(world) == (False, True)


def test_whoever_is_second_is_told_and_sees_what_holds(chief: Visitor, world: World) -> None:
    chief.expect("409")
    page = chief.go(MATRIX)
    right = ModelPermission.objects.get(site=world.organization.pk, group=world.group, model_name=world.label)
    right.can_pull = False
    right.save()
    box_of(page, world).click()
    page.locator(".toast-note", has_text="quicker. Nothing was saved").wait_for()
    assert box_of(page, world).is_checked()
    assert not box_of(page, world, "pull").is_checked()
    assert stored(world) == (True, False)


def test_the_search_narrows_the_table_and_stands_in_the_address(chief: Visitor, world: World) -> None:
    page = chief.go(MATRIX)
    page.get_by_label("Search models").fill("custom")
    page.wait_for_url("**q=custom**")
    assert page.locator("tr[data-label]").evaluate_all("(rows) => rows.map((row) => row.dataset.label)") == [
        world.label
    ]
    with page.expect_response(RIGHTS):
        box_of(page, world).click()
    page.get_by_label("Search models").fill("nothing like this")
    page.get_by_role("heading", name="No model is called so").wait_for()
    page.get_by_role("link", name="Clear").click()
    page.locator(f'tr[data-label="{world.other_label}"]').wait_for()


def test_news_of_others_are_told_and_put_in_when_asked_for(chief: Visitor, world: World) -> None:
    chief.page.clock.install()
    page = chief.go(MATRIX)
    right = ModelPermission.objects.get(site=world.organization.pk, group=world.group, model_name=world.label)
    right.can_push = False
    right.save()
    page.clock.run_for(31_000)
    page.get_by_role("link", name="Others changed 1 right").click()
    page.wait_for_load_state()
    assert not box_of(page, world).is_checked()


def test_a_box_that_is_changed_while_the_list_is_renewed_says_what_was_saved(chief: Visitor, world: World) -> None:
    page = chief.go(MATRIX)
    held: List[Any] = []

    def hold(route: Any) -> None:
        """Let the first answer, which knows nothing of what is saved meanwhile, come later than that is saved."""
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route("**/permissions/?*q=customer*", hold)
    page.get_by_label("Search models").fill("customer")
    while not held:
        page.wait_for_timeout(20)
    with page.expect_response(RIGHTS):
        box_of(page, world).click()
    page.locator("#live", has_text="may not push").wait_for(state="attached")
    route, answer = held[0]
    route.fulfill(response=answer)
    page.wait_for_url("**q=customer**")
    page.locator("#matrix:not([aria-busy])").wait_for()
    assert stored(world) == (False, True)
    assert not box_of(page, world).is_checked()


def test_a_change_of_many_is_taken_back_by_the_keyboard_however_long_that_takes(chief: Visitor, world: World) -> None:
    chief.page.clock.install()
    page = chief.go(MATRIX)
    box = page.locator(f'tr[data-label="{world.label}"] td.totals input.pull')
    # All, then none.
    for _ in range(2):
        with page.expect_response(RIGHTS):
            box.press("Space")
    back = page.locator(".toast-note").get_by_role("button", name="Undo")
    back.focus()
    page.clock.run_for(60_000)
    with page.expect_response(RIGHTS):
        back.press("Enter")
    assert box.evaluate("(each) => each === document.activeElement")
    assert stored(world) == (True, True)


def test_that_models_are_shared_does_not_drown_what_was_saved(chief: Visitor, world: World) -> None:
    page = chief.go(MATRIX)
    # All, none, all.
    for _ in range(3):
        with page.expect_response(RIGHTS):
            page.locator('tr[data-label="testapp.Engine"] td.totals input.pull').click()
    page.locator("#live", has_text=re.compile("rights are changed.*Rows of shared models")).wait_for(state="attached")
