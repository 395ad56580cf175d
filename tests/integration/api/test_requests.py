"""Bodies, headers and errors of every kind over HTTP."""

from __future__ import annotations

import json
import logging
from typing import Any, Dict

import pytest
from django.db import OperationalError

from sb_sync.api.views import sync
from sb_sync.models import Organization, PerformanceMetrics, SyncLog, SyncMetadata, UserSite, UserSyncMetadata
from sb_sync.testing.factories import grant, make_organization
from tests.integration.api.client import Api
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)

REGION = {"_model": "testapp.Region", "name": "Coast"}


def test_what_is_pushed_is_pulled(api: Api, organization: Organization) -> None:
    pushed = api.post("push/", {"data": [REGION]}).json()
    assert pushed["status"] == "success"
    pulled = api.post("pull/", {"models": ["testapp.Region"]}).json()
    assert [(record["id"], record["name"], record["_version"]) for record in pulled["data"]] == [
        (pushed["results"][0]["id"], "Coast", pushed["results"][0]["_version"])
    ]
    assert Region.objects.get().site_id == organization.pk


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"data": [NaN]}',
        b'{"data": [Infinity]}',
        b'{"data": {}}',
        b'{"data": 1}',
        b'{"data": []} {}',
        b'{"data": [1, "x", null, []]}',
        b'{"data": [], "atomic": "yes"}',
        b'{"data": [], "organization": []}',
        b'{"data": [], "organization": true}',
        b'{"no": "data"}',
        b'{"data": [' + b"9" * 10_000 + b"]}",
    ],
)
@pytest.mark.parametrize("address", ["push/", "pull/"])
def test_a_malformed_body_gets_a_clear_error(api: Api, address: str, body: bytes) -> None:
    answer = api.post(address, body)
    told = answer.json()
    assert answer.status_code < 500
    if answer.status_code == 400:
        assert told["status"] == "error"
        assert told["code"]
        assert told["request_id"] == answer["X-Request-ID"]


@pytest.mark.parametrize("body", [b" ", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"data": [NaN]}', b'{"data": 1}'])
def test_a_push_that_cannot_be_read_is_a_400(api: Api, body: bytes) -> None:
    assert api.post("push/", body).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 5_000_000,
        b'{"data":' * 1000,
        b'{"a":"' + b'\\"' * 10 + b'","data":' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)
