"""What clients call a model: MODEL_NAMESPACE, MODEL_PREFIX and MODEL_SUFFIX, both ways."""

from __future__ import annotations

import uuid
from typing import Any, Dict

import pytest

from sb_sync.config import SyncConfig
from sb_sync.models import ClientRecord, SyncLog, UserSyncMetadata
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import Api
from tests.testapp.models import Customer, Region

pytestmark = pytest.mark.django_db(transaction=True)

PLAIN = "testapp.Customer"
PUBLIC = "acme.testapp.OldCustomerV2"


@pytest.fixture
def api() -> Api:
    acme = make_organization("acme")
    grant(acme, delete=True)
    make_member(acme, username="ann", password="pass")
    SyncConfig.set_many(
        {
            ("MODEL_DISCOVERY", "MODEL_NAMESPACE"): "acme",
            ("MODEL_DISCOVERY", "MODEL_PREFIX"): "Old",
            ("MODEL_DISCOVERY", "MODEL_SUFFIX"): "V2",
        }
    )
    client = Api()
    client.log_in("ann")
    return client


def push(api: Api, *records: Dict[str, Any], **options: Any) -> Dict[str, Any]:
    return dict(api.post("push/", {"data": list(records), **options}).json())


@pytest.mark.parametrize("sent", [PLAIN, PUBLIC, PUBLIC.lower()])
def test_a_push_takes_either_name_and_answers_with_the_public_one(api: Api, sent: str) -> None:
    answer = push(api, {"_model": sent, "id": str(uuid.uuid4()), "name": "Anna", "_client_id": "a"})
    assert answer["results"][0]["_model"] == PUBLIC
    assert list(answer["processed_models"]) == [PUBLIC]
    assert answer["processed_models"][PUBLIC]["created"] == 1
    assert ClientRecord.objects.get().model_name == PLAIN
    assert SyncLog.objects.filter(operation="PUSH").latest("pk").model_name == PLAIN


@pytest.mark.parametrize("sent", [PLAIN, PUBLIC])
def test_a_pull_takes_either_name_and_answers_with_the_public_one(api: Api, sent: str) -> None:
    push(api, {"_model": PLAIN, "id": str(uuid.uuid4()), "name": "Anna"})
    first = api.post("pull/", {"models": {sent: None}}).json()
    assert [record["_model"] for record in first["data"]] == [PUBLIC]
    assert list(first["metadata"]) == [PUBLIC]
    Customer.objects.all().delete()
    second = api.post("pull/", {"models": {sent: first["metadata"][PUBLIC]["cursor"]}}).json()
    assert [(record["_model"], record["_deleted"]) for record in second["data"]] == [(PUBLIC, True)]
    assert UserSyncMetadata.objects.filter(model_name=PLAIN).exists()
    assert not UserSyncMetadata.objects.filter(model_name=PUBLIC).exists()


def test_a_cursor_outlives_a_change_of_names(api: Api) -> None:
    push(api, {"_model": PLAIN, "id": str(uuid.uuid4()), "name": "Anna"})
    first = api.post("pull/", {"models": [PUBLIC]}).json()
    version = first["data"][0]["_version"]
    SyncConfig.reset([("MODEL_DISCOVERY", "MODEL_PREFIX")])
    name = "acme.testapp.CustomerV2"
    again = api.post("pull/", {"models": {name: first["metadata"][PUBLIC]["cursor"]}}).json()
    assert again["data"] == []
    assert "reset" not in again["metadata"][name]
    assert api.post("pull/", {"models": [name]}).json()["data"][0]["_version"] == version
    assert api.post("pull/", {"models": [PUBLIC]}).status_code == 403


def test_refusals_name_the_model_as_clients_know_it(api: Api) -> None:
    from sb_sync.models import ModelPermission

    ModelPermission.objects.filter(model_name=PLAIN).delete()
    answer = api.post("pull/", {"models": [PLAIN, "acme.testapp.OldRegionV2", "acme.testapp.Nobody"]}).json()
    told = {found["_model"]: found["code"] for found in answer["errors"]}
    assert told == {PUBLIC: "permission_denied", "acme.testapp.Nobody": "unknown_model"}
    refused = push(api, {"_model": PLAIN, "name": "x"}, {"_model": "acme.testapp.Nobody", "name": "x"})
    assert [found["_model"] for found in refused["results"]] == [PUBLIC, "acme.testapp.Nobody"]
    wrong = api.post("pull/", {"models": {"testapp.Region": 5}}).json()
    assert wrong["_model"] == "acme.testapp.OldRegionV2"
    twice = api.post("pull/", {"models": ["testapp.Region", "acme.testapp.OldRegionV2"]}).json()
    assert "acme.testapp.OldRegionV2 is named twice" in twice["detail"]


def test_a_stream_speaks_of_public_names(api: Api) -> None:
    push(api, {"_model": PLAIN, "id": str(uuid.uuid4()), "name": "Anna"})
    lines = api.stream({"models": [PLAIN]})
    assert lines[0]["_model"] == PUBLIC
    assert list(lines[-1]["_metadata"]) == [PUBLIC]
    assert all(list(line["_mark"]) == [PUBLIC] for line in lines if "_mark" in line)


def test_the_list_of_models_speaks_of_public_names(api: Api) -> None:
    models = api.get("models/").json()["models"]
    assert PUBLIC in models
    assert PLAIN not in models
    references = {field["name"]: field["references"] for field in models[PUBLIC]["fields"]}
    assert references["region_id"] == "acme.testapp.OldRegionV2"


def test_a_conflict_shows_the_servers_row_under_its_public_name(api: Api) -> None:
    key = str(uuid.uuid4())
    version = push(api, {"_model": PUBLIC, "id": key, "name": "Anna"})["results"][0]["_version"]
    Customer.objects.update(name="Berta")
    found = push(api, {"_model": PUBLIC, "id": key, "name": "Carla", "_version": version})["results"][0]
    assert (found["status"], found["server"]["_model"]) == ("conflict", PUBLIC)


def test_an_answer_is_given_again_as_it_was(api: Api) -> None:
    body = {"data": [{"_model": PUBLIC, "id": str(uuid.uuid4()), "name": "Anna"}]}
    first = api.post("push/", body, HTTP_IDEMPOTENCY_KEY="k").json()
    SyncConfig.reset([("MODEL_DISCOVERY", "MODEL_PREFIX")])
    again = api.post("push/", body, HTTP_IDEMPOTENCY_KEY="k").json()
    assert again["results"] == first["results"]
    assert Region.objects.count() == 0
