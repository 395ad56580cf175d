"""The editor of row filters: built by hand, counted while it is built, and never over somebody else's change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sb_sync.models import DataFilter
from tests.browser import ON_SQLITE
from tests.browser.gallery.world import World
from tests.browser.visitor import Visitor
from tests.testapp.models import Customer

pytestmark = ON_SQLITE
COUNT = "**/permissions/filters/count/**"
BEYOND_ITS_PANEL = """
[...document.querySelectorAll(".filter-form :is(select, input, button)")].filter(
  (each) =>
    each.offsetParent && each.getBoundingClientRect().right > each.closest(".panel").getBoundingClientRect().right
).length
"""


@pytest.fixture
def editor(chief: Visitor, world: World) -> Any:
    for name in ("Ada", "Bob", "Cleo"):
        Customer.objects.create(organization=world.organization, name=name, email=f"{name}@example.com")
    return open_editor(chief, world, "new")


def open_editor(visitor: Visitor, world: World, key: str) -> Any:
    query = f"organization=acme&group={world.group.pk}&model={world.label}&edit={key}"
    return visitor.go(f"permissions/filters/?{query}")


def choose(page: Any, field: str, operator: str, value: str) -> None:
    page.get_by_label("Field").last.select_option(field)
    page.locator("[data-operator]").last.select_option(operator)
    page.locator(".part-value input").last.fill(value)


def test_a_condition_is_built_counted_and_saved(editor: Any, world: World) -> None:
    editor.get_by_label("Name", exact=True).fill("Not Bob")
    choose(editor, "name", "ne", "Bob")
    editor.get_by_text("2 of 3", exact=False).wait_for()
    editor.get_by_role("button", name="Add a comparison").click()
    choose(editor, "name", "startswith", "A")
    editor.get_by_text("1 of 3", exact=False).wait_for()
    editor.get_by_role("button", name="Save").click()
    editor.get_by_text("The filter is saved.", exact=False).wait_for()
    assert DataFilter.objects.get(filter_name="Not Bob").filter_condition == {
        "and": [
            {"field": "name", "operator": "ne", "value": "Bob"},
            {"field": "name", "operator": "startswith", "value": "A"},
        ]
    }


def test_a_value_with_a_comma_stays_one_where_others_are_added(editor: Any, world: World) -> None:
    values = ["Smith, Ltd", 'the "old" one', "", "plain"]
    editor.get_by_label("Name", exact=True).fill("Some names")
    editor.get_by_text("As JSON").click()
    editor.locator("#id_condition").fill(json.dumps({"field": "name", "operator": "in", "value": values}))
    shown = editor.locator(".part-value input")
    assert shown.input_value() == '"Smith, Ltd", "the ""old"" one", "", plain'
    shown.press("End")
    shown.press_sequentially(', another , "x, y"')
    editor.get_by_role("button", name="Save").click()
    editor.get_by_text("The filter is saved.", exact=False).wait_for()
    stored = DataFilter.objects.get(filter_name="Some names").filter_condition
    assert stored["value"] == [*values, "another", "x, y"]


def test_a_fault_stands_beside_its_part_and_nothing_is_saved(chief: Visitor, editor: Any, world: World) -> None:
    chief.expect("400")
    choose(editor, "id", "exact", "no number")
    fault = editor.locator(".part-comparison .part-fault")
    fault.wait_for()
    editor.get_by_label("Name", exact=True).fill("Faulty")
    editor.get_by_role("button", name="Save").click()
    editor.locator(".notice-error").wait_for()
    assert editor.locator(".part-comparison .part-fault").is_visible()
    assert chief.find_faults() == []
    assert not DataFilter.objects.filter(filter_name="Faulty").exists()


def test_json_that_is_none_is_told_and_the_builder_comes_back_with_it(editor: Any) -> None:
    editor.get_by_text("As JSON").click()
    area = editor.locator("#id_condition")
    area.fill("{")
    editor.locator("[data-json-fault]", has_text="JSON").wait_for()
    assert editor.locator("[data-builder]").is_hidden()
    area.fill(json.dumps({"not": {"field": "name", "operator": "exact", "value": "Bob"}}))
    editor.get_by_text("2 of 3", exact=False).wait_for()
    assert editor.locator(".part.is-negated").count() == 1


@pytest.mark.parametrize(
    ("failure", "told"), [("500", "The server failed."), ("lost", "The server cannot be reached.")]
)
def test_a_count_that_fails_is_said_and_tried_again(chief: Visitor, editor: Any, failure: str, told: str) -> None:
    chief.expect("500|ERR_")
    editor.route(COUNT, lambda route: route.fulfill(status=500, body="x") if failure == "500" else route.abort())
    choose(editor, "name", "ne", "Bob")
    editor.locator("[data-result]", has_text=told).wait_for()
    editor.unroute(COUNT)
    choose(editor, "name", "ne", "Ada")
    editor.get_by_text("2 of 3", exact=False).wait_for()


def test_whoever_is_second_is_told_and_sees_the_filter_of_the_first(chief: Visitor, world: World) -> None:
    chief.expect("409")
    stored = DataFilter.objects.get(filter_name="Customers with a name")
    page = open_editor(chief, world, str(stored.pk))
    stored.filter_condition = {"field": "name", "operator": "exact", "value": "first"}
    stored.save()
    page.locator(".part-value input").fill("second")
    page.get_by_role("button", name="Save").click()
    page.locator(".notice-error").wait_for()
    assert page.locator(".part-value input").input_value() == "first"
    stored.refresh_from_db()
    assert stored.filter_condition["value"] == "first"


def test_a_filter_is_deleted_and_the_editor_fits_a_phone(chief: Visitor, world: World) -> None:
    stored = DataFilter.objects.get(filter_name="Customers with a name")
    chief.page.set_viewport_size({"width": 360, "height": 740})
    page = open_editor(chief, world, str(stored.pk))
    page.get_by_role("button", name="Add a group").click()
    assert not chief.is_wider_than_window()
    clipped = page.evaluate(BEYOND_ITS_PANEL)
    assert clipped == 0
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("The filter is deleted.").wait_for()
    assert not DataFilter.objects.exists()
