"""Keys of every kind that Django has, as a push names and follows them."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List

import pytest
from django.db import connection, transaction

from tests.integration.push.world import World
from tests.testapp.models import Delivery, Engine, Fair, FoodTruck, Key, Lock, Place, Stand, Supplier


def codes(results: List[Dict[str, Any]]) -> List[str]:
    return [result.get("code", result["status"]) for result in results]


@pytest.fixture
def supplier(world: World) -> Supplier:
    return Supplier.objects.create(organization=world.acme, code="s")


# Keys to another column.


def test_a_key_to_another_column_names_its_value(world: World, supplier: Supplier) -> None:
    Supplier.objects.create(organization=world.rival, code="theirs")
    record = {"_model": "testapp.Delivery"}
    results = world.results(
        {**record, "supplier": "s"},
        {**record, "supplier_id": "s"},
        {**record, "supplier": "theirs"},
        {**record, "supplier": "nobody's"},
        {**record, "supplier": supplier.pk},
        {**record, "supplier": None},
        record,
    )
    assert codes(results) == ["created", "created", "not_found", "not_found", "not_found", "invalid", "invalid"]
    assert results[2]["errors"] == results[3]["errors"]
    assert set(Delivery.objects.values_list("supplier_id", flat=True)) == {"s"}


def test_a_key_to_another_column_may_name_a_row_of_the_same_push(world: World) -> None:
    made = {"_model": "testapp.Supplier", "_client_id": "c", "code": "new"}
    by_name = {"_model": "testapp.Delivery", "supplier": {"_client_id": "c"}}
    by_value = {"_model": "testapp.Delivery", "supplier": "new"}
    assert codes(world.results(by_name, by_value, made)) == ["created"] * 3
    assert set(Delivery.objects.values_list("supplier_id", flat=True)) == {"new"}


def test_a_value_that_a_key_names_changes_only_as_the_database_allows(world: World, supplier: Supplier) -> None:
    Delivery.objects.create(supplier=supplier)
    renamed = {"_model": "testapp.Supplier", "id": supplier.pk, "code": "t"}
    (result,) = world.results(renamed)
    assert result["status"] == "error"
    Delivery.objects.all().delete()
    assert codes(world.results(renamed)) == ["updated"]


def test_what_refers_by_another_column_goes_with_the_row(world: World, supplier: Supplier) -> None:
    row = Delivery.objects.create(supplier=supplier)
    gone = [{"_model": "testapp.Supplier", "id": supplier.pk}, {"_model": "testapp.Delivery", "id": row.pk}]
    assert codes(world.results(*({**record, "_deleted": True} for record in gone))) == ["deleted", "deleted"]
    assert not Delivery.objects.exists()


# Limited choices.


def test_only_what_the_choices_are_limited_to_is_taken(world: World, supplier: Supplier) -> None:
    closed = Supplier.objects.create(organization=world.acme, code="closed", is_open=False)
    record = {"_model": "testapp.Delivery", "supplier": "s"}
    results = world.results({**record, "carrier": supplier.pk}, {**record, "carrier": closed.pk})
    assert codes(results) == ["created", "not_found"]
    # A stored key that would no longer pass survives a round trip.
    Supplier.objects.filter(pk=supplier.pk).update(is_open=False)
    same = {**record, "id": results[0]["id"], "carrier": supplier.pk}
    assert codes(world.results(same)) == ["unchanged"]


def test_the_choices_are_those_that_the_same_push_left(world: World, supplier: Supplier) -> None:
    closing = {"_model": "testapp.Supplier", "id": supplier.pk, "is_open": False}
    using = {"_model": "testapp.Delivery", "supplier": "s", "carrier": supplier.pk}
    assert codes(world.results(using, closing)) == ["created", "updated"]
    assert codes(world.results(using, {**closing, "is_open": True})) == ["not_found", "updated"]
    assert codes(world.results({**closing, "is_open": True}, using)) == ["unchanged", "created"]


# Many-to-many with a through model of its own.


def test_a_list_kept_in_a_model_of_its_own_is_written_through_that_model(world: World, supplier: Supplier) -> None:
    fair = {"_model": "testapp.Fair", "_client_id": "f", "name": "F", "suppliers": [supplier.pk]}
    stand = {"_model": "testapp.Stand", "fair": {"_client_id": "f"}, "supplier": supplier.pk, "place": "1"}
    results = world.results(stand, fair)
    assert codes(results) == ["created", "created"]
    assert results[1]["ignored"] == ["suppliers"]
    assert [row.pk for row in Fair.objects.get().suppliers.all()] == [supplier.pk]


def test_a_row_of_a_through_model_names_rows_of_its_organization_only(world: World, supplier: Supplier) -> None:
    fair = Fair.objects.create(organization=world.acme, name="F")
    theirs = Supplier.objects.create(organization=world.rival, code="theirs")
    foreign = Fair.objects.create(organization=world.rival, name="F")
    record = {"_model": "testapp.Stand", "fair": fair.pk, "supplier": supplier.pk, "place": "1"}
    results = world.results({**record, "supplier": theirs.pk}, {**record, "fair": foreign.pk}, record)
    assert codes(results) == ["not_found", "not_found", "created"]
    assert Stand.objects.count() == 1


# Two parents by inheritance.


def test_a_child_of_two_parents_is_written_in_all_three_tables(world: World) -> None:
    for _ in range(3):
        Engine.objects.create()
    (made,) = world.results({"_model": "testapp.FoodTruck", "_client_id": "t", "name": "T", "power": 5, "plate": "1"})
    truck = FoodTruck.objects.get()
    assert (made["status"], made["id"]) == ("created", truck.pk)
    assert (Place.objects.get().name, Engine.objects.get(pk=truck.engine_ptr_id).power) == ("T", 5)
    results = world.results(
        {"_model": "testapp.FoodTruck", "_client_id": "t", "power": 6, "name": "U"},
        {"_model": "testapp.Engine", "id": truck.engine_ptr_id, "power": 7},
        {"_model": "testapp.FoodTruck", "_client_id": "t", "power": 8},
        {"_model": "testapp.Engine", "id": truck.engine_ptr_id, "power": 8},
    )
    assert codes(results) == ["updated", "updated", "updated", "unchanged"]
    truck.refresh_from_db()
    assert (truck.name, truck.power) == ("U", 8)


def test_the_link_to_a_second_parent_is_not_the_clients(world: World) -> None:
    engine = Engine.objects.create(power=1)
    (made,) = world.results(
        {"_model": "testapp.FoodTruck", "name": "T", "plate": "1", "engine_ptr": engine.pk, "power": 9}
    )
    assert (made["status"], made["ignored"]) == ("created", ["engine_ptr"])
    engine.refresh_from_db()
    assert engine.power == 1


# Circles of required keys.


def test_a_circle_of_required_keys_is_refused_as_it_would_be_one_by_one(world: World) -> None:
    lock, key = str(uuid.uuid4()), str(uuid.uuid4())
    results = world.results(
        {"_model": "testapp.Lock", "id": lock, "key": key},
        {"_model": "testapp.Key", "id": key, "lock": lock},
        {"_model": "testapp.Region", "name": "R"},
    )
    assert codes(results) == ["not_found", "not_found", "created"]
    by_name = world.results(
        {"_model": "testapp.Lock", "_client_id": "l", "key": {"_client_id": "k"}},
        {"_model": "testapp.Key", "_client_id": "k", "lock": {"_client_id": "l"}},
    )
    assert codes(by_name) == ["not_found", "not_found"]


def test_a_circle_of_required_keys_that_stands_grows_and_turns(world: World) -> None:
    lock, key = Lock(organization=world.acme), Key(organization=world.acme)
    lock.key, key.lock = key, lock
    # Such a circle comes about only where keys are checked at the commit, or not at all.
    with transaction.atomic(), connection.constraint_checks_disabled():
        Lock.objects.bulk_create([lock])
        Key.objects.bulk_create([key])
    spare = str(uuid.uuid4())
    results = world.results(
        {"_model": "testapp.Lock", "id": str(lock.pk), "key": spare},
        {"_model": "testapp.Key", "id": spare, "lock": str(lock.pk)},
    )
    assert codes(results) == ["updated", "created"]
    assert str(Lock.objects.get().key_id) == spare
