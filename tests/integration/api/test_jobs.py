"""Background pushes over HTTP: accepted, told of, cancelled; and what strangers learn of them."""

from __future__ import annotations

import gzip
import json
import uuid
from typing import Any, Dict, List

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.settings import api_settings

from sb_sync.models import ModelPermission, Organization, StoredAnswer, SyncJob, SyncJobChunk, SyncLog, UserSite
from sb_sync.push import jobs
from sb_sync.push.jobs import acceptance
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import PREFIX, Api
from tests.integration.push.test_races import at_once
from tests.testapp.models import Customer, Region

pytestmark = pytest.mark.django_db(transaction=True)

REGION: Dict[str, Any] = {"_model": "testapp.Region", "name": "R"}


def accept(api: Api, *records: Any, atomic: bool = False, **headers: Any) -> Dict[str, Any]:
    answer = api.post("push/?async=1", {"data": list(records or [REGION]), "atomic": atomic}, **headers)
    assert answer.status_code == 202, answer.content
    return dict(answer.json())


def ask(api: Api, job: Dict[str, Any], **headers: Any) -> Dict[str, Any]:
    answer = api.get(f"jobs/{job['job']}/", **headers)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def work(job: Dict[str, Any]) -> jobs.Attempt:
    return jobs.work(uuid.UUID(job["job"]))


def test_a_push_is_accepted_then_done_and_answered_as_any_push(api: Api) -> None:
    job = accept(api, REGION, {"_model": "no.Such"}, {**REGION, "_client_id": "r", "odd": 1})
    assert job == {"status": "accepted", "job": job["job"], "url": f"{PREFIX}jobs/{job['job']}/"}
    assert ask(api, job) == {"status": "queued", "progress": 0, "result": None}
    assert not Region.objects.exists()
    assert work(job) is jobs.Attempt.ENDED
    told = ask(api, job)
    plain = api.post("push/", {"data": [REGION, {"_model": "no.Such"}, {**REGION, "_client_id": "r", "odd": 1}]}).json()
    for answer in (told["result"], plain):
        del answer["processing_time"], answer["results"][0]["id"], answer["results"][0]["_version"]
    assert told == {"status": "done", "progress": 100, "result": plain}
    assert Region.objects.count() == 2


def test_only_1_is_taken_for_yes_and_nothing_else_for_no(api: Api) -> None:
    for word in ("0",):
        assert api.post(f"push/?async={word}", {"data": []}).status_code == 200
    for word in ("", "true", "yes", "2", "01"):
        answer = api.post(f"push/?async={word}", {"data": [REGION]})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert not SyncJob.objects.exists()
    assert not Region.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400), ("[]", 400), ('{"data": {}}', 400), ('{"data": null}', 400), ("{}", 400), ('"x"', 400),
        ('{"data": [], "atomic": 1}', 400), ('{"data": [], "organization": []}', 400), ("\ud83d", 400),
        ('{"data": ' + "[" * 40 + "]" * 40 + "}", 413), ('{"data": [], "x": "' + "x" * 2000 + '"}', 413),
        ('{"data": [], "organization": "rival"}', 403),
    ],
)  # fmt: skip
def test_a_broken_body_is_refused_at_once_and_nothing_is_stored(
    api: Api, settings: Any, body: str, status: int
) -> None:
    settings.SB_SYNC = {"MAX_BODY_BYTES": 1024}
    make_organization("rival")
    answer = api.post("push/?async=1", body.encode("utf-8", "surrogatepass"), HTTP_IDEMPOTENCY_KEY="k")
    assert answer.status_code == status, answer.content
    assert not SyncJob.objects.exists()
    assert not StoredAnswer.objects.exists()


def test_what_is_no_json_or_needs_a_token_is_refused_as_for_a_push(api: Api) -> None:
    assert api.send("post", "push/?async=1", data=b"x", content_type="text/plain").status_code == 415
    broken = api.post("push/?async=1", b"no gzip", HTTP_CONTENT_ENCODING="gzip")
    assert broken.status_code == 400
    assert Api("x.y.z").post("push/?async=1", {"data": []}).status_code == 401
    assert api.post("push/?async=1", {"data": []}, HTTP_IDEMPOTENCY_KEY="a b").status_code == 400


