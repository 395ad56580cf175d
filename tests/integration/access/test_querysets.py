"""A project's own `get_queryset`: it narrows what a user may see, and never widens it."""

from __future__ import annotations

from typing import Any, Callable, Iterator, List

import pytest
from django.db.models import Count, F, Q

from sb_sync import ModelSync, catalog, register
from sb_sync.registry import unregister
from tests.integration.access.test_push import one
from tests.integration.access.world import CUSTOMER, ORDER, World, leaf
from tests.testapp.models import Customer, Order, Region, Tag

Choose = Callable[[Any, Any], Any]


@pytest.fixture
def choose() -> Iterator[Callable[..., None]]:
    """Return a way to give a model a `get_queryset`, which is taken back afterwards."""
    given: List[Any] = []

    def give(model: Any, function: Choose, *paths: str) -> None:
        unregister(model)
        kind = type(
            "Own",
            (ModelSync,),
            {"get_queryset": lambda self, queryset, scope: function(queryset, scope), "depends_on": paths},
        )
        register(model)(kind)
        given.append(model)
        catalog.reload()

    yield give
    for model in given:
        unregister(model)
    catalog.reload()


SHAPES: List[Choose] = [
    lambda queryset, scope: queryset.filter(name__startswith="a"),
    lambda queryset, scope: Customer.objects.filter(name__startswith="a"),
    lambda queryset, scope: queryset.filter(name__startswith="a").distinct(),
    lambda queryset, scope: queryset.filter(Q(tags__isnull=True) | Q(tags__slug__gt=""), name__startswith="a"),
    lambda queryset, scope: queryset.annotate(name_=F("name"), tags_=Count("tags")).filter(name_="a", tags_=2),
    lambda queryset, scope: queryset.filter(name="a").order_by("-name").select_related("region"),
    lambda queryset, scope: queryset.filter(name="a").only("name").values("name"),
    lambda queryset, scope: queryset.filter(name="a") | queryset.filter(name="a", age=1),
    lambda queryset, scope: queryset.extra(where=["testapp_customer.name = 'a'"]),
]


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_every_shape_of_queryset_narrows_and_nothing_widens(
    world: World, choose: Callable[..., None], shape: int
) -> None:
    choose(Customer, SHAPES[shape])
    tags = [Tag.objects.create(slug=slug, organization=world.acme) for slug in "xy"]
    inside = world.customer("a")
    inside.tags.set(tags)
    outside = world.customer("b")
    foreign = world.customer("a", organization=world.rival)
    device = world.device(CUSTOMER, batch_size=1)
    assert device.keys(CUSTOMER) == [str(inside.pk)]
    Customer.objects.update(age=1)
    device.pull()
    assert device.keys(CUSTOMER) == [str(inside.pk)]
    assert one(world, CUSTOMER, id=str(inside.pk), age=2)["status"] == "updated"
    assert one(world, CUSTOMER, id=str(inside.pk), name="z")["code"] == "permission_denied"
    for row in (outside, foreign):
        assert one(world, CUSTOMER, id=str(row.pk), age=3)["status"] == "error"
        assert one(world, CUSTOMER, id=str(row.pk), _deleted=True)["status"] == "unchanged"
        assert one(world, ORDER, customer_id=str(row.pk), number="1")["code"] == "not_found"
    assert set(Customer.objects.values_list("age", flat=True)) == {1, 2}
    assert one(world, CUSTOMER, id=str(inside.pk), _deleted=True)["status"] == "deleted"
    assert device.resets == []


def test_it_comes_on_top_of_row_filters(world: World, choose: Callable[..., None]) -> None:
    choose(Customer, lambda queryset, scope: Customer.objects.filter(age=1))
    world.restrict(CUSTOMER, leaf("name", "exact", "a"))
    world.customer("a", age=1)
    world.customer("a", age=2)
    world.customer("b", age=1)
    device = world.device(CUSTOMER)
    assert [(row["name"], row["age"]) for row in device.rows[CUSTOMER].values()] == [("a", 1)]


def test_declared_relations_move_rows(world: World, choose: Callable[..., None]) -> None:
    choose(
        Order, lambda queryset, scope: queryset.filter(customer__region__name=scope.username), "customer__region__name"
    )
    south = world.region("South")
    Order.objects.create(customer=world.customer("one", region=south), number="1")
    device = world.device(ORDER)
    assert world.names(device, ORDER, "number") == []
    Region.objects.update(name="ann")
    device.pull()
    assert world.names(device, ORDER, "number") == ["1"]
    Customer.objects.update(region=None)
    device.pull()
    assert world.names(device, ORDER, "number") == []
    assert device.resets == []


def test_another_condition_or_value_begins_that_model_again(world: World, choose: Callable[..., None]) -> None:
    limit = [18]
    choose(Customer, lambda queryset, scope: queryset.filter(age__gte=limit[0]))
    world.customer("young", age=18)
    device = world.device(CUSTOMER, ORDER)
    device.pull()
    assert device.resets == []
    limit[0] = 21
    device.pull()
    assert device.resets == [CUSTOMER]
    assert world.names(device) == []


def test_other_declared_relations_begin_that_model_again(world: World, choose: Callable[..., None]) -> None:
    def seen(queryset: Any, scope: Any) -> Any:
        return queryset.filter(customer__region__name=scope.username)

    choose(Order, seen, "customer")
    order = Order.objects.create(customer=world.customer("one", region=world.region("South")), number="1")
    device = world.device(CUSTOMER, ORDER)
    Region.objects.update(name="ann")
    device.pull()
    assert device.keys(ORDER) == []
    choose(Order, seen, "customer__region")
    device.pull()
    assert device.resets == [ORDER]
    assert device.keys(ORDER) == [str(order.pk)]


def test_a_condition_that_nothing_meets_shows_nothing(world: World, choose: Callable[..., None]) -> None:
    choose(Customer, lambda queryset, scope: queryset.none())
    row = world.customer("one")
    device = world.device(CUSTOMER)
    assert device.keys(CUSTOMER) == []
    assert one(world, CUSTOMER, id=str(row.pk), name="new")["status"] == "error"
    assert one(world, CUSTOMER, name="new")["code"] == "permission_denied"
    assert Customer.objects.get().name == "one"


def test_a_declared_relation_that_is_not_captured_makes_the_model_unavailable(
    world: World, choose: Callable[..., None]
) -> None:
    choose(Customer, lambda queryset, scope: queryset, "assigned_manager")
    device = world.device(CUSTOMER, ORDER)
    body = device.pull_once()
    assert list(body["metadata"]) == [ORDER]
    assert ORDER in device.cursors
    assert CUSTOMER not in device.cursors
