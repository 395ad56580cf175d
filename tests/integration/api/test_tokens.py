"""Log-in, rotation and revocation."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

import jwt
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from sb_sync.api import tokens
from sb_sync.config import setting
from sb_sync.models import Organization, TokenFamily, UserSite
from sb_sync.testing.factories import make_organization
from tests.integration.api.client import Api

pytestmark = pytest.mark.django_db(transaction=True)


def forge(token: str, *, key: str = "", algorithm: str = "HS256", **changes: Any) -> str:
    """Return a token with other claims; None leaves a claim out."""
    claims = jwt.decode(token, options={"verify_signature": False})
    claims.update(changes)
    kept = {name: value for name, value in claims.items() if value is not None}
    return str(jwt.encode(kept, key or settings.SECRET_KEY, algorithm=algorithm))


def test_a_log_in_tells_who_and_where(user: Any, organization: Organization) -> None:
    answer = Api().post("auth/token/", {"username": "ann", "password": "pass"}).json()
    assert answer["user"] == {"id": user.pk, "username": "ann", "email": "ann@example.com"}
    assert answer["organizations"] == [{"id": organization.pk, "name": "Acme", "slug": "acme", "group": "Users"}]
    assert set(answer) == {"token", "refresh", "user", "organizations"}


def test_a_form_serves_as_well(user: Any) -> None:
    answer = Api().send(
        "post",
        "auth/token/",
        data="username=ann&password=pass",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200


def test_organizations_that_are_not_active_are_not_listed(user: Any, organization: Organization) -> None:
    closed = make_organization("closed")
    Organization.objects.filter(pk=closed.pk).update(is_active=False)
    membership = UserSite.objects.get(user=user)
    UserSite.objects.create(user=user, site_id=closed.pk, group=membership.group)
    assert [place["slug"] for place in Api().log_in("ann")["organizations"]] == ["acme"]


@pytest.mark.parametrize(
    ("username", "password"), [("ann", "wrong"), ("nobody", "pass"), ("ann\x00", "pass"), ("ann", "\x00")]
)
def test_wrong_credentials_get_one_answer(user: Any, username: str, password: str) -> None:
    answer = Api().post("auth/token/", {"username": username, "password": password})
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_credentials"


@pytest.mark.parametrize(
    "body", [{}, {"username": "ann"}, {"username": 1, "password": []}, {"username": {}, "password": ""}]
)
def test_a_malformed_log_in_is_said_to_be_one(user: Any, body: Dict[str, Any]) -> None:
    answer = Api().post("auth/token/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_attempts_are_counted_by_name_from_any_address(user: Any) -> None:
    statuses = [
        Api().post("auth/token/", {"username": "ann", "password": "no"}, REMOTE_ADDR=f"10.0.0.{number}").status_code
        for number in range(12)
    ]
    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429, 429]


def test_attempts_are_counted_by_name_however_it_is_written(user: Any) -> None:
    ways = [
        "ann",
        "ANN",
        "\xe1nn",
        "a\u0301nn",
        "ann ",
        " ann",
        "ann\t",
        "an\u200bn",
        "\uff41nn",
        "a\u00adnn",
        "ann\x01",
    ]
    statuses = [
        Api().post("auth/token/", {"username": name, "password": "no"}, REMOTE_ADDR=f"10.0.1.{number}").status_code
        for number, name in enumerate(ways)
    ]
    assert statuses == [401] * 10 + [429]
    assert Api().post("auth/token/", {"username": "anna", "password": "no"}).status_code == 401


def test_attempts_are_counted_by_address_whatever_proxies_are_claimed(user: Any) -> None:
    answers = [
        Api().post("auth/token/", {"username": f"u{number}", "password": "no"}, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
        for number in range(11)
    ]
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) >= 1
    assert answers[-1].json()["code"] == "throttled"


def test_a_refresh_token_makes_the_next_pair(api: Api, user: Any) -> None:
    first = Api().log_in("ann")
    second = Api().post("auth/refresh/", {"refresh": first["refresh"]}).json()
    assert set(second) == {"token", "refresh"}
    third = Api().post("auth/refresh/", {"refresh": second["refresh"]})
    assert third.status_code == 200
    assert Api(third.json()["token"]).post("pull/", {}).status_code == 200


def test_a_refresh_token_that_comes_back_ends_the_family(user: Any) -> None:
    first = Api().log_in("ann")
    second = Api().post("auth/refresh/", {"refresh": first["refresh"]}).json()
    assert Api().post("auth/refresh/", {"refresh": first["refresh"]}).status_code == 401
    assert Api().post("auth/refresh/", {"refresh": second["refresh"]}).status_code == 401
    assert Api(second["token"]).post("pull/", {}).status_code == 401
    assert TokenFamily.objects.get().revoked_reason == "refresh token used twice"


def test_of_two_refreshes_at_once_one_wins(user: Any) -> None:
    refresh = Api().log_in("ann")["refresh"]
    barrier = threading.Barrier(2)
    statuses: List[int] = []

    def exchange() -> None:
        barrier.wait()
        statuses.append(Api().post("auth/refresh/", {"refresh": refresh}).status_code)
        connection.close()

    threads = [threading.Thread(target=exchange) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 401]


def test_a_logged_out_token_serves_no_more(user: Any) -> None:
    pair = Api().log_in("ann")
    assert Api(pair["token"]).post("auth/logout/", {}).status_code == 200
    assert Api(pair["token"]).post("pull/", {}).status_code == 401
    assert Api().post("auth/refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_a_log_out_leaves_other_log_ins_alone(api: Api, user: Any) -> None:
    other = Api(Api().log_in("ann")["token"])
    other.post("auth/logout/", {})
    assert api.post("pull/", {}).status_code == 200


def test_a_changed_password_ends_every_token(api: Api, user: Any) -> None:
    user.set_password("other")
    user.save()
    answer = api.post("pull/", {})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_user_who_is_not_active_any_more_is_refused(api: Api, user: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert api.post("pull/", {}).status_code == 401


def test_a_membership_that_ended_is_refused(api: Api, user: Any) -> None:
    UserSite.objects.update(is_active=False)
    assert api.post("pull/", {}).status_code == 403


def test_tokens_of_one_kind_do_not_serve_as_the_other(user: Any) -> None:
    pair = Api().log_in("ann")
    assert Api(pair["refresh"]).post("pull/", {}).status_code == 401
    assert Api().post("auth/refresh/", {"refresh": pair["token"]}).status_code == 401


@pytest.mark.parametrize("claim", ["exp", "iat", "jti", "sub", "typ", "fam", "pwd"])
def test_a_token_without_a_claim_is_none(api: Api, claim: str) -> None:
    assert Api(forge(str(api.token), **{claim: None})).post("pull/", {}).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "999999"},
        {"fam": uuid.uuid4().hex},
        {"fam": "no uuid"},
        {"pwd": "0"},
        {"typ": "refresh"},
        {"exp": datetime.now(timezone.utc) - timedelta(minutes=1)},
        {"key": "another key that is long enough for HS256"},
        {"algorithm": "HS512", "key": "k" * 64},
    ],
)
def test_a_token_with_a_wrong_claim_is_none(api: Api, changes: Dict[str, Any]) -> None:
    assert Api(forge(str(api.token), **changes)).post("pull/", {}).status_code == 401


def test_a_token_that_served_before_ends_with_its_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert api.post("pull/", {}).status_code == 200
    monkeypatch.setattr(tokens, "LEEWAY", -setting("TOKEN_LIFETIME"))
    assert api.post("pull/", {}).status_code == 401


def test_a_token_that_served_before_ends_with_the_key(api: Api) -> None:
    assert api.post("pull/", {}).status_code == 200
    with override_settings(SECRET_KEY="another key that is long enough for HS256"):
        assert api.post("pull/", {}).status_code == 401
    assert api.post("pull/", {}).status_code == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "é.é.é", "A" * 9000, ".." * 50, ""])
def test_what_is_no_token_is_refused(user: Any, token: str) -> None:
    assert Api().post("pull/", {}, HTTP_AUTHORIZATION="Bearer " + token).status_code == 401


def test_an_unsigned_token_is_refused(api: Api) -> None:
    claims = jwt.decode(str(api.token), options={"verify_signature": False})
    assert Api(str(jwt.encode(claims, None, algorithm="none"))).post("pull/", {}).status_code == 401


def test_no_token_is_asked_for_one(user: Any) -> None:
    answer = Api().post("pull/", {})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_who_asks_is_found_in_one_query(api: Api) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        api.post("auth/logout/", {})
    assert len([query for query in queries if query["sql"].lstrip().upper().startswith("SELECT")]) == 1
