"""Every address of the API, walked by those who are nobody there: without a token, and of another organization.

A new address fails here until it is put among those that anybody may ask, or is walked as one that needs a right.
"""

from __future__ import annotations

import gzip
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping

import pytest
from django.core.cache import cache
from django.urls import URLResolver

from sb_sync import catalog
from sb_sync.api import urls
from sb_sync.api.tokens import log_in
from sb_sync.models import Organization, SyncJob, UserSite
from sb_sync.push import jobs
from tests.acceptance.isolation.image import look
from tests.acceptance.world import World
from tests.integration.api.client import Api
from tests.testapp.models import Customer, Region

NOWHERE = "nowhere"
TIMESTAMP = re.compile('"timestamp": ?"[^"]+"')
LINES = {"HTTP_ACCEPT": "application/x-ndjson"}
#: What anybody may ask, by the name of the address; of `missing` there is nothing to ask.
OPEN = {"schema": "schema/", "docs": "docs/", "missing": "no/such/address/", "health": "health/"}
#: What staff may ask, of all organizations together.
STAFF = {"metrics": "metrics/"}
#: What belongs to one user of an organization.
OWNED = {"job": "jobs/{}/"}
#: What makes, renews and ends a log-in: it says where a user belongs, and takes no organization.
SESSIONS = {"token": "auth/token/", "refresh": "auth/refresh/", "logout": "auth/logout/"}


@dataclass(frozen=True)
class Request:
    """One way to ask an address that answers members of an organization only."""

    method: str
    address: str
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    def send(self, api: Api, *, header: Any = None, named: Any = None) -> Any:
        """Ask; name an organization by header, or by body (address where there is none)."""
        headers = {"HTTP_X_REQUEST_ID": "walk", **self.headers}
        if header is not None:
            headers["HTTP_X_ORGANIZATION"] = str(header)
        if self.method == "get":
            address = f"{self.address}?{self.query}" + ("" if named is None else f"&organization={named}")
            return api.send("get", address, **headers)
        body = self.body if named is None else {**self.body, "organization": named}
        return api.post(self.address, body, **headers)


RECORDS = [{"_model": "testapp.Region", "name": "Walked", "_client_id": "walked"}]
#: All others, each in every form that it answers in.
MEMBERS: Dict[str, List[Request]] = {
    "push": [
        Request("post", "push/", {"data": RECORDS}),
        Request("post", "push/", {"data": RECORDS, "atomic": True}),
        Request("post", "push/", {"data": RECORDS}, {"HTTP_IDEMPOTENCY_KEY": "walk"}),
        Request("post", "push/?async=1", {"data": RECORDS}),
    ],
    "pull": [Request("post", "pull/"), Request("post", "pull/", {}, LINES)],
    "models": [Request("get", "models/")],
    "performance": [Request("get", "performance/"), Request("get", "performance/", query="scope=own")],
}
WALK = [pytest.param(each, id=f"{name}-{number}") for name, all_ in MEMBERS.items() for number, each in enumerate(all_)]


def find_names(patterns: Any) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from find_names(pattern.url_patterns)
        else:
            yield pattern.name


def api_of(user: Any) -> Api:
    return Api(log_in(user).access)


def content(answer: Any) -> str:
    data = answer.getvalue() if answer.streaming else answer.content
    return (gzip.decompress(data) if answer.get("Content-Encoding") == "gzip" else data).decode()


def secrets_of(world: World) -> List[str]:
    """Return what only members of North may be told: names and keys of its rows, its members, its address."""
    customers = Customer.objects.filter(organization=world.north)
    Region.objects.filter(site_id=world.north.pk).update(name="the-northern-coast")
    customers.update(name="the-northern-customer")
    keys = [str(key) for key in customers.values_list("pk", flat=True)]
    return ["north-tag", "north-user", "the-northern-coast", "the-northern-customer", *keys]


def test_every_address_is_walked() -> None:
    known = [*OPEN, *SESSIONS, *MEMBERS, *STAFF, *OWNED]
    assert sorted(find_names(urls.urlpatterns)) == sorted(known)


@pytest.mark.parametrize("request_", WALK)
class TestWhatIsForMembers:
    def test_without_a_token_nothing_is_told_or_written(self, world: World, request_: Request) -> None:
        before = look()
        for token in (None, "", "x.y.z", log_in(world.north_user).refresh):
            for place in (None, "north", world.north.pk):
                assert request_.send(Api(token), header=place).status_code == 401
        assert look() == before

    def test_another_organization_is_answered_as_one_that_does_not_exist(self, world: World, request_: Request) -> None:
        api = api_of(world.south_user)
        before = look()
        absent = request_.send(api, header=NOWHERE)
        assert (absent.status_code, json.loads(content(absent))["code"]) == (403, "organization_denied")
        for place in ("north", "NORTH", world.north.pk, f"0{world.north.pk}"):
            for named in ({"header": place}, {"named": place}):
                answer = request_.send(api, **named)
                assert (answer.status_code, content(answer)) == (403, content(absent)), named
        # The header counts, whatever stands beside it.
        assert request_.send(api, header="north", named="south").status_code == 403
        assert look() == before

    def test_what_is_told_in_ones_own_holds_nothing_of_another(self, world: World, request_: Request) -> None:
        secrets = secrets_of(world)
        answer = request_.send(api_of(world.south_user), header="south")
        told = content(answer)
        assert answer.status_code in (200, 202)
        assert [secret for secret in secrets if secret in told] == []
        if request_.address == "pull/":
            # Only what looks for them can miss them.
            own = content(request_.send(api_of(world.north_user)))
            assert [secret for secret in secrets if secret not in own and secret != "north-user"] == []

    @pytest.mark.parametrize("ended", ["membership", "organization", "user"])
    def test_who_was_put_out_is_told_nothing_more(self, world: World, request_: Request, ended: str) -> None:
        api = api_of(world.south_user)
        assert content(request_.send(api, header="south"))
        if ended == "membership":
            UserSite.objects.filter(user=world.south_user).update(is_active=False)
        elif ended == "organization":
            Organization.objects.filter(pk=world.south.pk).update(is_active=False)
        else:
            type(world.south_user).objects.filter(pk=world.south_user.pk).update(is_active=False)
        before = look()
        for named in ({}, {"header": "south"}, {"header": world.south.pk}):
            # A request that was answered before is refused, too.
            assert request_.send(api, **named).status_code in (401, 403)
        assert look() == before


