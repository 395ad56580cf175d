"""The pages of background pushes: who sees which, where each stands, and how it is cancelled."""

from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sb_sync.dashboard.permissions import CANCEL_JOBS, EXPORT, JOBS, VIEW
from sb_sync.models import Organization, SyncJob
from sb_sync.testing.factories import make_member, make_organization
from tests.staff import CONFIG, make_chief, make_client, make_staff

pytestmark = pytest.mark.django_db
PAGE = CONFIG + "jobs/"
MARKUP = "<img src=x onerror=alert(1)>"
READER = (VIEW, JOBS)
NOON = datetime(2026, 1, 5, 12, tzinfo=timezone.utc)
MOST_QUERIES = 15
ANSWER = {
    "status": "partial", "success_count": 3, "error_count": 1, "conflict_count": 1,
    "processed_models": {"testapp.Customer": {"created": 2, "updated": 1, "deleted": 0, "unchanged": 0}},
    "results": [
        {"index": 0, "_model": "testapp.Customer", "id": "a", "status": "created"},
        {"index": 3, "_model": "a.B", "status": "error", "code": "duplicate", "errors": {"name": ["taken"]}},
        {"index": 4, "_model": "testapp.Customer", "id": "b", "status": "conflict", "server": {"name": "hidden-row"}},
    ],
}  # fmt: skip


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def globex() -> Organization:
    return make_organization("globex", name="Globex")


@pytest.fixture
def chief() -> Client:
    return make_client(make_chief())


def write(place: Organization, username: str = "", **values: Any) -> SyncJob:
    name = username or f"user-of-{place.slug}"
    membership = place.site.sync_memberships.filter(user__username=name).first()
    user = membership.user if membership else make_member(place, username=name)
    return SyncJob.objects.create(user=user, site_id=place.pk, **{"record_count": 10, **values})


