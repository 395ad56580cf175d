"""The audit trails in a real browser: news that moves nothing, entries that open, and no fault for anybody."""

from __future__ import annotations

from typing import Any

import pytest

from sb_sync.models import Organization
from sb_sync.testing.factories import make_organization
from tests.browser import ON_SQLITE
from tests.browser.visitor import Visitor
from tests.integration.dashboard.audit_trails.test_pages import add_filter, is_at
from tests.staff import make_chief

pytestmark = ON_SQLITE
TRAILS = "audit-trails/"


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def chief(visitor: Visitor) -> Visitor:
    visitor.log_in(make_chief())
    visitor.page.emulate_media(reduced_motion="reduce")
    return visitor


def fill(acme: Organization) -> Any:
    made = add_filter(acme, "region", is_at("name", "north"))
    made.filter_condition = {"and": [is_at("name", "south"), is_at("name", "w" * 300)]}
    made.save()
    return made


def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_window(chief: Visitor, acme: Organization) -> None:
    page = chief.go(TRAILS + "?user=nobody")
    assert page.get_by_text("No entry matches").is_visible()
    assert chief.find_faults() == []
    fill(acme)
    chief.go(TRAILS)
    assert page.get_by_text("region").first.is_visible()
    assert chief.find_faults() == []
    for width in (360, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        assert not chief.is_wider_than_window()
    chief.go(TRAILS + "?model=auth.User", status=400)
    assert chief.find_faults() == []


def test_an_entry_opens_and_closes_by_the_keyboard(chief: Visitor, acme: Organization) -> None:
    fill(acme)
    page = chief.go(TRAILS + "?kind=created&model=sb_sync.DataFilter")
    value = page.locator(".audit-new", has_text="north")
    page.locator(".audit-entry > summary").focus()
    seen = [value.is_visible()]
    for _ in range(2):
        page.keyboard.press("Enter")
        seen.append(value.is_visible())
    assert seen in ([True, False, True], [False, True, False])


@pytest.mark.parametrize("failure", ["500", "lost"])
def test_news_are_told_and_nothing_moves_also_after_a_failure(chief: Visitor, acme: Organization, failure: str) -> None:
    made = fill(acme)
    chief.expect("500|ERR_")
    chief.page.clock.install()
    page = chief.go(TRAILS + "?model=sb_sync.DataFilter")
    place = page.locator(".audit-group").first.bounding_box()
    page.route("**/new/**", lambda route: route.fulfill(status=500) if failure == "500" else route.abort())
    with page.expect_request("**/new/**"):
        page.clock.run_for(31_000)
    page.unroute("**/new/**")
    made.filter_condition = is_at("name", "east")
    made.save()
    page.clock.run_for(31_000)
    page.locator(".refresh-news", has_text="1 new entry").wait_for()
    assert page.locator(".audit-group").first.bounding_box() == place
    assert page.get_by_text("east").count() == 0
    page.locator(".refresh-news").click()
    page.get_by_text("east").first.wait_for()


def test_a_search_for_what_is_rare_goes_on_by_itself(chief: Visitor, acme: Organization, monkeypatch: Any) -> None:
    from sb_sync.ops.audit import trail

    monkeypatch.setattr(trail, "TRIED", 60)
    made = add_filter(acme, "rare", is_at("name", "x"))
    for number in range(130):
        made.filter_condition = is_at("name", str(number))
        made.save()
    page = chief.go(TRAILS + "?kind=created&model=sb_sync.DataFilter")
    page.locator(".audit-entry", has_text="rare").wait_for()


def test_without_scripts_everything_can_be_read(chromium: Any, served: str, acme: Organization) -> None:
    fill(acme)
    context = chromium.new_context(base_url=served, java_script_enabled=False)
    visitor = Visitor(context, served)
    visitor.log_in(make_chief())
    page = visitor.go(TRAILS)
    assert page.locator(".audit-old", has_text="north").first.is_visible()
    assert not page.get_by_role("button", name="Pause updates").is_visible()
    context.close()
