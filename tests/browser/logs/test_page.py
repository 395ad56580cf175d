"""The log: narrowed, read to its end, exported, and told what is new."""

from __future__ import annotations

from typing import Any, List
from urllib.parse import parse_qs, urlsplit

import pytest

from sb_sync.dashboard.filters import MomentField
from sb_sync.dashboard.sections.logs import queries
from sb_sync.models import SyncLog
from tests.browser import ON_SQLITE
from tests.browser.gallery.world import World
from tests.browser.visitor import Visitor

pytestmark = ON_SQLITE
PAGE = "logs/?organization=acme"


def test_entries_are_narrowed_opened_and_left_where_they_were(chief: Visitor, busy_world: World) -> None:
    page = chief.go(PAGE)
    page.get_by_label("Status").select_option("Warning")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**status=WARNING**")
    page.locator(".log-time").first.click()
    page.get_by_role("heading", name="Refused records").wait_for()
    page.get_by_role("link", name="Back to the log").click()
    page.wait_for_url("**status=WARNING**")


def test_a_time_is_chosen_by_the_readers_clock_and_kept(chief: Visitor, busy_world: World) -> None:
    page = chief.go(PAGE)
    page.get_by_label("From").fill("2026-01-31T13:00:01")
    page.get_by_role("button", name="Apply").click()
    # Berlin is an hour ahead in winter.
    page.wait_for_url("**since=2026-01-31T12**00**01Z**")
    assert page.get_by_label("From").input_value() == "2026-01-31T13:00:01"


@pytest.mark.parametrize(
    ("since", "shown"),
    [
        # A day of the project, which lies in another zone than the reader.
        ("2026-01-31", "2026-01-31T12:00:00"),
        # The second of two equal hours, as clocks go back.
        ("2025-10-26T01:30:00Z", "2025-10-26T02:30:00"),
        ("2026-01-31T12:00:00.250000Z", "2026-01-31T13:00:00"),
    ],
)
def test_a_time_that_was_left_alone_stays_what_it_was(
    chief: Visitor, busy_world: World, settings: Any, since: str, shown: str
) -> None:
    settings.TIME_ZONE = "Etc/GMT+11"
    page = chief.go(f"{PAGE}&since={since}")
    moment = MomentField().clean(since)
    assert page.get_by_label("From").evaluate("(field) => field.value.padEnd(19, ':00')") == shown
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**status=**")
    assert MomentField().clean(parse_qs(urlsplit(page.url).query)["since"][0]) == moment


def test_a_day_ends_with_its_last_moment_after_the_form_was_sent(chief: Visitor, busy_world: World) -> None:
    page = chief.go(f"{PAGE}&until=2026-01-31")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**status=**")
    assert parse_qs(urlsplit(page.url).query)["until"] == ["2026-01-31T23:59:59.999999Z"]


def test_new_entries_are_told_and_put_in_when_asked_for(chief: Visitor, busy_world: World) -> None:
    chief.page.clock.install()
    page = chief.go(PAGE)
    SyncLog.objects.create(
        site_id=busy_world.organization.pk, operation="PUSH", status="SUCCESS", model_name="testapp.New"
    )
    page.clock.run_for(31_000)
    page.locator(".refresh-news", has_text="1 new entry").click()
    page.get_by_text("testapp.New").first.wait_for()


def test_what_is_read_stays_where_the_server_cannot_be_reached(chief: Visitor, busy_world: World) -> None:
    chief.expect("ERR_")
    chief.page.clock.install()
    page = chief.go(PAGE)
    shown = page.locator("#entries > *").count()
    page.route("**/logs/new/**", lambda route: route.abort())
    with page.expect_request("**/logs/new/**"):
        page.clock.run_for(31_000)
    assert page.locator("#entries > *").count() == shown == 50
    assert page.locator(".refresh-news").is_hidden()


def test_older_entries_and_the_file_are_a_press_away(chief: Visitor, busy_world: World) -> None:
    page = chief.go(PAGE)
    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**after=**")
    page.get_by_role("link", name="Newest").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Export as CSV").click()
    assert waiting.value.suggested_filename.startswith("sync-log-")


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search stop after a few entries."""
    monkeypatch.setattr(queries, "STEPS", (3, 3))
    monkeypatch.setattr(queries, "TEXT_STEPS", (3, 3))


def test_a_search_goes_on_by_itself_and_takes_the_focus_from_nobody(
    chief: Visitor, busy_world: World, small_steps: None
) -> None:
    page = chief.page
    held: List[Any] = []
    page.route("**/logs/?*after=*", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/logs/?*after=*"):
        chief.go(f"{PAGE}&q=nothing+like+this")
    page.get_by_role("button", name="Stop searching").wait_for()
    assert page.evaluate("document.activeElement === document.body")
    held[0].continue_()
    page.get_by_role("button", name="Stop searching").wait_for(state="detached")
    assert page.evaluate("document.activeElement === document.body")


def test_whoever_stops_a_search_stays_where_it_goes_on(chief: Visitor, busy_world: World, small_steps: None) -> None:
    page = chief.page
    held: List[Any] = []
    page.route("**/logs/?*after=*", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/logs/?*after=*"):
        chief.go(f"{PAGE}&q=nothing+like+this")
    page.get_by_role("button", name="Stop searching").press("Enter")
    held[0].continue_()
    further = page.get_by_role("link", name="Search further back")
    further.wait_for()
    assert further.evaluate("(link) => link === document.activeElement")
    further.press("Enter")
    # There is no end to wait for but that of the log.
    page.locator("#older:focus").wait_for()
