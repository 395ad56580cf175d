"""A user of one organization tries to reach the rows of another, by every way in which a push can name a row."""

from __future__ import annotations

import uuid
from typing import Any, Callable, Dict, List, Tuple

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError

from sb_sync import catalog
from sb_sync.compat import inserting
from sb_sync.testing.device import Device
from tests.acceptance.world import World, make_world
from tests.testapp.models import (
    Badge,
    Customer,
    Order,
    OrderLine,
    Place,
    Product,
    Region,
    Restaurant,
    Shelf,
    Tag,
    Visit,
)

pytestmark = pytest.mark.django_db(transaction=True)

Record = Dict[str, Any]
#: What stands in every table, by label and key.
Image = Dict[str, Dict[Any, Record]]


@pytest.fixture
def world() -> World:
    return make_world()


def look() -> Image:
    """Return every row of every synchronised model with all its columns and lists."""
    image: Image = {}
    for label, synced in catalog.synced_models().items():
        lists = [field.name for field in synced.model._meta.many_to_many]
        image[label] = {row["pk"]: row for row in synced.model._base_manager.values("pk", *_columns(synced.model))}
        for name in lists:
            for pk, key in synced.model._base_manager.values_list("pk", name):
                image[label][pk].setdefault(name, set()).add(key)
    return image


def _columns(model: Any) -> List[str]:
    return [field.attname for field in model._meta.concrete_fields]


def south_of(model: Any, world: World) -> Any:
    """Return the first row of a model that is the other organization's."""
    tenant = catalog.synced_models()[model._meta.label].tenant
    assert tenant is not None
    return model.objects.filter(**{tenant.lookup: world.south.pk}).order_by("pk").first()


def north_of(model: Any, world: World) -> Any:
    """Return the first row of a model that is the attacker's own organization's."""
    tenant = catalog.synced_models()[model._meta.label].tenant
    assert tenant is not None
    return model.objects.filter(**{tenant.lookup: world.north.pk}).order_by("pk").first()


def told(result: Record) -> Tuple[Any, ...]:
    """Return all that a client learns of a record, but the key it sent itself."""
    return result["status"], result.get("code"), result.get("errors"), result.get("server", "none")


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


def test_what_another_user_calls_a_row_names_nothing(world: World) -> None:
    world.south_device.push([{"_model": "testapp.Customer", "_client_id": "c", "name": "Theirs"}])
    before = look()
    for name in ("c", "nobody's"):
        reference = {"_client_id": name}
        results = world.north_device.push(
            [
                {"_model": "testapp.Order", "customer": reference, "number": "1"},
                {"_model": "testapp.Badge", "id": reference, "_deleted": True},
                {"_model": "testapp.Customer", **reference, "_deleted": True},
            ]
        )["results"]
        assert [(each["status"], each.get("id")) for each in results] == [
            ("error", None),
            ("unchanged", None),
            ("unchanged", None),
        ]
    assert look() == before


def test_a_deletion_by_the_name_of_what_the_key_refers_to_deletes(world: World) -> None:
    world.north_device.push(
        [
            {"_model": "testapp.Customer", "_client_id": "c", "name": "New"},
            {"_model": "testapp.Badge", "id": {"_client_id": "c"}, "code": "B"},
        ]
    )
    badge = {"_model": "testapp.Badge", "id": {"_client_id": "c"}, "_deleted": True}
    (result,) = world.north_device.push([badge])["results"]
    assert (result["status"], Badge.objects.filter(pk=result["id"]).exists()) == ("deleted", False)


# What is deleted, and a model whose rows go with it.
CASCADES: List[Tuple[Any, Any]] = [
    (Customer, Order),
    (Customer, OrderLine),
    (Customer, Badge),
    (Customer, Visit),
    (Place, Restaurant),
    (Restaurant, Place),
]


@pytest.mark.parametrize(("model", "kept"), CASCADES)
def test_nothing_goes_with_a_row_that_its_user_may_not_delete(world: World, model: Any, kept: Any) -> None:
    codename = f"delete_{kept._meta.model_name}"
    Group.objects.get(name="Users").permissions.remove(Permission.objects.get(codename=codename))
    # The one row of each that has something of every kind below it.
    full = north_of(Badge if model is Customer else Restaurant, world)
    before = look()
    record = {"_model": model._meta.label, "id": str(full.pk), "_deleted": True}
    (result,) = world.north_device.push([record])["results"]
    assert (result["status"], result["code"]) == ("error", "protected")
    assert look() == before


def test_a_cascade_does_not_reach_rows_of_others_or_of_nobody(world: World) -> None:
    region = north_of(Region, world)
    stray = south_of(Customer, world)
    Customer.objects.filter(pk=stray.pk).update(region=region)
    shelf = Shelf.objects.create(number=7)
    before = look()
    results = world.north_device.push(
        [
            {"_model": "testapp.Region", "id": region.pk, "_deleted": True},
            {"_model": "testapp.Shelf", "id": shelf.pk, "_deleted": True},
            {"_model": "testapp.Shelf", "id": shelf.pk, "title": "Mine"},
        ]
    )["results"]
    assert [each["status"] for each in results] == ["error", "unchanged", "error"]
    assert str(stray.pk) not in str(results)
    assert look() == before


def test_a_new_row_never_updates_the_table_of_its_parent(world: World) -> None:
    place = Place.objects.filter(organization=world.south, restaurant=None).first()
    assert place is not None
    thief = Restaurant(pk=place.pk, organization=world.north, name="Mine")
    before = look()
    with pytest.raises(IntegrityError), inserting(thief):
        thief.save()
    assert look() == before
    fresh = Restaurant(organization=world.north, name="New")
    with inserting(fresh):
        fresh.save()
        fresh.stars = 3
        fresh.save()
    assert Restaurant.objects.get(pk=fresh.pk).stars == 3


def test_a_cursor_of_another_user_organization_or_model_begins_again(world: World) -> None:
    labels = list(world.north_device.cursors)
    twisted = {one: world.north_device.cursors[other] for one, other in zip(labels, labels[1:])}
    for cursors in (dict(world.south_device.cursors), twisted):
        device = Device(world.north_user, "north")
        device.cursors = cursors
        metadata = device.pull_once()["metadata"]
        assert all(told["reset"] for told in metadata.values())
        device.pull()
        for label in cursors:
            assert device.rows.get(label, {}) == world.north_device.rows.get(label, {}), label
