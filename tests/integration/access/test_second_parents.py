"""Rows that stand in the tables of two parents: the filters of the child hold under either parent's name."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from tests.integration.access.test_push import one
from tests.integration.access.world import World, leaf
from tests.testapp.models import Engine, FoodTruck, Service

TRUCK, ENGINE = "testapp.FoodTruck", "testapp.Engine"


@pytest.mark.parametrize(("before", "after"), [(1, 9), (9, 1), (1, 2)])
def test_no_push_under_the_second_parents_name_reaches_a_row_out_of_view(world: World, before: int, after: int) -> None:
    world.restrict(TRUCK, leaf("power", "gte", 5))
    truck = FoodTruck.objects.create(organization=world.acme, name="T", plate="P", power=before)
    result = one(world, ENGINE, id=truck.engine_ptr_id, power=after)
    assert (result["status"], result.get("code")) == ("error", "permission_denied")
    assert Engine.objects.get().power == before


def test_a_row_that_stays_in_view_may_be_pushed_under_the_second_parents_name(world: World) -> None:
    world.restrict(TRUCK, leaf("power", "gte", 5))
    truck: Any = FoodTruck.objects.create(organization=world.acme, name="T", plate="P", power=9)
    other = Engine.objects.create(power=1)
    assert one(world, ENGINE, id=truck.engine_ptr_id, power=6)["status"] == "updated"
    assert one(world, ENGINE, id=other.pk, power=2)["status"] == "updated"


def test_a_row_out_of_view_is_not_deleted_by_its_second_parent(world: World) -> None:
    world.restrict(TRUCK, leaf("power", "gte", 5))
    truck: Any = FoodTruck.objects.create(organization=world.acme, name="T", plate="P", power=1)
    assert one(world, ENGINE, id=truck.engine_ptr_id, _deleted=True)["status"] == "error"
    assert FoodTruck.objects.count() == 1


@pytest.mark.parametrize("record", [{"power": 1}, {"_deleted": True}])
def test_no_push_of_a_child_reaches_its_second_parent_out_of_view(world: World, record: Dict[str, Any]) -> None:
    truck = FoodTruck.objects.create(organization=world.acme, name="T", plate="P", power=9)
    world.restrict(ENGINE, leaf("power", "gte", 5))
    assert one(world, TRUCK, id=truck.pk, power=7)["status"] == "updated"
    if "power" in record:
        assert one(world, TRUCK, id=truck.pk, **record)["code"] == "permission_denied"
        assert one(world, TRUCK, name="N", plate="N", **record)["code"] == "permission_denied"
    Engine.objects.update(power=2)
    assert one(world, TRUCK, id=truck.pk, **record)["status"] == "error"
    assert [row.power for row in FoodTruck.objects.all()] == [2]


@pytest.mark.parametrize(("before", "after"), [(1, 9), (9, 1)])
def test_no_push_of_a_child_moves_what_looks_at_its_second_parent(world: World, before: int, after: int) -> None:
    world.restrict("testapp.Service", leaf("engine__power", "gte", 5))
    truck: Any = FoodTruck.objects.create(organization=world.acme, name="T", plate="P", power=before)
    Service.objects.create(organization=world.acme, engine_id=truck.engine_ptr_id)
    assert one(world, TRUCK, id=truck.pk, power=after)["code"] == "permission_denied"
    assert one(world, TRUCK, id=truck.pk, name="other")["status"] == "updated"
    assert Engine.objects.get().power == before
