"""What a push writes or deletes without naming it."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError

from sb_sync.compat import inserting
from tests.acceptance.isolation.image import look, north_of, south_of
from tests.acceptance.world import World
from tests.testapp.models import Badge, Customer, Order, OrderLine, Place, Region, Restaurant, Shelf, Visit

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
