"""Requests that are refused as a whole leave a line in the log, with who, where and why, and no secret."""

from __future__ import annotations

import logging
from typing import Any, Dict, List

import pytest
from django.test import Client

from sb_sync.api.views import sync
from sb_sync.models import ModelPermission
from tests.integration.api.client import PREFIX, Api

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "hunter2hunter2"


@pytest.fixture
def refusals(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO, logger="sb_sync")

    def read() -> List[str]:
        return [
            record.getMessage()
            for record in caplog.records
            if record.name == "sb_sync" and record.levelno >= logging.WARNING
        ]

    return read


def test_a_bad_token_is_told_and_not_repeated(refusals: Any) -> None:
    assert Api(token=SECRET).post("push/", {"data": []}).status_code == 401
    (line,) = refusals()
    assert line == f"POST {PREFIX}push/ refused for user - from 127.0.0.1: 401 invalid_token"


def test_a_wrong_password_is_told_without_name_and_password(refusals: Any) -> None:
    assert Api().post("auth/token/", {"username": SECRET, "password": SECRET}).status_code == 401
    (line,) = refusals()
    assert line.endswith(": 401 invalid_credentials")
    assert SECRET not in line


@pytest.mark.parametrize(
    ("address", "sent", "code"),
    [
        ("push/", {"organization": "elsewhere", "data": []}, "403 organization_denied"),
        ("push/", {"data": {}}, "400 malformed"),
        ("pull/", {"models": {"testapp.Region": SECRET}}, "400 invalid_cursor"),
        ("nowhere/?token=" + SECRET, {}, "404 not_found"),
    ],
)
def test_a_refusal_of_somebody_known_names_the_user(
    api: Api, refusals: Any, address: str, sent: Dict[str, Any], code: str
) -> None:
    assert api.post(address, sent).status_code == int(code[:3])
    line = refusals()[-1]
    path, name = address.partition("?")[0], "-" if "404" in code else "ann"
    assert line == f"POST {PREFIX}{path} refused for user {name} from 127.0.0.1: {code}"


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_a_pull_of_which_nothing_is_served_is_told_as_a_refusal_too(
    api: Api, caplog: Any, refusals: Any, accept: str
) -> None:
    answer = api.post("pull/", {"models": ["auth.User"]}, HTTP_ACCEPT=accept)
    assert answer.status_code == 403
    assert {error["_model"]: error["code"] for error in answer.json()["errors"]} == {"auth.User": "not_enabled"}
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert 'PULL request from user ann in Acme: {"models": ["auth.User"]}' in caplog.messages
    assert refusals() == [f"POST {PREFIX}pull/ refused for user ann from 127.0.0.1: 403 permission_denied"]


def test_a_push_that_is_answered_record_by_record_was_processed(api: Api, caplog: Any, refusals: Any) -> None:
    ModelPermission.objects.filter(model_name="testapp.Tag").update(can_push=False)
    record = {"_model": "testapp.Tag", "id": "x"}
    assert api.post("push/", {"data": [record]}).status_code == 403
    assert api.post("push/", {"data": [{"_model": "testapp.Region"}], "atomic": True}).status_code == 400
    assert len([line for line in caplog.messages if line.startswith("PUSH request from user ann")]) == 2
    assert refusals() == []


def test_a_body_that_is_too_large_is_told(api: Api, refusals: Any, settings: Any) -> None:
    settings.SB_SYNC = {"MAX_BODY_BYTES": 1024}
    assert api.post("push/", {"data": ["x" * 2000]}).status_code == 413
    assert refusals()[0].endswith("user ann from 127.0.0.1: 413 too_large")


def test_a_throttled_log_in_is_told(user: Any, refusals: Any, settings: Any) -> None:
    settings.SB_SYNC = {"LOGIN_THROTTLE": "1/min"}
    for _ in range(2):
        Api().post("auth/token/", {"username": "ann", "password": "wrong"})
    assert [line[-21:] for line in refusals()] == ["1 invalid_credentials", ".0.0.1: 429 throttled"]


def test_a_wrong_method_asks_nobody_who_it_is(refusals: Any) -> None:
    assert Client().get(PREFIX + "push/", HTTP_COOKIE="sessionid=x").status_code == 405
    (line,) = refusals()
    assert line.endswith("refused for user - from 127.0.0.1: 405 method_not_allowed")


def test_an_address_cannot_forge_a_line(refusals: Any) -> None:
    Api().post("nowhere%0A2024-01-01%2012:00:00%20-%20forged" + "x" * 500, {})
    (line,) = refusals()
    assert line.splitlines() == [line]
    assert len(line) < 300


def test_a_failure_is_told_once_as_an_error(
    api: Api, refusals: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(sync.push, "run", fail)
    assert api.post("push/", {"data": []}).status_code == 500
    assert [record.levelname for record in caplog.records if record.name == "sb_sync"][-1] == "ERROR"
    assert not [line for line in refusals() if "refused" in line]


def test_a_listener_that_fails_changes_no_answer(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    from sb_sync.events import request_refused

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("broken")

    request_refused.connect(fail)
    try:
        assert api.post("push/", {"data": {}}).status_code == 400
    finally:
        request_refused.disconnect(fail)