def test_a_key_of_another_user_s_request_is_nobodys(world: World) -> None:
    for (first, second), body in (
        ((world.north_user, world.south_user), {"data": RECORDS}),
        ((world.south_user, world.north_user), {"data": [{"_model": "testapp.Region", "name": "Other"}]}),
    ):
        keyed = Request("post", "push/", body, {"HTTP_IDEMPOTENCY_KEY": f"key-{first.pk}"})
        (given,) = keyed.send(api_of(first)).json()["results"]
        answer = keyed.send(api_of(second))
        (made,) = answer.json()["results"]
        assert "Idempotency-Replayed" not in answer
        assert (made["status"], given["id"] == made["id"]) == ("created", False)
        # Another body under it is no reuse, either.
        assert Request("post", "push/", {"data": []}, keyed.headers).send(api_of(second)).status_code == 422
        assert keyed.send(api_of(first))["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("address", OPEN.values())
def test_what_anybody_may_ask_tells_nothing_of_rows_models_or_organizations(world: World, address: str) -> None:
    secrets = [*secrets_of(world), "North", "South", *(label for label in catalog.synced_models())]
    before = look()
    answers = [api.get(address, HTTP_X_REQUEST_ID="walk") for api in (Api(), api_of(world.south_user))]
    told = [TIMESTAMP.sub("", content(answer)) for answer in answers]
    assert told[0] == told[1]
    assert [secret for secret in secrets if secret in content(answers[0])] == []
    assert look() == before


@pytest.mark.parametrize("address", STAFF.values())
def test_what_staff_may_ask_nobody_else_may(world: World, address: str) -> None:
    before = look()
    assert Api().get(address).status_code == 401
    assert api_of(world.south_user).get(address).status_code == 403
    assert look() == before


class TestJobs:
    def test_a_job_of_another_organization_is_answered_as_one_that_does_not_exist(self, world: World) -> None:
        api, owner = api_of(world.south_user), api_of(world.north_user)
        job = owner.post("push/?async=1", {"data": RECORDS}).json()["job"]
        before = list(SyncJob.objects.values())
        for method in ("get", "delete"):
            absent = api.send(method, OWNED["job"].format(uuid.uuid4()), HTTP_X_REQUEST_ID="walk")
            for place in ({}, {"HTTP_X_ORGANIZATION": "south"}):
                answer = api.send(method, OWNED["job"].format(job), HTTP_X_REQUEST_ID="walk", **place)
                assert (answer.status_code, content(answer)) == (404, content(absent))
            named = api.send(method, OWNED["job"].format(job), HTTP_X_ORGANIZATION="north")
            assert (named.status_code, named.json()["code"]) == (403, "organization_denied")
            assert Api().send(method, OWNED["job"].format(job)).status_code == 401
        assert list(SyncJob.objects.values()) == before

    def test_what_a_job_does_is_bound_to_its_organization(self, world: World) -> None:
        (region,) = Region.objects.filter(site_id=world.north.pk)[:1]
        records = [
            {"_model": "testapp.Region", "id": region.pk, "name": "taken"},
            {"_model": "testapp.Region", "id": region.pk, "_deleted": True},
            {"_model": "testapp.Region", "name": "x", "organization": world.north.pk},
        ]
        before = look()
        api = api_of(world.south_user)
        job = api.post("push/?async=1", {"data": records}).json()["job"]
        assert jobs.work(uuid.UUID(job)) is jobs.Attempt.ENDED
        told = api.get(OWNED["job"].format(job)).json()["result"]["results"]
        assert [result.get("code", result["status"]) for result in told] == [
            "not_found",
            "unchanged",
            "permission_denied",
        ]
        assert look() == before


class TestSessions:
    def test_a_log_in_tells_of_ones_own_organizations(self, world: World) -> None:
        world.south_user.set_password("pass")
        world.south_user.save()
        cache.clear()
        told = Api().log_in("south-user")
        assert [place["slug"] for place in told["organizations"]] == ["south"]
        assert "north" not in json.dumps(told).lower()

    def test_a_log_out_ends_nobody_else(self, world: World) -> None:
        south, north = api_of(world.south_user), api_of(world.north_user)
        assert south.post("auth/logout/", {"user": world.north_user.pk}).status_code == 200
        assert south.post("pull/", {}).status_code == 401
        assert north.post("pull/", {}).status_code == 200

    def test_a_token_that_asks_renews_nothing(self, world: World) -> None:
        for token in (log_in(world.north_user).access, "x", ""):
            assert Api().post("auth/refresh/", {"refresh": token}).status_code in (400, 401)
