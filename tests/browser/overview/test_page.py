"""The first page in a real browser: it renews itself quietly, and every part can be read by everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, List

import pytest
from django.utils import timezone

from sb_sync.models import Organization, SyncLog
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.browser import ON_SQLITE
from tests.browser.visitor import Visitor
from tests.integration.dashboard.metrics.measured import measure_some
from tests.staff import make_chief

pytestmark = ON_SQLITE
REFRESH = "/static/sb_sync/dashboard/js/refresh.js"
RENEW = f"async () => {{ const {{ renewParts }} = await import('{REFRESH}'); await renewParts(); }}"


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def chief(visitor: Visitor) -> Visitor:
    visitor.log_in(make_chief())
    visitor.page.emulate_media(reduced_motion="reduce")
    return visitor


def fill(acme: Organization) -> None:
    user = make_member(acme, username="ann")
    grant(acme, models=["testapp.Customer"])
    measure_some(acme, 1, times=20)
    measure_some(acme, 2, times=30, operation_type="pull")
    for number, status in enumerate(("SUCCESS", "ERROR", "WARNING")):
        moment = timezone.now() - timedelta(minutes=number)
        SyncLog.objects.create(
            site_id=acme.pk, user=user, operation="PUSH", status=status, model_name="testapp.Customer",
            error_message="it failed" if status == "ERROR" else "", timestamp=moment,
        )  # fmt: skip


def value_of(page: Any, label: str) -> Any:
    return page.locator(".tile", has_text=label).locator(".tile-value")


def test_axe_finds_nothing_serious_whether_empty_or_full(chief: Visitor, acme: Organization) -> None:
    page = chief.go()
    assert page.get_by_text("First steps").is_visible()
    assert chief.find_faults() == []
    fill(acme)
    chief.go()
    page.get_by_text("Show as a table").click()
    assert chief.find_faults() == []


@pytest.mark.parametrize("width", [360, 2560])
def test_nothing_is_wider_than_the_window(chief: Visitor, acme: Organization, width: int) -> None:
    fill(acme)
    chief.page.set_viewport_size({"width": width, "height": 800})
    chief.go()
    assert not chief.is_wider_than_window()


def test_figures_are_renewed_and_what_is_read_stays_where_it_is(chief: Visitor, acme: Organization) -> None:
    fill(acme)
    page = chief.go()
    place = page.locator("#failures-heading").bounding_box()
    measure_some(acme, 0, times=7)
    SyncLog.objects.create(site_id=acme.pk, operation="PUSH", status="ERROR", model_name="testapp.New")
    page.evaluate(RENEW)
    assert value_of(page, "Requests").inner_text() == "57"
    assert page.locator("#failures-heading").bounding_box() == place
    assert page.get_by_text("testapp.New").count() == 0
    page.reload()
    assert page.get_by_text("testapp.New").count() == 2


def test_the_table_of_the_hours_follows_the_chart_unless_somebody_reads_it(chief: Visitor, acme: Organization) -> None:
    fill(acme)
    page = chief.go()
    table = page.locator("#activity-hours")
    assert table.locator("tbody tr").count() == 2
    measure_some(acme, 5, times=7)
    page.evaluate(RENEW)
    assert table.locator("tbody tr").count() == 3
    table.locator("summary").click()
    page.locator("h1").click()
    measure_some(acme, 7, times=7)
    page.evaluate(RENEW)
    assert table.locator("tbody tr").count() == 3


def test_new_entries_are_told_and_not_put_in_and_whoever_pauses_sees_no_change(
    chief: Visitor, acme: Organization
) -> None:
    fill(acme)
    chief.page.clock.install()
    page = chief.go()
    measure_some(acme, 0, times=7)
    SyncLog.objects.create(site_id=acme.pk, operation="PUSH", status="SUCCESS", model_name="testapp.New")
    page.get_by_role("button", name="Pause updates").click()
    asked: List[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(61_000)
    page.wait_for_load_state("networkidle")
    assert asked == []
    assert page.locator(".refresh-news").is_hidden()
    assert value_of(page, "Requests").inner_text() == "50"
    page.get_by_role("button", name="Resume updates").click()
    page.clock.run_for(31_000)
    page.locator(".refresh-news", has_text="1 new entry").wait_for()
    value_of(page, "Requests").filter(has_text="57").wait_for()
    assert page.get_by_text("testapp.New").count() == 0
    page.locator(".refresh-news").click()
    page.get_by_text("testapp.New").first.wait_for()


@pytest.mark.parametrize("failure", ["500", "lost"])
def test_what_stands_stays_where_the_server_fails(chief: Visitor, acme: Organization, failure: str) -> None:
    fill(acme)
    chief.expect("500|ERR_")
    chief.page.clock.install()
    page = chief.go()
    asked: List[str] = []

    def fail(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(status=500, body="broken") if failure == "500" else route.abort()

    page.route("**/config/**", fail)
    with page.expect_request("**/logs/new/**"), page.expect_request("**/config/"):
        page.clock.run_for(31_000)
    page.wait_for_load_state("networkidle")
    assert len(asked) == 2
    assert value_of(page, "Requests").inner_text() == "50"
    page.unroute("**/config/**")
    measure_some(acme, 0, times=1)
    page.clock.run_for(31_000)
    value_of(page, "Requests").filter(has_text="51").wait_for()


def test_without_scripts_everything_can_be_read(chromium: Any, served: str, acme: Organization) -> None:
    fill(acme)
    context = chromium.new_context(base_url=served, java_script_enabled=False)
    visitor = Visitor(context, served)
    visitor.log_in(make_chief())
    page = visitor.go()
    assert value_of(page, "Requests").inner_text() == "50"
    assert not page.get_by_role("button", name="Pause updates").is_visible()
    page.locator("#failures-heading").locator("xpath=ancestor::section").locator(".entry", has_text="it failed").click()
    assert "/logs/" in page.url
    context.close()