def test_deep_nesting_is_refused_before_it_is_built(api: Api, body: bytes) -> None:
    answer = api.post("push/", body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_brackets_inside_text_are_no_nesting(api: Api) -> None:
    record = {**REGION, "name": '[[[["\\' * 6}
    assert api.post("push/", {"data": [record] * 3}).json()["status"] == "success"


def test_a_body_over_the_limit_is_refused(api: Api, settings: Any) -> None:
    settings.SB_SYNC = {"MAX_BODY_BYTES": 2000}
    answer = api.post("push/", {"data": [{**REGION, "name": "x" * 3000}]})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_over_the_limit_of_django_is_read(api: Api, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = api.post("push/", {"data": [{**REGION, "name": str(number)} for number in range(100)]})
    assert answer.json()["success_count"] == 100


def test_too_many_records_are_refused(api: Api, settings: Any) -> None:
    settings.SB_SYNC = {"MAX_PUSH_RECORDS": 2}
    assert api.post("push/", {"data": [REGION] * 3}).status_code == 413
    assert not Region.objects.exists()


def test_another_kind_of_body_is_refused(api: Api) -> None:
    answer = api.send("post", "push/", data="<data/>", content_type="text/xml")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_another_method_is_refused(api: Api) -> None:
    answer = api.send("get", "push/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("address", ["nothing/", "push", "auth/", "", "push/x/y"])
def test_an_unknown_address_is_told_as_json(api: Api, address: str) -> None:
    answer = api.send("get", address)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer["X-Request-ID"]


def test_a_request_keeps_the_name_that_the_client_gave_it(api: Api) -> None:
    assert api.post("pull/", {}, HTTP_X_REQUEST_ID="abc-1")["X-Request-ID"] == "abc-1"
    assert SyncLog.objects.get().request_id == "abc-1"


@pytest.mark.parametrize("name", ["a b", "x" * 65, "é", "<b>", "a\nb"])
def test_a_name_that_might_do_harm_is_replaced(api: Api, name: str) -> None:
    assert api.post("pull/", {}, HTTP_X_REQUEST_ID=name)["X-Request-ID"] != name


def test_a_failure_shows_nothing_of_the_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the secret of the inside")

    monkeypatch.setattr(sync.pull, "run", fail)
    with caplog.at_level(logging.ERROR, "sb_sync"):
        answer = api.post("pull/", {})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert b"secret" not in answer.content
    assert "the secret of the inside" in caplog.text


def test_a_database_that_is_away_is_a_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("could not connect to host 10.1.2.3")

    monkeypatch.setattr(sync.pull, "run", fail)
    answer = api.post("pull/", {})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert b"10.1.2.3" not in answer.content


def test_json_is_answered_to_browsers_too(api: Api) -> None:
    answer = api.post("pull/", {}, HTTP_ACCEPT="text/html")
    assert answer["Content-Type"] == "application/json"


class TestOrganization:
    """Where a request acts."""

    @pytest.fixture(autouse=True)
    def _second(self, user: Any) -> Organization:
        second = make_organization("beta")
        grant(second)
        UserSite.objects.create(user=user, site_id=second.pk, group=UserSite.objects.get(user=user).group)
        return second

    def test_several_ask_for_a_name(self, api: Api) -> None:
        answer = api.post("pull/", {})
        assert (answer.status_code, answer.json()["code"]) == (400, "organization_required")
        assert answer.json()["organizations"] == ["acme", "beta"]

    def test_a_header_names_it(self, api: Api) -> None:
        api.post("push/", {"data": [REGION]}, HTTP_X_ORGANIZATION="beta")
        assert Region.objects.get().site.domain == "beta"

    def test_the_body_names_it_by_slug_or_id(self, api: Api, organization: Organization) -> None:
        for place in ("acme", organization.pk):
            api.post("push/", {"data": [REGION], "organization": place})
        assert list(Region.objects.values_list("site_id", flat=True)) == [organization.pk] * 2

    @pytest.mark.parametrize("place", ["other", "nowhere", 10**30, -1, 0, "9" * 50, "a\x00b", "ä"])
    def test_one_that_is_not_mine_is_as_one_that_is_not(self, api: Api, place: Any) -> None:
        make_organization("other")
        answer = api.post("pull/", {"organization": place})
        assert (answer.status_code, answer.json()["code"]) == (403, "organization_denied")
        assert answer.json()["detail"] == "There is no such organization for this user."


class TestTraces:
    """What stays of a request."""

    def test_a_push_is_written_down(self, api: Api, user: Any, organization: Organization) -> None:
        api.post("push/", {"data": [{**REGION, "password": "hush"}, REGION]})
        entry = SyncLog.objects.get()
        assert (entry.user, entry.site_id, entry.operation) == (user, organization.pk, "PUSH")
        assert (entry.status, entry.model_name, entry.object_count) == ("WARNING", "testapp.Region", 1)
        assert "unknown_field" in entry.error_message
        assert "hush" not in json.dumps(entry.request_data)
        assert SyncMetadata.objects.get().total_synced == 1
        metric = PerformanceMetrics.objects.get()
        assert (metric.operation_type, metric.batch_size) == ("push", 2)
        assert metric.processing_time > 0
        assert metric.query_count > 0

    def test_a_pull_is_written_down(self, api: Api, user: Any) -> None:
        Region.objects.create(site_id=UserSite.objects.get().site_id, name="R")
        api.post("pull/", {"models": ["testapp.Region"]})
        first = UserSyncMetadata.objects.get()
        api.post("pull/", {"models": ["testapp.Region"]})
        second = UserSyncMetadata.objects.get()
        assert (first.total_synced, second.total_synced) == (1, 2)
        assert second.last_sync > first.last_sync  # type: ignore[operator]
        assert second.fingerprint_since == first.fingerprint_since
        assert SyncLog.objects.filter(operation="PULL", status="SUCCESS").count() == 2

    def test_metrics_may_be_sampled(self, api: Api, settings: Any) -> None:
        settings.SB_SYNC = {"METRICS_SAMPLE_RATE": 0.0}
        api.post("pull/", {})
        assert not PerformanceMetrics.objects.exists()

    def test_a_big_body_is_cut(self, api: Api, settings: Any) -> None:
        settings.SB_SYNC = {"LOG_BODY_BYTES": 300}
        api.post("push/", {"data": [{**REGION, "name": "x" * 30}] * 500})
        assert len(json.dumps(SyncLog.objects.get().request_data)) < 1000

    @pytest.mark.parametrize("odd", ["\x00", "\ud800", 1e400])
    def test_odd_values_do_not_stop_the_journal(self, api: Api, odd: Any) -> None:
        body: Dict[str, Any] = {"data": [{**REGION, "name": odd}], "odd": odd}
        text = json.dumps(body).replace("Infinity", "1e999")
        assert api.post("push/", text).status_code == 200
        assert SyncLog.objects.count() == 1
