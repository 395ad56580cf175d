"""A parent moves to another organization while another transaction writes its children."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import pytest
from django.db import connection

from sb_sync import feed
from sb_sync.testing.factories import make_organization
from sb_sync.testing.mirror import Mirror
from tests.integration.feed.concurrent.sessions import sessions
from tests.testapp.models import Badge, Customer, Order, OrderLine, Product, Tag

pytestmark = pytest.mark.django_db(transaction=True)


class Shop:
    """A customer with an order of two lines, mirrored by its organization and by the one it will move to."""

    def __init__(self) -> None:
        self.north, self.south = make_organization("north"), make_organization("south")
        self.customer = Customer.objects.create(organization=self.north, name="Moving")
        self.other = Customer.objects.create(organization=self.north, name="Staying")
        self.product = Product.objects.create(sku="1")
        self.tag = Tag.objects.create(slug="tag", organization=self.north)
        self.order = Order.objects.create(customer=self.customer, number="1")
        self.lines = [OrderLine.objects.create(order=self.order, product=self.product) for _ in range(2)]
        models = (Customer, Order, OrderLine, Badge)
        self.mirrors = [Mirror(organization.pk, *models) for organization in (self.north, self.south)]

    def move(self) -> None:
        """Give the customer to the other organization."""
        Customer.objects.filter(pk=self.customer.pk).update(organization=self.south)

    def pull(self) -> None:
        for mirror in self.mirrors:
            mirror.pull()

    def check(self) -> None:
        self.pull()
        for mirror in self.mirrors:
            mirror.check()


WRITES: Dict[str, Callable[[Shop], Any]] = {
    "insert a child": lambda shop: Order.objects.create(customer=shop.customer, number="2"),
    "change a child": lambda shop: Order.objects.filter(pk=shop.order.pk).update(number="3"),
    "move a child to another parent": lambda shop: Order.objects.filter(pk=shop.order.pk).update(customer=shop.other),
    "insert a grandchild": lambda shop: OrderLine.objects.create(order=shop.order, product=shop.product),
    "change a grandchild": lambda shop: OrderLine.objects.filter(order=shop.order).update(quantity=5),
    "delete a grandchild": lambda shop: OrderLine.objects.filter(pk=shop.lines[0].pk).delete(),
    "delete a child with its children": lambda shop: Order.objects.filter(pk=shop.order.pk).delete(),
    "insert a child whose key is the reference": lambda shop: Badge.objects.create(customer=shop.customer, code="1"),
    "add to a many-to-many list": lambda shop: shop.customer.tags.add(shop.tag),
}


@pytest.mark.parametrize("name", list(WRITES))
def test_the_writer_commits_first(name: str) -> None:
    shop = Shop()
    with sessions(2) as (writer, mover):
        writer.begin()
        writer.do(lambda: WRITES[name](shop))
        mover.begin()
        moving = mover.start(shop.move)
        shop.pull()
        writer.commit()
        moving.result(30)
        shop.pull()
        mover.commit()
    shop.check()


@pytest.mark.parametrize("name", list(WRITES))
def test_the_mover_commits_first(name: str) -> None:
    shop = Shop()
    with sessions(2) as (writer, mover):
        writer.begin()
        mover.begin()
        mover.do(shop.move)
        writing = writer.start(lambda: WRITES[name](shop))
        shop.pull()
        mover.commit()
        writing.result(30)
        shop.pull()
        writer.commit()
    shop.check()


def test_a_change_of_a_parent_that_does_not_move_it_waits_only_where_rows_lock_their_parents() -> None:
    shop = Shop()
    with sessions(2) as (writer, other):
        writer.begin()
        writer.do(lambda: Order.objects.create(customer=shop.customer, number="2"))
        other.begin()

        def rename() -> None:
            Customer.objects.filter(pk=shop.customer.pk).update(name="Renamed")

        if feed.backend_for("default").locks_parents:
            renaming = other.start(rename)
            writer.commit()
            renaming.result(30)
            other.commit()
        else:
            other.do(rename)
            other.commit()
            writer.commit()
    shop.check()


def test_a_row_that_moves_twice_in_one_transaction_ends_right() -> None:
    shop = Shop()
    third = make_organization("third")
    far = Mirror(third.pk, Customer, Order, OrderLine)
    with sessions(1) as (mover,):
        mover.begin()
        mover.do(shop.move)
        mover.do(lambda: Order.objects.create(customer=shop.customer, number="between"))
        mover.do(lambda: Customer.objects.filter(pk=shop.customer.pk).update(organization=third))
        mover.commit()
    shop.check()
    far.pull()
    far.check()
    assert len(far.rows["testapp.Order"]) == 2


def test_a_parent_comes_from_another_transaction_after_its_child() -> None:
    shop = Shop()
    late = Customer(organization=shop.south, name="Late")
    written: List[Any] = []
    with sessions(2) as (writer, other):
        writer.begin()

        def write_early() -> None:
            # Where keys are checked at once, only an import with the checks off does so.
            with connection.constraint_checks_disabled():
                written.append(Order.objects.create(customer=late, number="early"))

        writer.do(write_early)
        other.begin()
        other.do(late.save)
        other.commit()
        shop.pull()
        writer.commit()
    shop.check()
