"""The settings: tried before they are saved, kept where saving fails, and never over somebody else's change."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from sb_sync import catalog, config
from sb_sync.config import DISCOVERY_SECTION, SETTINGS_SECTION, SyncConfig
from sb_sync.models import SyncConfiguration
from tests.browser import ON_SQLITE
from tests.browser.visitor import Visitor

pytestmark = ON_SQLITE
PAGE = "model-discovery/"
SETTINGS = f"{PAGE}?section=settings"


@pytest.fixture(autouse=True)
def _forget(transactional_db: None) -> Iterator[None]:
    config.refresh()
    yield
    SyncConfiguration.objects.all().delete()
    catalog.refresh()


def add_word(page: Any, key: str, word: str) -> None:
    field = page.locator(f"#{key} .words-field")
    field.fill(word)
    field.press("Enter")


def test_a_change_is_previewed_saved_and_taken_back(chief: Visitor) -> None:
    page = chief.go(PAGE)
    add_word(page, "EXCLUDE_MODELS", "testapp.Customer")
    page.locator('.preview-model[data-label="testapp.Customer"][data-change="out"]').wait_for()
    assert page.get_by_text("Not saved: 1").is_visible()
    assert chief.find_faults() == []
    page.get_by_label("Reason").fill("not on devices")
    page.get_by_role("button", name="Save").last.click()
    page.get_by_text("No longer synchronised: testapp.Customer.", exact=False).wait_for()
    assert SyncConfig.get_config(DISCOVERY_SECTION, "EXCLUDE_MODELS") == ["testapp.Customer"]
    page.locator("#EXCLUDE_MODELS").get_by_role("button", name="Back to default").click()
    page.get_by_role("button", name="Save").last.click()
    page.get_by_text("Now synchronised: testapp.Customer.", exact=False).wait_for()


def test_the_bar_hides_no_setting_until_there_is_something_to_save(chief: Visitor) -> None:
    chief.page.set_viewport_size({"width": 360, "height": 740})
    page = chief.go(PAGE)
    bar = page.locator(".save-bar")
    assert not bar.evaluate("(each) => each.getBoundingClientRect().top < innerHeight")
    page.locator("#AUTO_DISCOVER_MODELS input[type=checkbox]").click()
    page.wait_for_function("document.querySelector('.save-bar').getBoundingClientRect().bottom <= innerHeight")
    page.get_by_role("button", name="Discard").click()
    page.wait_for_function("document.querySelector('.save-bar').getBoundingClientRect().top > innerHeight")


def test_faults_are_marked_at_their_setting(chief: Visitor) -> None:
    chief.expect("400")
    page = chief.go(SETTINGS)
    page.locator("#MAX_JSON_DEPTH input").fill("-1")
    page.get_by_role("button", name="Save").last.click()
    page.get_by_text("Nothing was saved. Correct what is marked", exact=False).wait_for()
    assert page.locator("#MAX_JSON_DEPTH .filter-fault").is_visible()
    assert chief.find_faults() == []


@pytest.mark.parametrize(
    ("failure", "told"), [("500", "The server failed."), ("lost", "The server cannot be reached.")]
)
def test_what_was_typed_is_kept_where_saving_fails(chief: Visitor, failure: str, told: str) -> None:
    chief.expect("500|ERR_")
    page = chief.go(SETTINGS)

    def fail(route: Any) -> None:
        if route.request.method == "GET":
            route.continue_()
        elif failure == "500":
            route.fulfill(status=500, body="broken")
        else:
            route.abort()

    page.route("**/model-discovery/**", fail)
    page.locator("#MAX_JSON_DEPTH input").fill("7")
    page.get_by_role("button", name="Save").last.click()
    page.locator(".toast-note", has_text=told).wait_for()
    assert page.locator("#MAX_JSON_DEPTH input").input_value() == "7"
    page.unroute("**/model-discovery/**")
    page.get_by_role("button", name="Save").last.click()
    page.get_by_text("Saved 1 setting.", exact=False).wait_for()


def test_a_preview_that_fails_is_said_and_the_list_stays(chief: Visitor) -> None:
    chief.expect("500")
    page = chief.go(PAGE)
    page.route("**/preview/**", lambda route: route.fulfill(status=500, body="broken"))
    page.locator("#INCLUDE_CUSTOM_MODELS input[type=checkbox]").click()
    page.get_by_text("The preview could not be made:", exact=False).wait_for()
    assert page.locator('.preview-model[data-label="testapp.Customer"]').count() == 1


def test_whoever_saves_second_is_told_what_the_first_did(chief: Visitor) -> None:
    chief.expect("409")
    page = chief.go(SETTINGS)
    SyncConfig.set_config(SETTINGS_SECTION, "MAX_JSON_DEPTH", 9)
    page.locator("#MAX_BATCH_SIZE input").fill("77")
    page.get_by_role("button", name="Save").last.click()
    page.get_by_text("Somebody else has changed the settings since you opened them.", exact=False).wait_for()
    assert page.locator("#MAX_JSON_DEPTH input").input_value() == "9"
    assert page.locator("#MAX_BATCH_SIZE input").input_value() == "77"
    assert chief.find_faults() == []
    page.get_by_role("button", name="Save").last.click()
    page.get_by_text("Saved 1 setting.", exact=False).wait_for()


def test_models_are_searched_for_while_it_is_typed(chief: Visitor) -> None:
    page = chief.go(PAGE)
    page.get_by_label("Search models").last.fill("badge")
    page.wait_for_url("**q=badge**")
    shown = page.locator(".preview-model:visible").evaluate_all("(all) => all.map((each) => each.dataset.label)")
    assert shown == ["testapp.Badge"]
    page.get_by_label("Search models").last.fill("nothing like this")
    page.get_by_text("No model is like this.", exact=False).wait_for()
