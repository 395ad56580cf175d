"""The metrics: charts that are drawn, walked through by keys, and read as tables where they are not."""

from __future__ import annotations

import re

from tests.browser import ON_SQLITE
from tests.browser.gallery.world import World
from tests.browser.visitor import Visitor

pytestmark = ON_SQLITE
PAGE = "metrics/?organization=acme"


def test_every_chart_is_drawn_and_its_series_can_be_hidden(chief: Visitor, busy_world: World) -> None:
    page = chief.go(PAGE)
    page.wait_for_function("document.querySelectorAll('canvas[data-drawn]').length === 6")
    series = page.locator('[data-legend="time"]').get_by_role("button", name="p99")
    series.click()
    assert series.get_attribute("aria-pressed") == "false"
    page.get_by_text("Show as a table").first.click()
    assert chief.find_faults() == []


def test_keys_go_through_the_points_and_enter_opens_one(chief: Visitor, busy_world: World) -> None:
    page = chief.go(PAGE)
    chart = page.locator('canvas[data-chart="time"][data-drawn]')
    chart.focus()
    # The last step may have just begun: one of minutes has no page of its own.
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.locator("#live", has_text="p95").wait_for(state="attached")
    page.keyboard.press("Enter")
    page.wait_for_url("**since=**")


def test_the_tables_stand_in_for_charts_that_cannot_be_drawn(chief: Visitor, busy_world: World) -> None:
    chief.expect("ERR_FAILED")
    chief.page.route("**/chart.umd.min.js", lambda route: route.abort())
    page = chief.go(PAGE)
    page.get_by_text("The charts could not be drawn.", exact=False).wait_for()
    assert page.locator(".chart-table[open]").count() == 6
    assert not page.locator("canvas").first.is_visible()
    assert chief.find_faults() == []


def test_a_period_and_a_model_are_chosen_and_exported(chief: Visitor, busy_world: World) -> None:
    page = chief.go(PAGE)
    page.get_by_role("link", name="24 hours").click()
    page.wait_for_url("**period=**")
    page.get_by_label("Model", exact=True).fill(busy_world.label)
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"**model={busy_world.label}**")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV by operation").click()
    assert waiting.value.suggested_filename.endswith(".csv")


def test_a_time_that_cannot_be_read_stands_as_it_was_typed_and_moves_nothing(chief: Visitor, busy_world: World) -> None:
    page = chief.go(f"{PAGE}&since=yesterday", status=400)
    field = page.get_by_label("From")
    assert field.input_value() == "yesterday"
    assert page.get_by_text("Enter a date such as", exact=False).is_visible()
    tops = page.locator(".filters .filter > label").evaluate_all("(all) => all.map((each) => each.offsetTop)")
    assert len(set(tops)) == 1
    field_top = field.evaluate("(each) => each.getBoundingClientRect().top")
    button_top = page.get_by_role("button", name="Apply").evaluate("(each) => each.getBoundingClientRect().top")
    assert abs(field_top - button_top) < 2


def test_push_and_pull_have_the_same_colours_everywhere(chief: Visitor, busy_world: World) -> None:
    background = "(each) => getComputedStyle(each).backgroundColor"
    page = chief.go("?organization=acme")
    push, pull = (page.locator(f".activity-mark.{name}").evaluate(background) for name in ("push", "pull"))
    assert push != pull
    page = chief.go(PAGE)
    for name, colour in (("Push", push), ("Pull", pull)):
        mark = page.locator('[data-legend="requests"]').get_by_role("button", name=name).locator(".legend-mark")
        assert mark.evaluate(background) == colour
    page = chief.go("permissions/?organization=acme")
    for name, is_warm in (("push", True), ("pull", False)):
        assert is_red(page.locator(f".sample.{name}").evaluate(background)) == is_warm
        assert is_red({"push": push, "pull": pull}[name]) == is_warm


def is_red(colour: str) -> bool:
    """Tell whether there is more red than blue in a colour."""
    red, _green, blue = (int(each) for each in re.findall(r"\d+", colour)[:3])
    return red > blue
