"""Pulls as streams of lines."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from typing import Any, Dict, Iterator, List

import django
import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.db import OperationalError, connection

from sb_sync.api.streaming import NDJSON
from sb_sync.models import (
    Checkpoint,
    ModelPermission,
    Organization,
    PerformanceMetrics,
    SyncLog,
    SyncMetadata,
    UserSite,
    UserSyncMetadata,
)
from sb_sync.pull import snapshots, stream
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import PREFIX, Api
from tests.integration.api.description import check_line
from tests.testapp.models import Region, Tag

pytestmark = pytest.mark.django_db(transaction=True)

Line = Dict[str, Any]
MODELS = ["testapp.Region", "testapp.Tag"]


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PAGE_RECORDS", 10)


@pytest.fixture
def regions(organization: Organization) -> List[Region]:
    Region.objects.bulk_create([Region(site_id=organization.pk, name=f"R{number}") for number in range(35)])
    return list(Region.objects.order_by("pk"))


class Reading:
    """A stream that is read a page at a time, as a slow client does."""

    def __init__(self, api: Api, body: Any, **headers: Any) -> None:
        self.answer = api.post("pull/", body, HTTP_ACCEPT=NDJSON, **headers)
        assert self.answer["Content-Type"] == NDJSON, self.answer.content
        self.chunks: Iterator[bytes] = iter(self.answer.streaming_content)

    def page(self) -> List[Line]:
        """Return the lines of the next page."""
        lines = [json.loads(line) for line in next(self.chunks).splitlines()]
        for line in lines:
            check_line(line)
        return lines

    def rest(self) -> List[Line]:
        return [json.loads(line) for chunk in self.chunks for line in chunk.splitlines()]


def records(lines: List[Line]) -> List[Line]:
    return [line for line in lines if "_model" in line]


def marks(lines: List[Line]) -> List[Line]:
    return [line["_mark"] for line in lines if "_mark" in line]


def test_the_records_are_those_of_a_pull(api: Api, regions: List[Region]) -> None:
    pulled = api.post("pull/", {"models": MODELS}).json()
    lines = api.stream({"models": MODELS})
    assert records(lines) == pulled["data"]
    assert lines[-1]["_metadata"].keys() == pulled["metadata"].keys()
    assert lines[-1]["_metadata"]["testapp.Region"]["count"] == 35
    assert lines[-1]["batch_info"] == {"batch_size": None, "total_records": 35, "has_more": False}


def test_each_page_ends_with_a_mark(api: Api, regions: List[Region]) -> None:
    lines = api.stream({"models": MODELS})
    kinds = "".join("m" if "_mark" in line else "r" if "_model" in line else "e" for line in lines)
    assert kinds == "rrrrrrrrrrm" * 3 + "rrrrrm" + "m" + "e"
    assert all(set(mark) == set(MODELS) for mark in marks(lines))
    last = {label: told["cursor"] for label, told in lines[-1]["_metadata"].items()}
    assert last == marks(lines)[-1]


def test_a_stream_that_was_cut_goes_on_from_its_last_mark(api: Api, regions: List[Region]) -> None:
    reading = Reading(api, {"models": MODELS})
    first = [*reading.page(), *reading.page()]
    reading.answer.close()
    second = api.stream({"models": marks(first)[-1]})
    ids = [line["id"] for line in records(first) + records(second)]
    assert ids == [region.pk for region in regions]


def test_what_changes_meanwhile_comes_in_the_same_stream(
    api: Api, organization: Organization, regions: List[Region]
) -> None:
    reading = Reading(api, {"models": MODELS})
    reading.page()
    Region.objects.filter(pk=regions[0].pk).update(name="changed")
    Region.objects.filter(pk=regions[1].pk).delete()
    Tag.objects.create(slug="new", organization=organization)
    rest = reading.rest()
    assert [line["name"] for line in records(rest) if line["id"] == regions[0].pk] == ["changed"]
    assert [line["_reason"] for line in records(rest) if line["id"] == regions[1].pk] == ["deleted"]
    assert [line["id"] for line in records(rest) if line["_model"] == "testapp.Tag"][-1] == "new"
    again = api.stream({"models": marks(rest)[-1]})
    assert records(again) == []


def test_the_end_serves_as_the_metadata_of_an_answer(api: Api, regions: List[Region]) -> None:
    end = api.stream({"models": ["testapp.Region"]})[-1]["_metadata"]["testapp.Region"]
    assert api.post("pull/", {"models": {"testapp.Region": end["cursor"]}}).json()["data"] == []
    assert api.post("pull/", {"models": {"testapp.Region": end["last_sync"]}}).status_code == 200
    assert end["user_last_sync"] is None


@pytest.mark.parametrize(("batch_size", "has_more"), [(5, True), (25, True), (1000, False)])
def test_a_batch_size_bounds_the_whole_stream(api: Api, regions: List[Region], batch_size: int, has_more: bool) -> None:
    lines = api.stream({"models": MODELS, "batch_size": batch_size})
    assert len(records(lines)) == min(batch_size, 35)
    assert lines[-1]["batch_info"]["batch_size"] == batch_size
    assert lines[-1]["batch_info"]["has_more"] is has_more


def test_a_bound_is_never_beyond_that_of_an_answer(api: Api, regions: List[Region], settings: Any) -> None:
    settings.SB_SYNC = {"MAX_BATCH_SIZE": 12}
    lines = api.stream({"models": MODELS, "batch_size": 1000})
    assert len(records(lines)) == 12
    assert lines[-1]["batch_info"] == {"batch_size": 12, "total_records": 12, "has_more": True}


def test_no_transaction_is_open_between_two_pages(api: Api, regions: List[Region]) -> None:
    reading = Reading(api, {"models": MODELS})
    for _ in range(3):
        reading.page()
        assert not connection.in_atomic_block
        if connection.vendor == "postgresql":
            assert connection.connection.info.transaction_status == 0
    reading.answer.close()


def test_each_page_is_remembered_before_it_leaves(api: Api, regions: List[Region]) -> None:
    # The very first answer of a database leaves a checkpoint of its beginning too.
    api.post("pull/", {"models": MODELS})
    before = Checkpoint.objects.count()
    reading = Reading(api, {"models": MODELS})
    # The page was read before the first byte of the answer.
    assert Checkpoint.objects.count() == before + 1
    reading.page()
    reading.page()
    assert Checkpoint.objects.count() == before + 2
    reading.answer.close()


def test_nothing_of_another_organization_comes(api: Api, regions: List[Region]) -> None:
    other = make_organization("other")
    grant(other)
    make_member(other, username="bob", password="pass")
    Region.objects.create(site_id=other.pk, name="theirs")
    stranger = Api()
    stranger.log_in("bob")
    mine, theirs = api.stream({"models": MODELS}), stranger.stream({"models": MODELS})
    assert "theirs" not in {line["name"] for line in records(mine)}
    assert {line["name"] for line in records(theirs)} == {"theirs"}
    # What another user's stream came to is no place to go on from.
    stolen = stranger.stream({"models": marks(mine)[-1]})
    assert stolen[0] == {"_reset": MODELS}
    assert records(stolen) == records(theirs)


class TestErrors:
    """What goes wrong before and after the first byte."""

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"models": 1}, 400, "malformed"),
            ({"models": ["testapp.Region"], "batch_size": 0}, 400, "malformed"),
            ({"models": {"testapp.Region": "no cursor"}}, 400, "invalid_cursor"),
            ({"models": {"testapp.Region": "2024-13-45"}}, 400, "invalid_cursor"),
            ({"models": ["testapp.Nothing", "testapp.Contract"]}, 403, "permission_denied"),
            ({"organization": "elsewhere"}, 403, "organization_denied"),
        ],
    )
    def test_before_the_first_byte_the_answer_is_a_document(self, api: Api, body: Any, status: int, code: str) -> None:
        answer = api.post("pull/", body, HTTP_ACCEPT=NDJSON)
        told = answer.json()
        assert (answer.status_code, told["code"]) == (status, code)
        assert told["request_id"] == answer["X-Request-ID"]
        plain = api.post("pull/", body).json()
        assert {**plain, "request_id": ""} == {**told, "request_id": ""}

    def test_a_database_that_is_away_is_told_with_its_status(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: Any, **kwargs: Any) -> None:
            raise OperationalError("could not connect to host 10.1.2.3")

        monkeypatch.setattr(snapshots.feed, "reading", fail)
        answer = api.post("pull/", {}, HTTP_ACCEPT=NDJSON)
        assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")

    def test_without_a_token_there_is_no_stream(self) -> None:
        assert Api().post("pull/", {}, HTTP_ACCEPT=NDJSON).status_code == 401

    def test_models_that_are_not_served_stand_in_the_last_line(self, api: Api, regions: List[Region]) -> None:
        end = api.stream({"models": ["testapp.Region", "testapp.Nothing"]})[-1]
        assert [(item["_model"], item["code"]) for item in end["errors"]] == [("testapp.Nothing", "unknown_model")]
        assert SyncLog.objects.get().status == "WARNING"

    def test_a_database_that_goes_away_ends_the_stream(
        self, api: Api, regions: List[Region], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reading = Reading(api, {"models": MODELS}, HTTP_X_REQUEST_ID="cut")
        reading.page()

        def fail(*args: Any, **kwargs: Any) -> None:
            raise OperationalError("could not connect to host 10.1.2.3")

        with monkeypatch.context() as patch:
            patch.setattr(snapshots.feed, "reading", fail)
            (last,) = reading.rest()
        check_line(last)
        assert last["_error"] == {
            "status": "error",
            "code": "unavailable",
            "detail": "The database is away: try again later.",
            "request_id": "cut",
        }
        entry = SyncLog.objects.get()
        assert (entry.status, entry.object_count, entry.error_message) == ("ERROR", 10, "OperationalError")
        assert not connection.in_atomic_block

    def test_a_fault_shows_nothing_of_the_inside(
        self, api: Api, regions: List[Region], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        reading = Reading(api, {"models": MODELS})
        reading.page()

        def fail(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("the secret of the inside")

        monkeypatch.setattr(stream, "read_pages", fail)
        with caplog.at_level(logging.ERROR, "sb_sync"):
            (last,) = reading.rest()
        assert last["_error"]["code"] == "internal"
        assert "secret" not in json.dumps(last)
        assert "the secret of the inside" in caplog.text


class TestRights:
    """Rights that change while lines are on their way."""

    def test_a_log_out_ends_the_stream(self, api: Api, regions: List[Region]) -> None:
        reading = Reading(api, {"models": MODELS})
        reading.page()
        api.post("auth/logout/", {})
        (last,) = reading.rest()
        assert last["_error"]["code"] == "invalid_token"
        assert SyncLog.objects.get().error_message == "invalid_token"

    def test_a_user_who_was_put_out_gets_no_more(self, api: Api, regions: List[Region]) -> None:
        reading = Reading(api, {"models": MODELS})
        reading.page()
        UserSite.objects.update(is_active=False)
        (last,) = reading.rest()
        assert last["_error"]["code"] == "organization_denied"

    def test_a_user_who_was_moved_gets_nothing_of_the_other_organization(self, api: Api, regions: List[Region]) -> None:
        other = make_organization("other")
        grant(other)
        Region.objects.create(site_id=other.pk, name="theirs")
        reading = Reading(api, {"models": MODELS})
        reading.page()
        UserSite.objects.update(site_id=other.pk)
        (last,) = reading.rest()
        assert last["_error"]["code"] == "organization_denied"

    def test_a_model_that_was_withdrawn_comes_no_more(
        self, api: Api, organization: Organization, regions: List[Region]
    ) -> None:
        Tag.objects.bulk_create([Tag(slug=f"t{number:02}", organization=organization) for number in range(15)])
        reading = Reading(api, {"models": MODELS})
        reading.page()
        ModelPermission.objects.filter(model_name="testapp.Region").update(can_pull=False)
        rest = reading.rest()
        assert {line["_model"] for line in records(rest)} == {"testapp.Tag"}
        assert len(records(rest)) == 15
        assert [(item["_model"], item["code"]) for item in rest[-1]["errors"]] == [
            ("testapp.Region", "permission_denied")
        ]
        assert all(set(mark) == {"testapp.Tag"} for mark in marks(rest))

    def test_all_models_withdrawn_end_the_stream(self, api: Api, regions: List[Region]) -> None:
        reading = Reading(api, {"models": MODELS})
        reading.page()
        ModelPermission.objects.update(can_pull=False)
        (last,) = reading.rest()
        check_line(last)
        assert last["_error"]["code"] == "permission_denied"
        assert {item["_model"] for item in last["_error"]["errors"]} == set(MODELS)

    def test_a_row_that_moves_away_meanwhile_is_no_more_seen(self, api: Api, regions: List[Region]) -> None:
        other = make_organization("other")
        reading = Reading(api, {"models": MODELS})
        reading.page()
        Region.objects.filter(pk__in=[regions[0].pk, regions[-1].pk]).update(site_id=other.pk)
        rest = records(reading.rest())
        assert [line["_reason"] for line in rest if line["id"] == regions[0].pk] == ["out_of_scope"]
        assert all(line.get("_deleted") for line in rest if line["id"] == regions[-1].pk)


class TestResets:
    """Cursors that no longer serve."""

    def test_a_reset_is_told_before_the_records(self, api: Api, regions: List[Region]) -> None:
        end = api.stream({"models": MODELS})[-1]["_metadata"]
        cursors = {label: told["cursor"] for label, told in end.items()}
        Checkpoint.objects.all().delete()
        lines = api.stream({"models": cursors})
        assert lines[0] == {"_reset": MODELS}
        assert len(records(lines)) == 35
        assert [line for line in lines if "_reset" in line] == lines[:1]
        assert {told["reset"] for told in lines[-1]["_metadata"].values()} == {True}

    def test_a_reset_in_the_middle_takes_back_the_time_to_go_on_from(
        self, api: Api, organization: Organization, regions: List[Region]
    ) -> None:
        reading = Reading(api, {"models": ["testapp.Region"], "batch_size": 60})
        for _ in range(4):
            reading.page()
        Checkpoint.objects.all().delete()
        rest = reading.rest()
        assert {"_reset": ["testapp.Region"]} in rest
        end = rest[-1]["_metadata"]["testapp.Region"]
        assert rest[-1]["batch_info"]["has_more"] is True
        assert (end["reset"], end["last_sync"]) == (True, None)


class TestTraces:
    """What stays of a stream."""

    def test_a_stream_is_written_down_once(self, api: Api, user: Any, regions: List[Region]) -> None:
        api.stream({"models": ["testapp.Region"]})
        entry = SyncLog.objects.get()
        assert (entry.user, entry.operation, entry.status, entry.object_count) == (user, "PULL", "SUCCESS", 35)
        assert SyncMetadata.objects.get().total_synced == 35
        metric = PerformanceMetrics.objects.get()
        assert metric.batch_size == 35
        assert metric.query_count > 20
        memory = UserSyncMetadata.objects.get()
        assert memory.total_synced == 35
        assert memory.last_sync is not None

    def test_a_client_that_goes_away_leaves_what_it_got(self, api: Api, regions: List[Region]) -> None:
        reading = Reading(api, {"models": ["testapp.Region"]})
        reading.page()
        reading.answer.close()
        entry = SyncLog.objects.get()
        assert (entry.status, entry.object_count, entry.error_message) == ("WARNING", 10, "closed by the client")
        assert UserSyncMetadata.objects.get().last_sync is None
        assert not connection.in_atomic_block

    def test_a_stream_that_nobody_reads_is_written_down_too(self, api: Api, regions: List[Region]) -> None:
        reading = Reading(api, {"models": ["testapp.Region"], "batch_size": 3})
        reading.answer.close()
        assert SyncLog.objects.get().error_message == "closed by the client"

    def test_a_journal_that_fails_does_not_end_the_stream(
        self, api: Api, regions: List[Region], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(*args: Any, **kwargs: Any) -> None:
            raise OperationalError("no room on the disk")

        monkeypatch.setattr(stream, "announce", fail)
        assert "_metadata" in api.stream({"models": MODELS})[-1]
        assert "no room on the disk" in caplog.text


class TestTransport:
    """How lines travel."""

    def test_a_page_of_a_compressed_stream_can_be_read_when_it_comes(self, api: Api, regions: List[Region]) -> None:
        answer = api.post("pull/", {"models": MODELS}, HTTP_ACCEPT=NDJSON, HTTP_ACCEPT_ENCODING="gzip")
        assert answer["Content-Encoding"] == "gzip"
        chunks = list(answer.streaming_content)
        assert len(chunks) > 3
        lines = [json.loads(line) for line in gzip.decompress(b"".join(chunks)).splitlines()]
        assert len(records(lines)) == 35
        inflater = zlib.decompressobj(31)
        assert inflater.decompress(chunks[0]).endswith(b"}}\n")

    def test_caches_and_proxies_are_told(self, api: Api, regions: List[Region]) -> None:
        for accept in (NDJSON, "application/json"):
            answer = api.post("pull/", {"models": MODELS}, HTTP_ACCEPT=accept)
            assert {"Accept", "Accept-Encoding"} <= {name.strip() for name in answer["Vary"].split(",")}
            assert answer["Cache-Control"] == "no-store"
            assert answer["X-Request-ID"]
            answer.close()


@pytest.mark.skipif(django.VERSION < (4, 2), reason="older ones gather a stream first")
def test_pages_come_one_by_one_under_asgi(api: Api, regions: List[Region]) -> None:
    sent: List[Dict[str, Any]] = async_to_sync(ask_over_asgi)(api, {"models": MODELS})
    chunks = [message["body"] for message in sent if message.get("body")]
    assert len(chunks) > 4
    lines = [json.loads(line) for line in b"".join(chunks).splitlines()]
    assert len(records(lines)) == 35
    assert "_metadata" in lines[-1]
    assert SyncLog.objects.get().status == "SUCCESS"


async def ask_over_asgi(api: Api, body: Any) -> List[Dict[str, Any]]:
    """Send a pull to Django's ASGI application and return all that it sends."""
    headers = {
        "authorization": f"Bearer {api.token}",
        "accept": NDJSON,
        "content-type": "application/json",
        "content-length": str(len(json.dumps(body))),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": PREFIX + "pull/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("testserver", 80),
    }
    application = ApplicationCommunicator(ASGIHandler(), scope)
    await application.send_input({"type": "http.request", "body": json.dumps(body).encode()})
    sent = [await application.receive_output(timeout=30)]
    while sent[-1]["type"] == "http.response.start" or sent[-1].get("more_body", False):
        sent.append(await application.receive_output(timeout=30))
    await application.wait(timeout=30)
    return sent
