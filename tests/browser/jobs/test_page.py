"""Background jobs in a real browser: watched, cancelled, and what happens where that fails."""

from __future__ import annotations

from typing import Any, List

import pytest
from django.utils import timezone

from sb_sync.models import SyncJob
from sb_sync.testing.factories import make_member, make_organization
from tests.browser import ON_SQLITE
from tests.browser.visitor import Visitor
from tests.integration.dashboard.jobs.test_pages import ANSWER
from tests.staff import make_chief

pytestmark = ON_SQLITE


@pytest.fixture
def job(transactional_db: None) -> SyncJob:
    acme = make_organization("acme")
    user = make_member(acme, username="ann")
    return SyncJob.objects.create(user=user, site_id=acme.pk, record_count=10, state="running", done_count=2)


@pytest.fixture
def chief(visitor: Visitor) -> Visitor:
    visitor.log_in(make_chief())
    visitor.page.emulate_media(reduced_motion="reduce")
    return visitor


def finish(job: SyncJob) -> None:
    values = {"state": "done", "done_count": 10, "due_at": None, "finished_at": timezone.now(), "answer": ANSWER}
    SyncJob.objects.filter(pk=job.pk).update(**values)


def test_axe_finds_nothing_serious_and_nothing_is_wider_than_a_phone(chief: Visitor, job: SyncJob) -> None:
    def look(*paths: str) -> None:
        for path in paths:
            chief.page.set_viewport_size({"width": 360, "height": 740})
            chief.go(path)
            assert not chief.is_wider_than_window()
            chief.page.set_viewport_size({"width": 1366, "height": 800})
            assert chief.find_faults() == []

    look("jobs/", f"jobs/{job.pk}/cancel/")
    finish(job)
    look(f"jobs/{job.pk}/", "jobs/?state=failed")


def test_progress_is_renewed_and_stays_where_the_server_fails(chief: Visitor, job: SyncJob) -> None:
    chief.expect("500")
    chief.page.clock.install()
    page = chief.go(f"jobs/{job.pk}/")
    figure = page.locator(".job-progress .figures")
    assert figure.inner_text() == "20 %"
    asked: List[str] = []

    def fail(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(status=500, body="broken")

    page.route(page.url, fail)
    with page.expect_response(page.url):
        page.clock.run_for(11_000)
    assert (len(asked), figure.inner_text()) == (1, "20 %")
    page.unroute(page.url)
    SyncJob.objects.update(done_count=7)
    page.clock.run_for(11_000)
    figure.filter(has_text="70 %").wait_for()


def test_a_job_is_cancelled_after_it_was_asked(chief: Visitor, job: SyncJob) -> None:
    page = chief.go("jobs/?state=running")
    page.locator(".job-time").click()
    page.get_by_role("link", name="Cancel the job").click()
    page.get_by_text("2 of 10 records are done.").wait_for()
    page.get_by_role("link", name="Leave it running").click()
    page.get_by_role("link", name="Cancel the job").click()
    assert not SyncJob.objects.get().is_cancelled
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_text("The job will stop").wait_for()
    assert SyncJob.objects.get().is_cancelled
    assert page.get_by_role("link", name="Cancel the job").count() == 0


def test_one_that_ended_while_it_was_asked_is_told(chief: Visitor, job: SyncJob) -> None:
    page = chief.go(f"jobs/{job.pk}/cancel/")
    finish(job)
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_text("Nothing was cancelled").wait_for()
    assert page.get_by_text("3 applied, 1 refused, 1 in conflict").is_visible()


def test_a_lost_connection_cancels_nothing_and_the_form_can_be_sent_again(chief: Visitor, job: SyncJob) -> None:
    chief.expect("ERR_")
    page = chief.go(f"jobs/{job.pk}/cancel/")
    address = page.url
    page.route(address, lambda route: route.abort())
    page.get_by_role("button", name="Cancel the job").click()
    page.wait_for_load_state()
    assert not SyncJob.objects.get().is_cancelled
    page.unroute(address)
    page.goto(address)
    page.get_by_role("button", name="Cancel the job").click()
    page.get_by_text("The job will stop").wait_for()