def test_the_number_of_records_has_no_limit_of_its_own(api: Api, settings: Any) -> None:
    settings.SB_SYNC = {"MAX_PUSH_RECORDS": 3}
    records = [{**REGION, "name": f"R{number}"} for number in range(10)]
    assert api.post("push/", {"data": records}).status_code == 413
    for atomic in (False, True):
        job = accept(api, *records, atomic=atomic)
        work(job)
        told = ask(api, job)
        assert (told["status"], told["result"]["success_count"]) == ("done", 10)
        assert [result["index"] for result in told["result"]["results"]] == list(range(10))
    assert Region.objects.count() == 20


def test_an_empty_push_is_done_too(api: Api) -> None:
    for atomic in (False, True):
        answer = api.post("push/?async=1", {"data": [], "atomic": atomic})
        work(answer.json())
        assert ask(api, answer.json())["result"]["status"] == "success"


class TestIdempotency:
    def test_the_same_request_names_the_same_job(self, api: Api) -> None:
        first = api.post("push/?async=1", {"data": [REGION]}, HTTP_IDEMPOTENCY_KEY="k")
        work(first.json())
        with CaptureQueriesContext(connection) as queries:
            second = api.post("push/?async=1", {"data": [REGION]}, HTTP_IDEMPOTENCY_KEY="k")
        assert (first.status_code, second.status_code, second.content) == (202, 202, first.content)
        assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
        assert not [query for query in queries.captured_queries if not query["sql"].lstrip("(").startswith("SELECT")]
        assert (SyncJob.objects.count(), Region.objects.count()) == (1, 1)

    def test_another_body_or_another_way_under_the_same_key_is_refused(self, api: Api) -> None:
        accept(api, HTTP_IDEMPOTENCY_KEY="k")
        for address, body in (("push/?async=1", {"data": []}), ("push/", {"data": [REGION]})):
            answer = api.post(address, body, HTTP_IDEMPOTENCY_KEY="k")
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert SyncJob.objects.count() == 1

    def test_two_at_once_make_one_job(self, api: Api) -> None:
        def send(number: int) -> Any:
            one = Api(api.token)
            return one.post("push/?async=1", {"data": [REGION]}, HTTP_IDEMPOTENCY_KEY=f"k{number}")

        for number in range(5):
            answers = at_once(*[lambda number=number: send(number)] * 3)
            assert {answer.status_code for answer in answers} <= {202, 409}
            assert len({answer.json()["job"] for answer in answers if answer.status_code == 202}) == 1
        assert SyncJob.objects.count() == 5

    def test_a_malformed_push_leaves_its_key_free(self, api: Api) -> None:
        assert api.post("push/?async=1", {"data": 1}, HTTP_IDEMPOTENCY_KEY="k").status_code == 400
        accept(api, HTTP_IDEMPOTENCY_KEY="k")


