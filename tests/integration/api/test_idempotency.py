"""The header Idempotency-Key: one request, however often it is sent."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import uuid
from datetime import timedelta
from typing import Any, Dict, List

import pytest
from django.conf import settings as project
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sb_sync.api.views import sync
from sb_sync.models import ModelPermission, Organization, StoredAnswer, SyncConflict, SyncLog, UserSite
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import Api
from tests.integration.push.declaring import declared
from tests.integration.push.test_races import ROUNDS, at_once
from tests.testapp.models import Customer, Region

pytestmark = pytest.mark.django_db(transaction=True)

REGION: Dict[str, Any] = {"_model": "testapp.Region", "name": "R"}
BODY = {"data": [REGION]}


def push(api: Api, body: Any = BODY, key: str = "k", address: str = "push/", **headers: Any) -> Any:
    return api.post(address, body, HTTP_IDEMPOTENCY_KEY=key, **headers)


def replayed(answer: Any) -> bool:
    return bool(answer.headers.get("Idempotency-Replayed") == "true")


def test_the_same_request_gets_the_first_answer_and_writes_nothing(api: Api) -> None:
    first = push(api)
    assert (first.status_code, replayed(first)) == (200, False)
    with CaptureQueriesContext(connection) as queries:
        second = push(api)
    assert (second.status_code, replayed(second), second.content) == (200, True, first.content)
    assert not [query for query in queries.captured_queries if not query["sql"].lstrip("(").startswith("SELECT")]
    assert Region.objects.count() == 1
    assert SyncLog.objects.count() == 1
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_another_body_for_the_same_key_is_refused(api: Api) -> None:
    push(api)
    for body in ({"data": [{**REGION, "name": "S"}]}, {**BODY, "atomic": True}, {"data": []}):
        answer = push(api, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert push(api, address="push/?x=1").status_code == 422
    assert Region.objects.count() == 1


def test_a_body_is_what_it_says_and_not_how_it_is_written(api: Api) -> None:
    first = push(api, '{"data": [{"_model": "testapp.Region", "name": "R"}]}')
    other = b'{ "data":[{"name":"\\u0052","_model":"testapp.Region"}] }'
    assert push(api, other).content == first.content
    assert push(api, gzip.compress(other), HTTP_CONTENT_ENCODING="gzip").content == first.content
    assert Region.objects.count() == 1


def test_keys_are_told_apart_to_the_letter(api: Api) -> None:
    for number, key in enumerate(["k", "K", "k!", "~" * 255, "~" * 254], start=1):
        assert not replayed(push(api, key=key))
        assert Region.objects.count() == number


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ä", "a\tb", "\x7f"])
def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    answer = push(api, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert not Region.objects.exists()


def test_each_user_and_organization_has_keys_of_its_own(api: Api, organization: Organization, user: Any) -> None:
    make_member(organization, username="bob", password="pass")
    globex = make_organization("globex")
    grant(globex)
    UserSite.objects.create(user=user, site_id=globex.pk, group=UserSite.objects.first().group)  # type: ignore[union-attr]
    bob = Api()
    bob.log_in("bob")
    api.organization = "acme"
    answers = [push(api), push(bob)]
    api.organization = "globex"
    answers.append(push(api))
    assert not any(map(replayed, answers))
    assert Region.objects.count() == 3
    assert replayed(push(api))


def test_partial_and_failed_pushes_are_kept_and_refused_ones_are_not(api: Api) -> None:
    partial = push(api, {"data": [REGION, {"_model": "no.Such"}]}, key="partial")
    failed = push(api, {"data": [{"_model": "no.Such"}]}, key="failed")
    empty = push(api, {"data": []}, key="empty")
    for key, body, first in [
        ("partial", {"data": [REGION, {"_model": "no.Such"}]}, partial),
        ("failed", {"data": [{"_model": "no.Such"}]}, failed),
        ("empty", {"data": []}, empty),
    ]:
        again = push(api, body, key=key)
        assert (first.status_code, again.content, replayed(again)) == (200, first.content, True)
    assert Region.objects.count() == 1
    ModelPermission.objects.all().delete()
    assert push(api, key="denied").status_code == 403
    malformed = push(api, {"data": 1}, key="malformed")
    assert malformed.status_code == 400
    assert set(StoredAnswer.objects.values_list("status", flat=True)) == {200}
    assert StoredAnswer.objects.count() == 3
    grant(Organization.objects.get(slug="acme"))
    assert push(api, key="denied").status_code == 200
    assert push(api, key="malformed").status_code == 200


def test_an_undone_atomic_push_is_kept(api: Api) -> None:
    body = {"data": [REGION, {"_model": "testapp.Region"}], "atomic": True}
    first = push(api, body)
    assert (first.status_code, Region.objects.count()) == (400, 0)
    assert push(api, body).content == first.content
    assert replayed(push(api, body))
    assert push(api).status_code == 422
    stale = {"data": [{"_model": "testapp.Region", "id": 1, "name": "x", "_version": "1"}], "atomic": True}
    for _ in range(2):
        assert push(api, stale, key="stale").status_code == 400
    assert SyncConflict.objects.count() == 1


def test_whatever_an_answer_repeats_is_kept(api: Api) -> None:
    body = json.dumps({"data": [{"_model": "a\x00\ud800.b", "name": 1}, {**REGION, "name": "\ud800"}]})
    first = push(api, body)
    assert push(api, body).content == first.content


def test_a_key_serves_again_when_its_time_is_over(api: Api, settings: Any) -> None:
    push(api)
    StoredAnswer.objects.update(created_at=timezone.now() - timedelta(days=7, seconds=1))
    assert not replayed(push(api, {"data": [{**REGION, "name": "other"}]}))
    assert (Region.objects.count(), StoredAnswer.objects.count()) == (2, 1)
    StoredAnswer.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert replayed(push(api, {"data": [{**REGION, "name": "other"}]}))
    settings.SB_SYNC = {"IDEMPOTENCY_RETENTION": timedelta(days=1)}
    assert not replayed(push(api, {"data": [{**REGION, "name": "other"}]}))


def test_a_replay_needs_a_member(api: Api, user: Any) -> None:
    push(api)
    UserSite.objects.update(is_active=False)
    assert push(api).status_code == 403
    UserSite.objects.update(is_active=True)
    assert replayed(push(api))
    user.is_active = False
    user.save()
    assert push(api).status_code == 401


def test_a_replay_shows_no_row_that_the_user_may_no_longer_see(api: Api, organization: Organization) -> None:
    key = str(uuid.uuid4())
    Customer.objects.create(pk=key, organization=organization, name="Theirs")
    body = {"data": [{"_model": "testapp.Customer", "id": key, "name": "Mine", "_version": "x"}]}
    first = push(api, body)
    assert first.json()["results"][0]["server"]["name"] == "Theirs"
    assert push(api, body).content == first.content
    ModelPermission.objects.filter(model_name="testapp.Region").update(can_pull=False)
    assert push(api, body).content == first.content
    ModelPermission.objects.update(can_pull=False)
    again = push(api, body)
    assert (again.status_code, replayed(again)) == (200, True)
    assert again.json() == {**first.json(), "results": [{**first.json()["results"][0], "server": None}]}
    ModelPermission.objects.update(can_pull=True)
    with declared(Customer, exclude=["name"]):
        assert push(api, body).json()["results"][0]["server"] is None
    assert push(api, body).content == first.content


def test_hooks_run_for_the_first_request_only(api: Api) -> None:
    told: List[Any] = []
    hooks = {
        "before_push": lambda self, record, scope: told.append("before"),
        "after_push": lambda self, results, scope: told.append("after"),
    }
    with declared(Region, **hooks):
        push(api)
        push(api)
    assert told == ["before", "after"]


def test_other_addresses_do_not_care(api: Api) -> None:
    for _ in range(2):
        answer = api.post("pull/", {"models": ["testapp.Region"]}, HTTP_IDEMPOTENCY_KEY="a b")
        assert (answer.status_code, replayed(answer)) == (200, False)


def test_a_push_without_the_header_takes_no_statement_more(api: Api) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert api.post("push/", BODY).status_code == 200
    assert not [query for query in queries.captured_queries if "storedanswer" in query["sql"]]
    with CaptureQueriesContext(connection) as queries:
        assert push(api).status_code == 200
    own = [query["sql"] for query in queries.captured_queries if "storedanswer" in query["sql"]]
    assert [sql.split()[0] for sql in own] == ["SELECT", "INSERT", "UPDATE"]


def test_two_at_once_make_one_set_of_rows(api: Api) -> None:
    """200 times: one works, the other gets the same answer."""
    bodies = [{"data": [{**REGION, "name": f"{number}-{each}"} for each in range(3)]} for number in range(ROUNDS)]

    def send() -> List[Any]:
        client = Api(api.token)
        return [push(client, body, key=str(number)) for number, body in enumerate(bodies)]

    for one, two in zip(*at_once(send, send)):
        assert (one.status_code, one.content) == (200, two.content)
        assert replayed(one) != replayed(two)
    assert Region.objects.count() == 3 * ROUNDS


def test_two_at_once_that_are_undone_answer_alike(api: Api) -> None:
    body = {"data": [REGION, {"_model": "testapp.Region"}], "atomic": True}

    def send() -> List[Any]:
        client = Api(api.token)
        return [push(client, body, key=str(number)) for number in range(30)]

    for one, two in zip(*at_once(send, send)):
        assert (one.status_code, one.content) == (400, two.content)
    assert not Region.objects.exists()


def test_an_answer_that_was_lost_is_given_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError("the line broke")

    with monkeypatch.context() as patch:
        patch.setattr(sync, "replay_headers", fail)
        assert push(api).status_code == 500
    assert Region.objects.count() == 1
    again = push(api)
    assert (again.status_code, replayed(again), again.json()["success_count"]) == (200, True, 1)
    assert Region.objects.count() == 1


DYING = """
import os, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["SB_SYNC_TEST_DATABASE"]
import django
django.setup()
from django.test import Client
from sb_sync.events import push_finished

def stop(**kwargs):
    print("committed", flush=True)
    sys.stdin.read()

push_finished.connect(stop)
Client().post("/api/sync/push/", data=sys.argv[1], content_type="application/json",
              HTTP_IDEMPOTENCY_KEY="k", HTTP_AUTHORIZATION="Bearer " + sys.argv[2])
"""


def test_a_server_killed_before_it_answers_has_answered(api: Api) -> None:
    command = [sys.executable, "-c", DYING, json.dumps(BODY), str(api.token)]
    environment = {**os.environ, "SB_SYNC_TEST_DATABASE": str(project.DATABASES["default"]["NAME"])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "committed"
        process.send_signal(signal.SIGKILL)
        process.wait()
    again = push(api)
    assert (again.status_code, replayed(again), again.json()["success_count"]) == (200, True, 1)
    assert Region.objects.count() == 1