def show(client: Client, address: str = PAGE, code: int = 200, /, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == code, answer.content.decode()[-2000:]
    return str(answer.content.decode())


def keys_of(page: str) -> List[str]:
    return re.findall(r'class="job-time" href="[^"]*/jobs/([0-9a-f-]{36})/', page)


def main_of(page: str) -> str:
    return page.split("<main")[1].split("</main", maxsplit=1)[0]


class TestWhoSeesWhat:
    """Superusers see all, others those of their organizations."""

    def test_others_see_those_of_their_organizations(self, acme: Organization, globex: Organization) -> None:
        ours, theirs = write(acme), write(globex, request_id="r9")
        client = make_client(make_staff(acme, permissions=READER))
        for query in ({}, {"organization": "acme"}, {"q": str(ours.pk)}, {"state": "queued"}):
            assert keys_of(show(client, **query)) == [str(ours.pk)]
        for query in ({"q": str(theirs.pk)}, {"q": "r9"}, {"user": theirs.user.get_username()}):
            assert keys_of(show(client, **query)) == []
        assert len(keys_of(show(make_client(make_chief())))) == 2

    @pytest.mark.parametrize("path", ["", "export/"])
    def test_an_organization_of_others_is_not_there(self, acme: Organization, globex: Organization, path: str) -> None:
        client = make_client(make_staff(acme, permissions=(*READER, EXPORT)))
        show(client, PAGE + path, 404, organization="globex")

    def test_one_of_others_is_as_one_that_is_not_there(self, acme: Organization, globex: Organization) -> None:
        client = make_client(make_staff(acme, permissions=(*READER, CANCEL_JOBS)))
        theirs = write(globex)
        answers = []
        for key in (theirs.pk, uuid.uuid4()):
            answers += [client.get(f"{PAGE}{key}/"), client.get(f"{PAGE}{key}/cancel/")]
            answers.append(client.post(f"{PAGE}{key}/cancel/"))
        assert {answer.status_code for answer in answers} == {404}
        assert len({main_of(answer.content.decode()) for answer in answers}) == 1
        theirs.refresh_from_db()
        assert theirs.state == "queued"

    @pytest.mark.parametrize("lacking", [VIEW, JOBS])
    def test_every_page_asks_for_both_permissions(self, acme: Organization, lacking: str) -> None:
        job = write(acme)
        held = [each for each in (*READER, CANCEL_JOBS, EXPORT) if each != lacking]
        client = make_client(make_staff(acme, permissions=held))
        for path in ("", "export/", f"{job.pk}/", f"{job.pk}/cancel/"):
            assert client.get(PAGE + path).status_code == 403
            assert Client().get(PAGE + path).status_code == 302
        assert client.post(f"{PAGE}{job.pk}/cancel/").status_code == 403

    def test_who_may_not_cancel_is_told_so(self, acme: Organization) -> None:
        job = write(acme)
        client = make_client(make_staff(acme, permissions=READER))
        assert "Cancel the job" not in show(client, f"{PAGE}{job.pk}/")
        assert CANCEL_JOBS in show(client, f"{PAGE}{job.pk}/cancel/")
        assert client.post(f"{PAGE}{job.pk}/cancel/").status_code == 403
        job.refresh_from_db()
        assert job.state == "queued"


class TestList:
    """Filters in the address, paging, states without rows, the file."""

    def test_filters_narrow_and_join(self, chief: Client, acme: Organization) -> None:
        first = write(acme, "ann", created_at=NOON, request_id="r1")
        second = write(acme, "rob", created_at=NOON + timedelta(days=1), state="done", due_at=None)
        for query, wanted in (
            ({}, [second, first]), ({"user": "ann"}, [first]), ({"user": "nobody"}, []), ({"q": "r1"}, [first]),
            ({"q": str(second.pk)}, [second]), ({"state": "done"}, [second]), ({"since": "2026-01-06"}, [second]),
            ({"until": "2026-01-05"}, [first]), ({"state": "done", "user": "ann"}, []),
        ):  # fmt: skip
            assert keys_of(show(chief, **query)) == [str(each.pk) for each in wanted]

    @pytest.mark.parametrize(
        "query", [{"since": "yesterday"}, {"until": "2026-13-01"}, {"state": "open"}, {"q": "\x00"}, {"user": "\x00"}]
    )
    def test_what_cannot_be_read_is_told_and_finds_nothing(
        self, chief: Client, acme: Organization, query: Dict[str, str]
    ) -> None:
        write(acme)
        page = show(chief, PAGE, 400, **query)
        assert "A filter cannot be read" in page
        assert keys_of(page) == []
        assert chief.get(PAGE + "export/", query).status_code == 400

    def test_pages_are_walked_there_and_back(self, chief: Client, acme: Organization) -> None:
        # Each database has an order of its own for what is no number.
        keys = {str(write(acme, created_at=NOON).pk) for _ in range(30)}
        page = show(chief, size=25)
        first = keys_of(page)
        assert len(first) == 25
        after = re.findall(r'rel="next" href="\?size=25&amp;after=([^"]+)"', page)[0]
        second = show(chief, size=25, after=after)
        assert sorted(first + keys_of(second)) == sorted(keys)
        before = re.findall(r'rel="prev" href="\?size=25&amp;before=([^"]+)"', second)[0]
        assert keys_of(show(chief, size=25, before=before)) == first
        assert chief.get(PAGE, {"after": "rubbish"}).status_code == 400

    def test_the_times_that_are_asked_for_most_are_one_click_away(self, chief: Client, acme: Organization) -> None:
        write(acme, created_at=NOON)
        new = write(acme)
        page = show(chief)
        (query,) = re.findall(r'href="([^"]+)">Last 24 hours<', page)
        assert keys_of(show(chief, PAGE + query.replace("&amp;", "&"))) == [str(new.pk)]
        assert len(keys_of(page)) == 2

    def test_where_there_are_none_the_page_says_what_will_come(self, chief: Client) -> None:
        assert "There are no background jobs" in show(chief)
        assert "Clear the filters" in show(chief, state="done")

    def test_the_cost_does_not_grow_with_rows(self, acme: Organization) -> None:
        client = make_client(make_staff(acme, permissions=READER))
        counts = []
        for times in (1, 20):
            for number in range(times):
                write(acme, f"u{times}-{number}")
            show(client)
            with CaptureQueriesContext(connection) as queries:
                show(client)
            counts.append(sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries))
        assert counts[0] == counts[1] <= MOST_QUERIES

    def test_what_was_sent_is_not_even_read(self, chief: Client, acme: Organization) -> None:
        job = write(acme, body=[{"secret": "value"}], answer=ANSWER, state="running")
        with CaptureQueriesContext(connection) as queries:
            show(chief)
            show(chief, f"{PAGE}{job.pk}/")
        assert not any('"body"' in query["sql"].replace("`", '"') for query in queries.captured_queries)

    def test_the_file_holds_what_the_list_shows_and_no_formula(self, chief: Client, acme: Organization) -> None:
        job = write(acme, "ann", created_at=NOON, state="failed", detail="=1+1", code="internal", due_at=None)
        write(acme)
        answer = chief.get(PAGE + "export/", {"state": "failed"})
        _head, row = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
        assert row[:5] == [str(job.pk), "2026-01-05T12:00:00Z", "ann", "Acme Corporation", "failed"]
        assert row[11:13] == ["internal", "'=1+1"]

    def test_the_file_asks_for_its_permission(self, acme: Organization) -> None:
        write(acme)
        client = make_client(make_staff(acme, permissions=READER))
        assert "Export as CSV" not in show(client)
        assert EXPORT in show(client, PAGE + "export/", 403)