class TestStrangers:
    @pytest.fixture
    def rival(self, user: Any) -> Organization:
        """An organization in which the user is a member as well."""
        made = make_organization("rival")
        grant(made, delete=True)
        UserSite.objects.create(user=user, site_id=made.pk, group=UserSite.objects.get(user=user).group)
        return made

    def test_a_job_is_told_to_its_user_alone(self, api: Api, organization: Organization) -> None:
        job = accept(api)
        make_member(organization, username="bob", password="pass")
        bob = Api()
        bob.log_in("bob")
        for method in ("get", "delete"):
            missing = bob.send(method, f"jobs/{uuid.uuid4()}/")
            answer = bob.send(method, f"jobs/{job['job']}/")
            assert answer.status_code == missing.status_code == 404
            assert answer.json()["detail"] == missing.json()["detail"]
            assert Api().send(method, f"jobs/{job['job']}/").status_code == 401
        assert ask(api, job)["status"] == "queued"

    def test_a_superuser_is_a_stranger_too(self, api: Api, organization: Organization) -> None:
        job = accept(api)
        make_member(organization, username="root", password="pass", is_superuser=True)
        root = Api()
        root.log_in("root")
        assert root.get(f"jobs/{job['job']}/").status_code == 404

    def test_a_job_is_in_one_organization(self, api: Api, rival: Organization) -> None:
        job = accept(api, HTTP_X_ORGANIZATION="acme")
        # The address names the job, and the job its organization.
        assert ask(api, job)["status"] == "queued"
        assert ask(api, job, HTTP_X_ORGANIZATION="acme")["status"] == "queued"
        for method in ("get", "delete"):
            assert api.send(method, f"jobs/{job['job']}/", HTTP_X_ORGANIZATION="rival").status_code == 404
            assert api.send(method, f"jobs/{job['job']}/?organization=rival").status_code == 404
            assert api.send(method, f"jobs/{job['job']}/?organization=nowhere").status_code == 403
        assert SyncJob.objects.get().state == "queued"

    def test_who_left_the_organization_is_told_nothing(self, api: Api, organization: Organization) -> None:
        job = accept(api)
        UserSite.objects.update(is_active=False)
        for method in ("get", "delete"):
            for place in ({}, {"HTTP_X_ORGANIZATION": "acme"}):
                assert api.send(method, f"jobs/{job['job']}/", **place).status_code == 403
        assert SyncJob.objects.get().state == "queued"

    @pytest.mark.parametrize(
        "name", ["1", "x", "' OR 1=1 --", "00000000-0000-0000-0000-00000000000g", "%00", "../push"]
    )
    def test_what_is_no_job_is_not_found(self, api: Api, name: str) -> None:
        assert api.get(f"jobs/{name}/").status_code == 404

    def test_rows_in_an_answer_are_hidden_from_who_may_not_see_them_any_more(self, api: Api) -> None:
        customer = Customer.objects.create(organization=Organization.objects.get(slug="acme"), name="secret-name")
        record = {"_model": "testapp.Customer", "id": str(customer.pk), "_version": "1.x", "name": "mine"}
        told: List[Any] = []
        waiting = [accept(api, record, atomic=atomic) for atomic in (False, True)]
        for job in waiting:
            work(job)
            (result,) = ask(api, job)["result"]["results"]
            assert result["server"]["name"] == "secret-name"
            told.append(result)
        ModelPermission.objects.filter(model_name="testapp.Customer").update(can_pull=False)
        for job in waiting:
            assert "secret-name" not in json.dumps(ask(api, job))


def test_nobody_leaves_too_many_waiting(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptance, "MAX_OPEN_JOBS", 2)
    first = accept(api)
    accept(api)
    answer = api.post("push/?async=1", {"data": [REGION]})
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "throttled", "60")
    work(first)
    accept(api)


def test_what_was_sent_is_deleted_when_the_job_ends(api: Api) -> None:
    secret = {**REGION, "name": "hunter2", "_client_id": "s"}
    done, cancelled = accept(api, secret), accept(api, secret)
    assert "hunter2" in str(SyncJob.objects.values_list("body", flat=True)[0])
    work(done)
    assert api.send("delete", f"jobs/{cancelled['job']}/").json()["status"] == "cancelled"
    assert "hunter2" not in str(list(SyncJob.objects.values()))
    assert not SyncJobChunk.objects.exists()


def test_the_journal_tells_of_the_work_under_the_request_s_name(api: Api) -> None:
    answer = api.post("push/?async=1", {"data": [{**REGION, "password": "x"}]}, HTTP_X_REQUEST_ID="mine")
    assert not SyncLog.objects.exists()
    work(answer.json())
    entry = SyncLog.objects.get()
    assert (entry.request_id, entry.operation, entry.site_id) == ("mine", "PUSH", SyncJob.objects.get().site_id)
    assert entry.request_data["data"][0]["password"] == "***"


def test_an_address_of_any_length_does_no_harm(api: Api, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_settings, "NUM_PROXIES", 1)
    accept(api, HTTP_X_FORWARDED_FOR="x" * 5000)
    assert SyncJob.objects.get().ip == "x" * 64


def test_a_body_may_come_compressed(api: Api) -> None:
    body = gzip.compress(json.dumps({"data": [REGION]}).encode())
    assert api.post("push/?async=1", body, HTTP_CONTENT_ENCODING="gzip").status_code == 202
