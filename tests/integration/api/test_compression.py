"""gzip both ways over HTTP."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from sb_sync.models import Organization
from tests.integration.api.client import Api
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)

REGION = {"_model": "testapp.Region", "name": "Coast"}


@pytest.fixture
def regions(organization: Organization) -> None:
    Region.objects.bulk_create([Region(site_id=organization.pk, name=f"R{number}") for number in range(50)])


def send(api: Api, address: str, body: Any, **headers: Any) -> Any:
    data = gzip.compress(json.dumps(body).encode())
    headers.setdefault("HTTP_CONTENT_ENCODING", "gzip")
    return api.send("post", address, data=data, content_type="application/json", **headers)


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip", " gzip "])
def test_bodies_may_be_compressed(api: Api, name: str) -> None:
    answer = send(api, "push/", {"data": [REGION]}, HTTP_CONTENT_ENCODING=name)
    assert answer.json()["status"] == "success"
    assert send(api, "pull/", {"models": ["testapp.Region"]}).json()["batch_info"]["total_records"] == 1


def test_a_log_in_may_be_compressed(user: Any) -> None:
    assert send(Api(), "auth/token/", {"username": "ann", "password": "pass"}).status_code == 200
    form = gzip.compress(b"username=ann&password=pass")
    kind = "application/x-www-form-urlencoded"
    answer = Api().send("post", "auth/token/", data=form, content_type=kind, HTTP_CONTENT_ENCODING="gzip")
    assert answer.status_code == 200


@pytest.mark.parametrize("address", ["push/", "pull/", "auth/token/", "auth/refresh/"])
def test_a_bomb_is_refused(api: Api, address: str) -> None:
    bomb = gzip.compress(b" " * 64 * 1024 * 1024)
    answer = api.send("post", address, data=bomb, content_type="application/json", HTTP_CONTENT_ENCODING="gzip")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "compress", "*"])
def test_other_encodings_are_refused(api: Api, encoding: str) -> None:
    answer = send(api, "push/", {"data": [REGION]}, HTTP_CONTENT_ENCODING=encoding)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip;q=0.9, *;q=0.1", "x-gzip", "*", "br;q=1.0, GZIP;Q=0.2"])
def test_answers_are_compressed_for_those_who_accept_it(api: Api, regions: None, accepted: str) -> None:
    answer = api.post("pull/", {"models": ["testapp.Region"]}, HTTP_ACCEPT_ENCODING=accepted)
    assert answer["Content-Encoding"] == "gzip"
    told = json.loads(gzip.decompress(answer.content))
    assert told["batch_info"]["total_records"] == 50
    assert len(answer.content) < len(json.dumps(told)) / 3
    assert "Accept-Encoding" in answer["Vary"]
    assert answer["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize(
    "accepted", ["", "identity", "gzip;q=0", "gzip;q=0.0, *", "br", "identity, gzip;q=0.5", "*;q=0", "gzip;q=2"]
)
def test_answers_stay_as_they_are_for_others(api: Api, regions: None, accepted: str) -> None:
    answer = api.post("pull/", {"models": ["testapp.Region"]}, HTTP_ACCEPT_ENCODING=accepted)
    assert not answer.has_header("Content-Encoding")
    assert answer.json()["batch_info"]["total_records"] == 50
    assert "Accept-Encoding" in answer["Vary"]


def test_a_small_answer_stays_as_it_is(api: Api) -> None:
    answer = api.post("push/", {"data": []}, HTTP_ACCEPT_ENCODING="gzip")
    assert not answer.has_header("Content-Encoding")
    assert answer.json()["status"] == "success"


def test_answers_with_tokens_stay_as_they_are(user: Any) -> None:
    answer = Api().post("auth/token/", {"username": "ann", "password": "pass"}, HTTP_ACCEPT_ENCODING="gzip")
    assert len(answer.content) > 512
    assert not answer.has_header("Content-Encoding")


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_middleware_of_the_project_does_not_compress_again(api: Api, regions: None, settings: Any, accept: str) -> None:
    settings.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *settings.MIDDLEWARE]
    body = {"models": ["testapp.Region"]}
    answer = api.post("pull/", body, HTTP_ACCEPT_ENCODING="gzip", HTTP_ACCEPT=accept)
    assert answer["Content-Encoding"] == "gzip"
    content = answer.getvalue() if answer.streaming else answer.content
    assert gzip.decompress(content).startswith(b"{")
    assert answer["Vary"].count("Accept-Encoding") == 1


def test_the_description_and_the_models_are_compressed_too(api: Api) -> None:
    for address in ("schema/", "models/"):
        answer = api.get(address, HTTP_ACCEPT_ENCODING="gzip")
        assert json.loads(gzip.decompress(answer.content))
