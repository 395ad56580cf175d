"""Conditions that are refused, with words that help; nothing that is refused ever opens a model."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from sb_sync import ModelSync, catalog, register
from sb_sync.access.filters import InvalidFilter, check_condition
from sb_sync.models import DataFilter, ModelPermission
from sb_sync.registry import unregister
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Customer

NAME: Dict[str, Any] = {"field": "name", "operator": "exact", "value": "x"}


def leaf(field: Any, operator: Any = "exact", value: Any = "x") -> Dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def nest(depth: int) -> Any:
    condition: Any = NAME
    for _ in range(depth):
        condition = {"not": condition}
    return condition


def refuse(condition: Any, label: str = "testapp.Customer") -> str:
    synced = catalog.find(label)
    assert synced is not None
    with pytest.raises(InvalidFilter) as caught:
        check_condition(synced, condition)
    assert len(str(caught.value)) < 700
    return str(caught.value)


@pytest.mark.parametrize(
    "condition",
    [
        None, [], {}, "name", 5, True, [NAME], {"and": []}, {"or": {}}, {"and": NAME}, {"not": [NAME]}, {"xor": [NAME]},
        {"and": [NAME], "or": [NAME]}, {"and": [NAME, None]}, {**NAME, "extra": 1}, {"field": "name", "value": "x"},
        {"field": "name", "operator": "exact"}, {"operator": "exact", "value": "x"}, {"and": [NAME], "field": "name"},
        {"": NAME}, {"k" * 10_000: [NAME]}, leaf(""), leaf(5), leaf(["name"]), leaf("n" * 10_000), leaf("name", "like"),
        leaf("name", "regex", ".*"), leaf("name", "iregex", "(a+)+$"), leaf("name", ["exact"]), leaf("name", "EXACT"),
        leaf("name", "o" * 10_000), leaf("name", "in", "x"), leaf("name", "in", []), leaf("name", "in", {"a": 1}),
        leaf("name", "in", ["x"] * 100_000), leaf("name", "in", [["x"]]), leaf("name", "exact", {"x": 1}),
        leaf("name", "exact", None), leaf("name", "in", ["x", None]), leaf("age", "range", [1]),
        leaf("age", "range", [1, 2, 3]), nest(16), nest(1_000), nest(100_000), {"and": [NAME] * 101},
        {"and": [{"or": [NAME] * 60}, {"or": [NAME] * 60}]},
        {"and": [leaf("name", "in", ["x"] * 300), leaf("name", "in", ["y"] * 300)]},
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused(condition: Any) -> None:
    assert refuse(condition)


@pytest.mark.parametrize(
    "condition",
    [
        leaf("age", "exact", "many"), leaf("age", "exact", 4.5), leaf("age", "exact", True), leaf("age", "gt", 2**70),
        leaf("age", "exact", 10**5000), leaf("age", "in", [1, "x"]), leaf("age", "contains", "1"),
        leaf("age", "isnull", 1), leaf("age", "isnull", "true"), leaf("name", "exact", True),
        leaf("name", "exact", "a\x00b"), leaf("name", "exact", "\ud800"), leaf("name", "contains", ""),
        leaf("name", "startswith", ""), leaf("name", "exact", "x" * 1001), leaf("id", "exact", "no-uuid"),
        leaf("id", "gt", "00000000-0000-0000-0000-000000000001"), leaf("region", "exact", "north"),
        leaf("region", "contains", "1"), leaf("region", "gt", 1), leaf("tags", "startswith", "a"),
        leaf("updated_at", "gt", "yesterday"), leaf("updated_at", "gt", "9999-13-01"), leaf("updated_at", "gt", 5),
        leaf("name", "exact", "$user.password"), leaf("name", "exact", "$user"), leaf("name", "exact", "$usr.id"),
        leaf("age", "exact", "$user.username"), leaf("id", "exact", "$user.id"), leaf("age", "isnull", "$user.id"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_field_is_refused(condition: Any) -> None:
    refuse(condition)


@pytest.mark.parametrize("value", ["1.2345", "1e400", "NaN", "Infinity", "12345678901", True, "x", "1" * 5000])
def test_a_decimal_is_read_as_the_field_would(value: Any) -> None:
    refuse(leaf("amount", "exact", value), "testapp.Specimen")


@pytest.mark.parametrize(
    ("label", "field", "told"),
    [
        ("testapp.Customer", "nothing", "no field"),
        ("testapp.Customer", "region__nothing", "no field"),
        ("testapp.Customer", "name__name", "not a relation"),
        ("testapp.Customer", "region__", "no field"),
        ("testapp.Customer", "__name", "no field"),
        ("testapp.Customer", "name__contains", "not a relation"),
        ("testapp.Customer", "orders__number", "backwards"),
        ("testapp.Customer", "order__number", "no field"),
        ("testapp.Place", "restaurant__stars", "backwards"),
        ("testapp.Order", "customer__tags__slug", "only the model's own"),
        ("testapp.Supplier", "remarks__text", "generic"),
        ("testapp.Remark", "target", "generic"),
        ("testapp.Customer", "assigned_manager__username", "CAPTURE"),
        ("testapp.Customer", "organization__slug", "CAPTURE"),
        ("testapp.Remark", "content_type__model", "CAPTURE"),
    ],
)
def test_a_path_leads_forward_through_captured_tables(label: str, field: str, told: str) -> None:
    assert told in refuse(leaf(field), label)


@pytest.mark.parametrize("field", ["assigned_manager__password", "assigned_manager__password__x"])
def test_no_path_leads_to_a_secret(field: str, settings: Any) -> None:
    settings.SB_SYNC = {"CAPTURE": ["auth.User"]}
    refuse(leaf(field, "startswith", "pbkdf2"))
    synced = catalog.find("testapp.Customer")
    assert synced is not None
    assert check_condition(synced, leaf("assigned_manager__username", "exact", "$user.username"))


def test_fields_that_clients_are_not_given_are_the_models_own_affair(monkeypatch: pytest.MonkeyPatch) -> None:
    region, customer = catalog.find("testapp.Region"), catalog.find("testapp.Customer")
    assert region is not None
    assert customer is not None
    monkeypatch.setattr(region.sync, "exclude", ["name"])
    assert check_condition(region, leaf("name"))
    assert "not for filters" in refuse(leaf("region__name"))
    assert check_condition(customer, leaf("region__site", "exact", "$organization.id"))


def test_a_name_that_is_masked_is_not_for_filters_unless_it_travels(settings: Any) -> None:
    settings.SB_SYNC = {"REDACT_FIELDS": ["name"]}
    synced = catalog.find("testapp.Customer")
    assert synced is not None
    assert check_condition(synced, NAME)
    register(Customer)(type("Hiding", (ModelSync,), {"exclude": ["name"]}))
    catalog.reload()
    try:
        assert "not for filters" in refuse(NAME)
    finally:
        unregister(Customer)
        catalog.reload()


@pytest.mark.django_db
def test_every_way_of_saving_checks() -> None:
    group = Group.objects.create(name="Sales")
    own = {"site_id": make_organization("acme").pk, "group": group, "model_name": "testapp.customer"}
    for bad in (leaf("nothing"), nest(1000), {}, []):
        with pytest.raises(ValidationError, match="filter_condition"):
            DataFilter.objects.create(filter_name="a", filter_condition=bad, **own)
    for bad in (leaf("nothing"), nest(1000), []):
        with pytest.raises(ValidationError, match="filters"):
            ModelPermission.objects.create(filters=bad, **own)
    row = ModelPermission.objects.create(filters=NAME, **own)
    row.filters = leaf("nothing")
    for names in (None, ["filters"], ["filters", "can_pull"]):
        with pytest.raises(ValidationError):
            row.save(update_fields=names)
    row.save(update_fields=["can_pull"])
    row.refresh_from_db()
    assert row.filters == NAME
    row.model_name = "testapp.Order"
    with pytest.raises(ValidationError):
        row.save()
    with pytest.raises(ValidationError, match="not among"):
        DataFilter.objects.create(filter_name="a", filter_condition=NAME, **{**own, "model_name": "auth.User"})
    assert ModelPermission.objects.create(filters={}, **{**own, "model_name": "testapp.Tag"})


@pytest.mark.django_db
def test_the_check_reads_what_json_reads() -> None:
    synced = catalog.find("testapp.Customer")
    assert synced is not None
    condition = {"and": [NAME, leaf("age", "in", [2, 1]), leaf("assigned_manager", "exact", "$user.id")]}
    assert check_condition(synced, condition) == check_condition(synced, json.loads(json.dumps(condition)))
