"""What a client is told that it may synchronise."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from django.contrib.auth import get_user_model
from django.utils import translation

from sb_sync import catalog
from sb_sync.models import ModelPermission, Organization, UserSite
from sb_sync.testing.factories import grant, make_organization
from sb_sync.wire.description import TYPES
from tests.integration.api.client import Api

pytestmark = pytest.mark.django_db(transaction=True)


def fields(api: Api, label: str) -> Dict[str, Dict[str, Any]]:
    told: List[Dict[str, Any]] = api.get("models/").json()["models"][label]["fields"]
    return {field["name"]: field for field in told}


def test_every_granted_model_is_told_with_rights_and_key(api: Api) -> None:
    told = api.get("models/").json()["models"]
    assert list(told) == list(catalog.synced_models())
    customer = {name: value for name, value in told["testapp.Customer"].items() if name != "fields"}
    assert customer == {
        "can_push": True,
        "can_pull": True,
        "can_delete": True,
        "shared": False,
        "conflict": "reject",
        "primary_key": {"name": "id", "kind": "client"},
        "organization": "organization",
    }
    assert told["testapp.Region"]["primary_key"] == {"name": "id", "kind": "automatic"}
    assert told["testapp.Product"]["shared"] is True
    assert told["testapp.Order"]["organization"] is None


def test_a_field_says_all_that_a_form_needs(api: Api) -> None:
    told = fields(api, "testapp.Customer")
    assert next(iter(told)) == "id"
    assert told["name"] == {
        "name": "name",
        "type": "string",
        "required": True,
        "null": False,
        "read_only": False,
        "max_length": 100,
        "choices": None,
        "references": None,
    }
    assert told["department"]["choices"] == [
        {"value": "SALES", "label": "Sales"},
        {"value": "CARDIOLOGY", "label": "Cardiology"},
        {"value": "SUPPORT", "label": "Support"},
    ]
    assert (told["age"]["type"], told["age"]["null"], told["age"]["required"]) == ("integer", True, False)
    assert (told["region_id"]["references"], told["tags"]["references"]) == ("testapp.Region", "testapp.Tag")
    assert told["tags"]["type"] == "list"
    assert told["updated_at"]["read_only"] is True
    assert told["organization"]["read_only"] is True
    # Users are not synchronised: there is nothing that a client could hold of them.
    assert told["assigned_manager_id"]["references"] is None


def test_a_key_that_the_client_chooses_is_told_with_its_bounds(api: Api) -> None:
    key = fields(api, "testapp.Tag")["id"]
    assert (key["type"], key["max_length"], key["required"], key["read_only"]) == ("string", 30, True, False)
    assert fields(api, "testapp.Region")["id"]["read_only"] is True
    assert fields(api, "testapp.Customer")["id"]["required"] is False


def test_every_type_has_a_word(api: Api) -> None:
    told = {field["type"] for model in api.get("models/").json()["models"].values() for field in model["fields"]}
    assert told <= set(TYPES)
    assert {"integer", "decimal", "boolean", "datetime", "duration", "binary", "json", "file", "ip"} <= told


def test_what_a_client_is_told_to_give_makes_a_row(api: Api) -> None:
    required = [name for name, field in fields(api, "testapp.Customer").items() if field["required"]]
    record = {"_model": "testapp.Customer", **dict.fromkeys(required, "x")}
    assert api.post("push/", {"data": [record]}).json()["status"] == "success"
    for name in required:
        less = {key: value for key, value in record.items() if key != name}
        result = api.post("push/", {"data": [less]}).json()["results"][0]
        assert (result["code"], list(result["errors"])) == ("invalid", [name])


class TestRights:
    """Nobody is told of what they may not have."""

    def test_a_model_without_a_right_is_not_told(self, api: Api) -> None:
        ModelPermission.objects.filter(model_name="testapp.Region").update(can_push=False, can_pull=False)
        ModelPermission.objects.filter(model_name="testapp.Tag").delete()
        told = api.get("models/")
        assert {"testapp.Region", "testapp.Tag"}.isdisjoint(told.json()["models"])
        # Nor as the target of a reference.
        assert b"testapp.Region" not in told.content
        assert b"testapp.Tag" not in told.content

    def test_rights_are_told_one_by_one(self, api: Api, organization: Organization) -> None:
        ModelPermission.objects.filter(model_name="testapp.Region").update(can_push=False)
        ModelPermission.objects.filter(model_name="testapp.Product").update(can_pull=False)
        told = api.get("models/").json()["models"]
        rights = [
            tuple(told[label][name] for name in ("can_push", "can_pull", "can_delete"))
            for label in ("testapp.Region", "testapp.Product")
        ]
        assert rights == [(False, True, False), (True, False, True)]

    def test_a_superuser_is_told_of_every_model(self, organization: Organization) -> None:
        get_user_model().objects.create_superuser("root", password="pass")
        api = Api(organization="acme")
        api.log_in("root")
        assert set(api.get("models/").json()["models"]) == set(catalog.synced_models())

    def test_without_a_token_nothing_is_told(self) -> None:
        answer = Api().get("models/")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


class TestOrganization:
    """Where the question is asked."""

    @pytest.fixture(autouse=True)
    def _second(self, user: Any) -> None:
        second = make_organization("beta")
        grant(second, models=["testapp.Region"])
        UserSite.objects.create(user=user, site_id=second.pk, group=UserSite.objects.get(user=user).group)

    def test_several_ask_for_a_name(self, api: Api) -> None:
        assert api.get("models/").json()["organizations"] == ["acme", "beta"]

    def test_the_query_or_the_header_names_it(self, api: Api, organization: Organization) -> None:
        assert list(api.get("models/?organization=beta").json()["models"]) == ["testapp.Region"]
        assert list(api.get("models/", HTTP_X_ORGANIZATION="beta").json()["models"]) == ["testapp.Region"]
        assert len(api.get(f"models/?organization={organization.pk}").json()["models"]) > 1

    def test_the_header_comes_before_the_query(self, api: Api) -> None:
        answer = api.get("models/?organization=acme", HTTP_X_ORGANIZATION="beta")
        assert list(answer.json()["models"]) == ["testapp.Region"]

    @pytest.mark.parametrize("place", ["", "nowhere", "%00", "%ff", "9" * 50])
    def test_one_that_is_not_mine_is_denied(self, api: Api, place: str) -> None:
        answer = api.get("models/?organization=" + place)
        assert answer.json()["code"] == "organization_denied"


def test_labels_come_in_the_language_of_the_request(api: Api, settings: Any) -> None:
    from django.utils.translation import gettext_lazy

    from tests.testapp.models import Customer

    field: Any = Customer._meta.get_field("department")
    before = field.choices
    field.choices = [("SALES", gettext_lazy("Yes"))]
    field.__dict__.pop("flatchoices", None)
    try:
        with translation.override("de"):
            assert fields(api, "testapp.Customer")["department"]["choices"] == [{"value": "SALES", "label": "Ja"}]
    finally:
        field.choices = before
