"""What is round every page, in a real browser."""

from __future__ import annotations

import pytest

from sb_sync.testing.factories import make_organization
from tests.browser import ON_SQLITE
from tests.browser.visitor import Visitor
from tests.staff import make_chief

pytestmark = ON_SQLITE


@pytest.fixture
def chief(visitor: Visitor) -> Visitor:
    make_organization("acme", name="Acme Corporation")
    make_organization("globex", name="Globex")
    visitor.log_in(make_chief())
    return visitor


def test_axe_finds_nothing_serious_round_a_page(chief: Visitor) -> None:
    # Colours that are on their way to others have any contrast.
    chief.page.emulate_media(reduced_motion="reduce")
    page = chief.go()
    page.locator(".organization-menu summary").click()
    assert chief.find_faults() == []
    chief.go("nowhere/", status=404)
    assert chief.find_faults() == []


def test_the_theme_is_kept_and_automatic_follows_the_system(chief: Visitor) -> None:
    page = chief.go()
    theme = "document.documentElement.dataset.bsTheme"
    assert page.evaluate(theme) == "light"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{theme} === 'dark'")
    page.locator(".theme-menu summary").click()
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(theme) == "light"
    page.reload()
    assert page.evaluate(theme) == "light"


def test_an_organization_is_chosen_by_keyboard_and_stays_from_page_to_page(chief: Visitor) -> None:
    page = chief.go()
    page.locator(".organization-menu summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**organization=acme**")
    page.get_by_role("link", name="Overview").click()
    page.wait_for_url("**organization=acme**")
    assert page.locator(".organization-name").inner_text() == "Acme Corporation"
    page.locator(".organization-menu summary").click()
    page.keyboard.press("Escape")
    assert page.locator(".organization-menu[open]").count() == 0


def test_on_a_phone_nothing_is_wider_than_the_window_and_sections_open_by_their_button(chief: Visitor) -> None:
    chief.page.set_viewport_size({"width": 360, "height": 740})
    page = chief.go()
    assert not chief.is_wider_than_window()
    assert not page.get_by_role("link", name="Overview").is_visible()
    page.get_by_role("button", name="Sections").click()
    page.get_by_role("link", name="Logs").click()
    page.wait_for_url("**/config/logs/**")


def test_who_logs_out_is_out(chief: Visitor) -> None:
    # The admin's page has no icon, for which browsers ask.
    chief.expect("favicon.ico|404")
    page = chief.go()
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/admin/login/**")
    page.goto(chief.address + "/api/sync/config/")
    assert "/admin/login/" in page.url
