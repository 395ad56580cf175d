"""Every way in which a push can name a row by its key, tried with rows of another organization."""

from __future__ import annotations

import uuid
from typing import Any, Callable, Dict, List, Tuple

import pytest

from sb_sync import catalog
from tests.acceptance.isolation.image import Record, look, north_of, south_of, told
from tests.acceptance.world import World
from tests.testapp.models import (
    Badge,
    Customer,
    Order,
    OrderLine,
    Place,
    Product,
    Region,
    Restaurant,
    Tag,
    Visit,
)

# How a record names a row by a key, given the key: (model of the row named, key that is nobody's, the record).
REFERENCES: Dict[str, Tuple[Any, Any, Callable[[World, Any], Record]]] = {
    "a new row by a key": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Order", "number": "X", "customer_id": str(key)},
    ),
    "a new row by the field's other name": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Order", "number": "X", "customer": str(key)},
    ),
    "a UUID in capitals": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Order", "number": "X", "customer": str(key).upper()},
    ),
    "a UUID in braces": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Order", "number": "X", "customer": "{" + key.hex + "}"},
    ),
    "a UUID as a URN": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Order", "number": "X", "customer": f"urn:uuid:{key}"},
    ),
    "a stored row that moves along its path": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {
            "_model": "testapp.Order",
            "id": north_of(Order, world).pk,
            "customer": str(key),
        },
    ),
    "a stored row that moves along a path of two steps": (
        Order,
        10**6,
        lambda world, key: {"_model": "testapp.OrderLine", "id": north_of(OrderLine, world).pk, "order": key},
    ),
    "an integer as text": (
        Order,
        10**6,
        lambda world, key: {
            "_model": "testapp.OrderLine",
            "order": f" +{key} ",
            "product": Product.objects.values_list("pk", flat=True)[0],
        },
    ),
    "an integer as a float": (
        Region,
        10**6,
        lambda world, key: {"_model": "testapp.Customer", "name": "X", "region_id": float(key)},
    ),
    "a key that is not required": (
        Region,
        10**6,
        lambda world, key: {"_model": "testapp.Customer", "name": "X", "region": key},
    ),
    "a reference to its own kind": (
        Visit,
        10**6,
        lambda world, key: {"_model": "testapp.Visit", "note": "X", "previous": key},
    ),
    "a stored reference to its own kind": (
        Visit,
        10**6,
        lambda world, key: {"_model": "testapp.Visit", "id": north_of(Visit, world).pk, "previous": key},
    ),
    "a key that is a reference": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Badge", "id": str(key), "code": "X"},
    ),
    "a key that is a reference and taken": (
        Badge,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Badge", "id": str(key), "code": "X"},
    ),
    "a list": (
        Tag,
        "no-tag",
        lambda world, key: {"_model": "testapp.Customer", "name": "X", "tags": [key]},
    ),
    "a list of a stored row": (
        Tag,
        "no-tag",
        lambda world, key: {
            "_model": "testapp.Customer",
            "id": str(north_of(Customer, world).pk),
            "tags": [north_of(Tag, world).pk, key],
        },
    ),
    "an automatic key": (
        Order,
        10**6,
        lambda world, key: {"_model": "testapp.Order", "id": key, "number": "X"},
    ),
    "the key of a parent by inheritance": (
        Place,
        10**6,
        lambda world, key: {"_model": "testapp.Restaurant", "id": key, "stars": 5},
    ),
    "the key of a child by inheritance": (
        Restaurant,
        10**6,
        lambda world, key: {"_model": "testapp.Place", "id": key, "name": "X"},
    ),
    "a version of a key that clients choose": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Customer", "id": str(key), "name": "X", "_version": "1.2"},
    ),
    "a deletion": (
        Customer,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Customer", "id": str(key), "_deleted": True},
    ),
    "a deletion with a version": (
        Order,
        10**6,
        lambda world, key: {"_model": "testapp.Order", "id": key, "_deleted": True, "_version": "1.2"},
    ),
    "a deletion of a key that is a reference": (
        Badge,
        uuid.uuid4(),
        lambda world, key: {"_model": "testapp.Badge", "id": str(key), "_deleted": True},
    ),
    "a deletion of a parent by inheritance": (
        Restaurant,
        10**6,
        lambda world, key: {"_model": "testapp.Place", "id": key, "_deleted": True},
    ),
    "a user as a manager": (
        None,
        10**6,
        lambda world, key: {"_model": "testapp.Customer", "name": "X", "assigned_manager_id": key},
    ),
}


@pytest.mark.parametrize("kind", REFERENCES)
def test_a_foreign_row_is_answered_as_one_that_does_not_exist(world: World, kind: str) -> None:
    model, absent, make = REFERENCES[kind]
    foreign = world.south_user.pk if model is None else south_of(model, world).pk
    before = look()

    answers = [world.north_device.push([make(world, key)], atomic=True)["results"] for key in (foreign, absent)]

    assert [told(result) for result in answers[0]] == [told(result) for result in answers[1]]
    assert all(result["status"] in ("error", "conflict", "unchanged") for result in answers[0])
    assert look() == before


ODD: List[Any] = ["\u0661", "\uff11", "\x00", "\ud800", 2**70, -1, 1e300, "0x1", "1_0", "9" * 5000, True, [], {}, ""]


@pytest.mark.parametrize("value", ODD, ids=[repr(value)[:12] for value in ODD])
def test_an_odd_key_is_a_record_s_error_in_every_place(world: World, value: Any) -> None:
    before = look()
    records: List[Record] = [
        {"_model": "testapp.Order", "id": value, "number": "X"},
        {"_model": "testapp.OrderLine", "order": value, "product": 1},
        {"_model": "testapp.Customer", "id": value, "name": "X"},
        {"_model": "testapp.Customer", "name": "X", "tags": [value]},
        {"_model": "testapp.Customer", "name": "X", "assigned_manager": value},
        {"_model": "testapp.Visit", "products": [value]},
        {"_model": "testapp.Badge", "id": value, "code": "X"},
    ]
    for record in [*records, *({**record, "_deleted": True} for record in records if "id" in record)]:
        (result,) = world.north_device.push([record])["results"]
        assert result["status"] == "error" or (result["status"] == "unchanged" and "_deleted" in record), record
        assert result.get("code") in ("invalid", "not_found", None)
    assert look() == before


@pytest.mark.parametrize(
    ("label", "names"),
    [("testapp.Region", ("organization", "site", "site_id")), ("testapp.Tag", ("organization", "organization_id"))],
)
def test_no_name_of_the_organization_takes_a_row_elsewhere(world: World, label: str, names: Tuple[str, ...]) -> None:
    before = look()
    for name in names:
        for spelling in (world.south.pk, str(world.south.pk), float(world.south.pk)):
            for record in ({"name": "X"} if label == "testapp.Region" else {"id": "x"}, {"id": _first(label, world)}):
                (result,) = world.north_device.push([{"_model": label, name: spelling, **record}])["results"]
                assert result["code"] == "permission_denied"
    assert look() == before


def _first(label: str, world: World) -> Any:
    return north_of(catalog.synced_models()[label].model, world).pk
