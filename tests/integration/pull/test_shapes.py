"""Rows of every shape: moves between organizations, lists, inheritance, keys that are references."""

from __future__ import annotations

import pytest

from tests.integration.pull.puller import make_puller, records, tombstones
from tests.testapp.models import Badge, Customer, Order, OrderLine, Place, Product, Restaurant, Shelf, Tag, Visit


def test_a_deleted_row_is_a_tombstone_that_shows_its_key_only() -> None:
    acme, puller = make_puller()
    customer = Customer.objects.create(organization=acme, name="John")
    order = Order.objects.create(customer=customer, number="1")
    puller.pull()
    key = str(customer.pk)
    customer.delete()
    stones = records(puller.pull())
    assert [(stone["_model"], stone["id"]) for stone in stones] == [
        ("testapp.Customer", key),
        ("testapp.Order", order.pk or stones[1]["id"]),
    ]
    for stone in stones:
        assert set(stone) == {"_model", "id", "_deleted", "_reason", "_version"}
        assert stone["_deleted"] is True
        assert stone["_reason"] == "deleted"


def test_a_row_that_moves_leaves_one_organization_and_enters_the_other() -> None:
    acme, puller = make_puller()
    other, stranger = make_puller("other")
    customer = Customer.objects.create(organization=acme, name="John")
    puller.pull()
    stranger.pull()
    Customer.objects.update(organization=other)
    assert tombstones(puller.pull()) == {str(customer.pk): "out_of_scope"}
    assert [record["organization"] for record in records(stranger.pull())] == [other.pk]
    puller.check()
    stranger.check()


def test_a_parent_that_moves_takes_its_children_along() -> None:
    acme, puller = make_puller()
    other, stranger = make_puller("other")
    customer = Customer.objects.create(organization=acme, name="John")
    order = Order.objects.create(customer=customer, number="1")
    line = OrderLine.objects.create(order=order, product=Product.objects.create(sku="1", name=""))
    puller.pull()
    stranger.pull()
    Customer.objects.update(organization=other)
    answers = puller.pull(batch_size=1)
    assert [(record["_model"], record["id"], record["_reason"]) for record in records(answers)] == [
        ("testapp.Customer", str(customer.pk), "out_of_scope"),
        ("testapp.Order", order.pk, "out_of_scope"),
        ("testapp.OrderLine", line.pk, "out_of_scope"),
    ]
    stranger.pull(batch_size=1)
    assert set(stranger.rows["testapp.OrderLine"]) == {str(line.pk)}
    puller.check()
    stranger.check()


def test_a_row_made_and_deleted_elsewhere_is_never_named() -> None:
    _, puller = make_puller()
    other, _ = make_puller("other")
    puller.pull()
    customer = Customer.objects.create(organization=other, name="theirs")
    Order.objects.create(customer=customer, number="1")
    Customer.objects.all().delete()
    assert records(puller.pull()) == []


def test_a_row_that_loses_its_organization_goes() -> None:
    acme, puller = make_puller()
    Shelf.objects.create(number=1, organization=acme)
    Shelf.objects.create(number=2)
    puller.pull()
    assert set(puller.rows["testapp.Shelf"]) == {"1"}
    Shelf.objects.update(organization=None)
    assert tombstones(puller.pull()) == {"1": "out_of_scope"}
    Shelf.objects.filter(number=2).update(organization=acme)
    puller.pull()
    puller.check()


def test_a_list_of_keys_travels_with_its_owner() -> None:
    acme, puller = make_puller()
    customer = Customer.objects.create(organization=acme, name="John")
    tags = [Tag.objects.create(slug=slug, organization=acme) for slug in "cab"]
    customer.tags.set(tags)
    puller.pull()
    key = str(customer.pk)
    assert puller.rows["testapp.Customer"][key]["tags"] == ["a", "b", "c"]
    customer.tags.remove(tags[1])
    assert [record["tags"] for record in records(puller.pull())] == [["b", "c"]]
    customer.tags.clear()
    assert [record["tags"] for record in records(puller.pull())] == [[]]


def test_a_tag_that_is_deleted_changes_the_lists_it_stood_in() -> None:
    acme, puller = make_puller()
    visit = Visit.objects.create(organization=acme)
    product = Product.objects.create(sku="1", name="")
    visit.products.add(product)
    puller.pull()
    product.delete()
    puller.pull()
    assert puller.rows["testapp.Visit"][str(visit.pk)]["products"] == []
    puller.check()


def test_an_inherited_row_is_given_under_each_of_its_models() -> None:
    acme, puller = make_puller()
    restaurant = Restaurant.objects.create(organization=acme, name="Roma", stars=1)
    place = Place.objects.create(organization=acme, name="Park")
    puller.pull()
    assert set(puller.rows["testapp.Place"]) == {str(place.pk), str(restaurant.pk)}
    assert set(puller.rows["testapp.Restaurant"]) == {str(restaurant.pk)}
    # A column of the parent's table, then one of the child's.
    Place.objects.update(name="New")
    assert sorted(record["_model"] for record in records(puller.pull())) == [
        "testapp.Place",
        "testapp.Place",
        "testapp.Restaurant",
    ]
    Restaurant.objects.update(stars=3)
    puller.pull()
    assert puller.rows["testapp.Restaurant"][str(restaurant.pk)]["stars"] == 3
    # Only the child goes.
    restaurant.delete(keep_parents=True)
    answers = puller.pull()
    assert [(record["_model"], record["_reason"]) for record in records(answers) if "_reason" in record] == [
        ("testapp.Restaurant", "deleted")
    ]
    place.delete()
    assert [record["_model"] for record in records(puller.pull())] == ["testapp.Place"]
    puller.check()


def test_an_inherited_row_moves_with_its_parent() -> None:
    acme, puller = make_puller()
    other, stranger = make_puller("other")
    Restaurant.objects.create(organization=acme, name="Roma")
    puller.pull()
    stranger.pull()
    Place.objects.update(organization=other)
    assert [record["_reason"] for record in records(puller.pull())] == ["out_of_scope"] * 2
    stranger.pull()
    puller.check()
    stranger.check()


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_a_key_that_is_a_reference_pages_like_any_other(batch_size: int) -> None:
    acme, puller = make_puller()
    for number in range(4):
        customer = Customer.objects.create(organization=acme, name="John")
        Badge.objects.create(customer=customer, code=str(number))
    puller.pull(batch_size=batch_size)
    puller.check()
    Badge.objects.filter(code="1").delete()
    Badge.objects.filter(code="2").update(code="5")
    puller.pull(batch_size=batch_size)
    puller.check()
    assert sorted(record["code"] for record in puller.rows["testapp.Badge"].values()) == ["0", "3", "5"]


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_keys_of_text_page_in_the_order_of_the_database(batch_size: int) -> None:
    acme, puller = make_puller()
    for slug in ("a", "B", "c", "D", "é", "a-b", "a_b", "10", "9"):
        Tag.objects.create(slug=slug, organization=acme)
    puller.pull(batch_size=batch_size)
    puller.check()


def test_shared_rows_reach_everybody() -> None:
    _, puller = make_puller()
    _, stranger = make_puller("other")
    product = Product.objects.create(sku="1", name="")
    for one in (puller, stranger):
        one.pull()
        one.check()
    Product.objects.update(name="new")
    for one in (puller, stranger):
        assert [record["name"] for record in records(one.pull())] == ["new"]
    key = str(product.pk)
    product.delete()
    for one in (puller, stranger):
        assert tombstones(one.pull()) == {key: "deleted"}
