"""What those get who are not let in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from sb_sync.config import find_faults
from sb_sync.models import Organization, SyncLog, TokenFamily
from tests.integration.api.client import Api

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESSES = ["push/", "pull/", "auth/token/", "auth/refresh/", "auth/logout/"]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "head"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_another_method_is_refused_before_anything_else(method: str, address: str) -> None:
    answer = Api().send(method, address)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize("address", ["push/", "pull/", "auth/logout/"])
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YW5uOnBhc3M=", "Bearer x y", "Token x"])
def test_without_a_token_nothing_is_read(address: str, header: str) -> None:
    answer = Api().post(address, b"{", HTTP_AUTHORIZATION=header)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("name", ["a\x00n", "\ud800", "x" * 5000, "' OR 1=1 --", "ann\n"])
def test_names_that_nobody_can_have_are_wrong_names(user: Any, name: str) -> None:
    for fields in ({"username": name, "password": "pass"}, {"username": "ann", "password": name}):
        cache.clear()
        answer = Api().post("auth/token/", fields)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


def test_nothing_tells_users_who_may_not_log_in_from_nobody(user: Any, settings: Any) -> None:
    user.is_active = False
    user.save()
    told = []
    for backend in ("ModelBackend", "AllowAllUsersModelBackend"):
        settings.AUTHENTICATION_BACKENDS = [f"django.contrib.auth.backends.{backend}"]
        for name in ("ann", "nobody"):
            answer = Api().post("auth/token/", {"username": name, "password": "pass"}, HTTP_X_REQUEST_ID="r")
            told.append((answer.status_code, answer.content))
    assert len(set(told)) == 1
    assert not TokenFamily.objects.exists()


def test_attempts_are_allowed_again_after_the_time_that_was_told(user: Any, settings: Any) -> None:
    settings.SB_SYNC = {"LOGIN_THROTTLE": "1/second"}
    right = {"username": "ann", "password": "pass"}
    assert Api().post("auth/token/", right).status_code == 200
    refused = Api().post("auth/token/", right)
    assert (refused.status_code, refused["Retry-After"]) == (429, "1")


@pytest.mark.parametrize("rate", ["", "ten/min", "0/min", "10", "10/fortnight", 10, None])
def test_a_rate_that_cannot_be_read_is_a_fault_of_the_settings(rate: Any, settings: Any) -> None:
    settings.SB_SYNC = {"LOGIN_THROTTLE": rate}
    assert [name for name, _ in find_faults()] == ["LOGIN_THROTTLE"]


def test_a_log_in_forgets_log_ins_that_are_over(user: Any) -> None:
    Api().log_in("ann")
    TokenFamily.objects.update(expires_at=timezone.now() - timedelta(days=1))
    Api().log_in("ann")
    assert TokenFamily.objects.count() == 1


def test_text_that_no_database_takes_is_answered_in_every_place(api: Api, organization: Organization) -> None:
    for odd in ("\ud83d", "\x00", "a\x00\udc00"):
        for body in (
            {"data": [{"_model": odd}]},
            {"data": [{"_model": "testapp.Region", odd: 1}]},
            {"data": [{"_model": "testapp.Region", "name": odd, "_client_id": odd}]},
            {"data": [{"_model": "testapp.Tag", "id": odd, "_version": odd, "_base": {odd: odd}}]},
            {"data": [{"_model": "testapp.Tag", "slug": odd}]},
            {"data": [{"_model": "testapp.Customer", "name": "x", "region_id": odd, "tags": [odd]}]},
            {"data": [{"_model": "testapp.Tag", "id": odd, "_deleted": True}]},
        ):
            assert api.post("push/", body).status_code in (200, 400), body
        for models in ({odd: None}, [odd], {"testapp.Region": odd}):
            assert api.post("pull/", {"models": models}).status_code in (200, 400, 403), models
        assert api.post("pull/", {"organization": odd}).status_code == 403


def test_a_project_without_time_zones_is_served(user: Any, settings: Any) -> None:
    settings.USE_TZ = False
    client = Api()
    refresh = client.log_in("ann")["refresh"]
    pushed = client.post("push/", {"data": [{"_model": "testapp.Region", "name": "North"}]})
    assert pushed.json()["status"] == "success"
    pulled = client.post("pull/", {"models": ["testapp.Region"]}).json()
    assert pulled["batch_info"]["total_records"] == 1
    since = pulled["metadata"]["testapp.Region"]["last_sync"]
    assert since.endswith(("Z", "+00:00"))
    assert client.post("pull/", {"models": {"testapp.Region": since}}).status_code == 200
    assert SyncLog.objects.count() == 3
    client.token = client.post("auth/refresh/", {"refresh": refresh}).json()["token"]
    assert client.post("auth/logout/", {}).status_code == 200
    assert client.post("pull/", {}).status_code == 401
