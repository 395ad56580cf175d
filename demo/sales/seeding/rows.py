"""Make the rows of the demo in bulk: the triggers of sb_sync see them all the same."""

from __future__ import annotations

import random
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Dict, List, Sequence

from demo.sales.models import Customer, Order, OrderLine, Product, Visit
from demo.sales.seeding import words

SEED = 1815
TODAY = date(2026, 6, 30)
CUSTOMERS = 300
MOST_ORDERS = 4
MOST_LINES = 5
MOST_VISITS = 3


def make_rows(organizations: Sequence[Any], members: Dict[Any, Sequence[Any]]) -> Dict[str, int]:
    """Write the catalogue and each organization's rows; return how many rows each table holds.

    `members` gives the users by organization that customers and visits are assigned to.
    """
    dice = random.Random(SEED)
    Product.objects.bulk_create(_products())
    products = list(Product.objects.order_by("sku"))
    for organization in organizations:
        customers = Customer.objects.bulk_create(
            [_customer(dice, organization, members[organization]) for _ in range(CUSTOMERS)]
        )
        _make_orders(dice, customers, products, organization.slug[0].upper())
        _make_visits(dice, customers, products)
    return {model.__name__: model.objects.count() for model in (Product, Customer, Order, OrderLine, Visit)}


def _products() -> List[Product]:
    """Return every kind of goods in every grade."""
    return [
        Product(
            sku=f"{grade[0]}{number:03d}",
            name=f"{name}, {grade.lower()}",
            unit=unit,
            price=Decimal(pence * (100 + 9 * step)).quantize(Decimal(1)) / 10000,
        )
        for step, grade in enumerate(words.GRADES)
        for number, (name, unit, pence) in enumerate(words.GOODS, start=1)
    ]


def _customer(dice: random.Random, organization: Any, managers: Sequence[Any]) -> Customer:
    """Return one customer that is not saved yet."""
    first, last = dice.choice(words.FIRST_NAMES), dice.choice(words.LAST_NAMES)
    town, postcode = dice.choice(words.TOWNS)
    name = f"{dice.choice(words.BUSINESS_NAMES)} {dice.choice(words.BUSINESSES)}"
    mailbox = f"{first}.{last}".lower().replace("'", "")
    return Customer(
        id=uuid.UUID(int=dice.getrandbits(128), version=4),
        organization=organization,
        manager=dice.choice([None, *managers]),
        name=name,
        contact=f"{first} {last}",
        email=f"{mailbox}@example.com",
        phone=f"01632 960{dice.randrange(1000):03d}",
        street=f"{dice.randrange(1, 180)} {dice.choice(words.STREETS)}",
        postcode="{} {}{}{}".format(postcode, dice.randrange(1, 10), dice.choice("ABDEFGH"), dice.choice("JLNPQRS")),
        town=town,
        credit_limit=Decimal(dice.randrange(0, 40) * 250),
        customer_since=TODAY - timedelta(days=dice.randrange(30, 4000)),
        note=dice.choice(words.REMARKS),
    )


def _make_orders(dice: random.Random, customers: Sequence[Customer], products: Sequence[Product], prefix: str) -> None:
    """Write up to a few orders for each customer, with their lines."""
    drafts = [
        Order(
            customer=customer,
            number="",
            placed_on=TODAY - timedelta(days=dice.randrange(0, 365)),
            status=dice.choice(Order.Status.values),
            remark=dice.choice(words.REMARKS),
        )
        for customer in customers
        for _ in range(dice.randint(0, MOST_ORDERS))
    ]
    for number, draft in enumerate(sorted(drafts, key=lambda order: order.placed_on), start=1):
        draft.number = f"{prefix}-{number:05d}"
    Order.objects.bulk_create(drafts)
    # Read again: not every database that Django supports tells the keys of rows written in bulk.
    orders = Order.objects.filter(customer__in=[customer.pk for customer in customers]).order_by("number")
    OrderLine.objects.bulk_create(
        OrderLine(order=order, product=product, quantity=dice.randint(1, 12), price=product.price)
        for order in orders
        for product in dice.sample(products, dice.randint(1, MOST_LINES))
    )


def _make_visits(dice: random.Random, customers: Sequence[Customer], products: Sequence[Product]) -> None:
    """Write up to a few visits for each customer, each following up the one before."""
    Visit.objects.bulk_create(
        Visit(
            customer=customer,
            visitor_id=customer.manager_id,
            starts_at=_moment(dice, months_ago),
            minutes=dice.choice([15, 20, 30, 45, 60]),
            note=dice.choice(words.VISIT_NOTES),
        )
        for customer in customers
        for months_ago in range(dice.randint(0, MOST_VISITS), 0, -1)
    )
    visits = list(
        Visit.objects.filter(customer__in=[customer.pk for customer in customers]).order_by("customer", "starts_at")
    )
    followers = []
    for earlier, later in zip(visits, visits[1:]):
        if earlier.customer_id == later.customer_id:
            later.previous = earlier
            followers.append(later)
    Visit.objects.bulk_update(followers, ["previous"], batch_size=200)
    through = Visit.products.through
    through.objects.bulk_create(
        through(visit_id=visit.pk, product_id=product.pk)
        for visit in visits
        for product in dice.sample(products, dice.randint(0, 3))
    )


def _moment(dice: random.Random, months_ago: int) -> datetime:
    """Return a time of a working day some months ago."""
    day = TODAY - timedelta(days=30 * months_ago + dice.randrange(0, 25))
    return datetime(
        day.year, day.month, day.day, dice.randint(8, 16), dice.choice([0, 15, 30, 45]), tzinfo=timezone.utc
    )