class TestOne:
    """Where a job stands, and what came of it."""

    def test_one_that_is_done_tells_what_became_of_its_records(self, chief: Client, acme: Organization) -> None:
        job = write(acme, state="done", done_count=10, due_at=None, finished_at=NOON, answer=ANSWER)
        page = show(chief, f"{PAGE}{job.pk}/")
        for text in ("3 applied, 1 refused, 1 in conflict", "duplicate", "taken", "10 of 10 done", "testapp.Customer"):
            assert text in page
        # What stands in rows is for those who may view their model.
        assert "hidden-row" not in page
        assert "data-live" not in page

    def test_only_the_first_refused_records_are_named(self, chief: Client, acme: Organization) -> None:
        results = [{"index": n, "_model": "a.B", "status": "error", "code": "invalid"} for n in range(120)]
        answer = {**ANSWER, "results": results, "error_count": 120, "conflict_count": 0}
        job = write(acme, state="done", due_at=None, answer=answer)
        page = show(chief, f"{PAGE}{job.pk}/")
        assert page.count('class="tag tag-bad">invalid') == 100
        assert "The first 100 of 120 records." in page

    def test_one_that_failed_tells_why(self, chief: Client, acme: Organization) -> None:
        job = write(acme, state="failed", due_at=None, code="permission_denied", detail="You are no member.")
        page = show(chief, f"{PAGE}{job.pk}/")
        assert "You are no member." in page
        assert "permission_denied" in page

    def test_one_that_waits_says_what_takes_it_up(self, chief: Client, acme: Organization) -> None:
        page = show(chief, f"{PAGE}{write(acme).pk}/")
        assert "sync_jobs --action work" in page
        assert 'data-live="10"' in page

    def test_markup_is_text(self, chief: Client) -> None:
        evil = make_organization("evil", name=MARKUP)
        results = [{"index": 0, "_model": MARKUP, "status": "error", "code": MARKUP, "errors": {MARKUP: [MARKUP]}}]
        job = write(
            evil, MARKUP, state="failed", due_at=None, detail=MARKUP, code=MARKUP, request_id=MARKUP,
            answer={**ANSWER, "results": results, "processed_models": {MARKUP: {"created": 1}}},
        )  # fmt: skip
        for address in (PAGE, f"{PAGE}{job.pk}/", f"{PAGE}{job.pk}/cancel/"):
            page = show(chief, address)
            assert "<img" not in page
            assert "&lt;img" in page


@pytest.mark.only_on("sqlite", reason="each database tells its plan in words of its own")
@pytest.mark.parametrize("query", ["", "?organization=acme"])
def test_a_page_is_read_along_an_index_however_many_jobs_there_are(
    chief: Client, acme: Organization, query: str
) -> None:
    write(acme)
    with CaptureQueriesContext(connection) as captured:
        show(chief, PAGE + query)
    (statement,) = (each["sql"] for each in captured if 'FROM "sb_sync_syncjob"' in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    assert "TEMP B-TREE" not in plan
    assert "sb_sync_job_" in plan


class TestCancelling:
    """Asked first, then done; what it means is told."""

    def cancel(self, client: Client, job: SyncJob) -> str:
        answer = client.post(f"{PAGE}{job.pk}/cancel/?state=queued")
        assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}{job.pk}/?state=queued")
        return show(client, answer["Location"])

    def test_one_that_waits_ends(self, chief: Client, acme: Organization) -> None:
        job = write(acme, body=[{}])
        assert "the rest is not looked at any more" in show(chief, f"{PAGE}{job.pk}/cancel/")
        job.refresh_from_db()
        assert job.state == "queued"
        assert "The job is cancelled." in self.cancel(chief, job)
        job.refresh_from_db()
        assert (job.state, job.body) == ("cancelled", None)

    def test_one_that_is_worked_on_stops_before_its_next_part(self, chief: Client, acme: Organization) -> None:
        job = write(acme, state="running", is_atomic=True)
        assert "what its worker has done so far is undone" in show(chief, f"{PAGE}{job.pk}/cancel/")
        page = self.cancel(chief, job)
        assert "The job will stop" in page
        assert "stopping" in page
        assert "Cancel the job" not in page
        job.refresh_from_db()
        assert (job.state, job.is_cancelled) == ("running", True)

    def test_one_that_ended_meanwhile_stays_as_it_is(self, chief: Client, acme: Organization) -> None:
        job = write(acme, state="done", due_at=None, done_count=10)
        assert "has ended already" in show(chief, f"{PAGE}{job.pk}/cancel/")
        assert "Nothing was cancelled" in self.cancel(chief, job)
        job.refresh_from_db()
        assert (job.state, job.is_cancelled) == ("done", False)

    def test_a_forged_form_cancels_nothing(self, acme: Organization) -> None:
        job = write(acme)
        client = make_client(make_chief(), enforce_csrf_checks=True)
        answer = client.post(f"{PAGE}{job.pk}/cancel/")
        assert answer.status_code == 403
        assert "load it again" in answer.content.decode()
        job.refresh_from_db()
        assert job.state == "queued"
