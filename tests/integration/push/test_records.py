"""Creating, changing and deleting rows."""

from __future__ import annotations

import uuid
from typing import Any

from tests.integration.push.world import World
from tests.testapp.models import Customer, Order, OrderLine, Product, Region, Tag, Visit


def test_a_record_without_a_row_creates_it(world: World) -> None:
    result = world.one(model="testapp.Customer", name="John Doe", age=45, department="SALES")
    customer = Customer.objects.get()
    assert (customer.name, customer.age, customer.organization_id) == ("John Doe", 45, world.acme.pk)
    assert result["status"] == "created"
    assert result["id"] == str(customer.pk)
    assert result["_version"]


def test_a_key_that_the_client_chose_is_kept(world: World) -> None:
    key = str(uuid.uuid4())
    assert world.one(model="testapp.customer", id=key, name="A")["id"] == key
    assert world.one(model="testapp.Tag", id="new")["status"] == "created"
    assert world.one(model="testapp.Tag", slug="newer")["status"] == "created"
    assert {tag.slug for tag in Tag.objects.all()} == {"new", "newer"}


def test_only_given_fields_change(world: World) -> None:
    customer = Customer.objects.create(organization=world.acme, name="Old", age=3, email="a@b.cc")
    before = customer.updated_at
    result = world.one(model="testapp.Customer", id=str(customer.pk), name="New")
    customer.refresh_from_db()
    assert (result["status"], customer.name, customer.age, customer.email) == ("updated", "New", 3, "a@b.cc")
    assert customer.updated_at > before


def test_equal_values_write_nothing(world: World) -> None:
    customer = Customer.objects.create(organization=world.acme, name="Same")
    result = world.one(model="testapp.Customer", id=str(customer.pk), name="Same")
    before = customer.updated_at
    customer.refresh_from_db()
    assert (result["status"], customer.updated_at) == ("unchanged", before)


def test_a_row_is_deleted_with_its_cascade(world: World) -> None:
    customer = Customer.objects.create(organization=world.acme, name="A")
    order = Order.objects.create(customer=customer, number="1")
    product = Product.objects.create(sku="p", name="P")
    OrderLine.objects.create(order=order, product=product)
    result = world.one(model="testapp.Customer", id=str(customer.pk), _deleted=True)
    assert result["status"] == "deleted"
    assert not OrderLine.objects.exists()


def test_a_delete_of_nothing_is_unchanged(world: World) -> None:
    foreign = Customer.objects.create(organization=world.rival, name="F")
    assert world.one(model="testapp.Customer", id=str(uuid.uuid4()), _deleted=True)["status"] == "unchanged"
    assert world.one(model="testapp.Customer", id=str(foreign.pk), _deleted=True, _version="x")["status"] == "unchanged"
    assert Customer.objects.filter(pk=foreign.pk).exists()


def test_an_unknown_automatic_key_is_not_found(world: World) -> None:
    result = world.one(model="testapp.Region", id=999, name="x")
    assert (result["status"], result["code"]) == ("error", "not_found")


def test_parents_and_children_made_offline_travel_in_any_order(world: World) -> None:
    Product.objects.create(sku="p", name="P")
    product = Product.objects.get()
    records: Any = [
        {"_model": "testapp.OrderLine", "order": {"_client_id": "o1"}, "product_id": product.pk, "quantity": 2},
        {"_model": "testapp.Order", "_client_id": "o1", "customer": {"_client_id": "c1"}, "number": "7"},
        {"_model": "testapp.Customer", "_client_id": "c1", "name": "C"},
    ]
    results = world.results(*records)
    assert [result["status"] for result in results] == ["created"] * 3
    line = OrderLine.objects.get()
    assert line.order.customer.name == "C"
    again = world.results(*records)
    assert [result["status"] for result in again][1:] == ["unchanged"] * 2
    assert [result["id"] for result in again][1:] == [result["id"] for result in results][1:]


def test_rows_that_refer_to_themselves_and_each_other(world: World) -> None:
    results = world.results(
        {"_model": "testapp.Visit", "_client_id": "v1", "previous": {"_client_id": "v1"}, "note": "own"},
        {"_model": "testapp.Visit", "_client_id": "v2", "previous": {"_client_id": "v3"}},
        {"_model": "testapp.Visit", "_client_id": "v3", "previous": {"_client_id": "v2"}},
        {"_model": "testapp.Team", "_client_id": "t", "name": "T", "lead": {"_client_id": "m"}},
        {"_model": "testapp.Member", "_client_id": "m", "name": "M", "team": {"_client_id": "t"}},
    )
    assert [result["status"] for result in results] == ["created"] * 5
    ids = [result["id"] for result in results]
    links = dict(Visit.objects.values_list("pk", "previous_id"))
    assert links == {ids[0]: ids[0], ids[1]: ids[2], ids[2]: ids[1]}


def test_a_circle_fails_as_a_whole_where_one_of_it_is_refused(world: World) -> None:
    results = world.results(
        {"_model": "testapp.Team", "_client_id": "t", "name": "T", "lead": {"_client_id": "m"}},
        {"_model": "testapp.Member", "_client_id": "m", "name": "M" * 99, "team": {"_client_id": "t"}},
        {"_model": "testapp.Region", "_client_id": "r", "name": "R"},
    )
    assert [result.get("code") for result in results] == ["not_found", "not_found", None]
    assert Region.objects.count() == 1


def test_a_many_to_many_is_set_as_a_list_of_keys(world: World) -> None:
    tags = [Tag.objects.create(slug=slug, organization=world.acme) for slug in "abc"]
    result = world.one(model="testapp.Customer", name="A", tags=["a", "b"])
    customer = Customer.objects.get()
    assert set(customer.tags.values_list("pk", flat=True)) == {"a", "b"}
    world.one(model="testapp.Customer", id=result["id"], tags=["b", "c"])
    assert set(customer.tags.values_list("pk", flat=True)) == {"b", "c"}
    unchanged = world.one(model="testapp.Customer", id=result["id"], tags=["c", "b"])
    assert unchanged["status"] == "unchanged"
    assert tags
    new = world.results(
        {"_model": "testapp.Customer", "id": result["id"], "tags": [{"_client_id": "t"}]},
        {"_model": "testapp.Tag", "_client_id": "t", "id": "d"},
    )
    assert [each["status"] for each in new] == ["updated", "created"]
    assert set(customer.tags.values_list("pk", flat=True)) == {"d"}
