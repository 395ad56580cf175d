"""Writes behind the API, by every way that Django and SQL have."""

from __future__ import annotations

from typing import Any, Callable, List, Tuple

from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from sb_sync import feed
from tests.acceptance.oracle.image import LABELS, model_of
from tests.acceptance.oracle.rules import DEPARTMENTS
from tests.acceptance.oracle.world import World
from tests.testapp.models import Customer, Order, OrderLine, Product, Region, Tag, Visit

#: A text field of each model.
TEXTS = {
    "testapp.Region": "name",
    "testapp.Product": "name",
    "testapp.Customer": "name",
    "testapp.Order": "number",
    "testapp.Visit": "note",
    "testapp.Badge": "code",
    "testapp.Place": "name",
    "testapp.Restaurant": "name",
    "testapp.Shelf": "title",
}


def edit(world: World) -> None:
    """Let one thing happen to the rows; what the database refuses has not happened."""
    action = world.chance.choices([each for each, _ in EDITS], [weight for _, weight in EDITS])[0]
    try:
        with transaction.atomic():
            action(world)
    except (IntegrityError, ProtectedError) as error:
        world.tell("refused:", action.__name__, type(error).__name__)


def update_text(world: World) -> None:
    """UPDATE by the ORM."""
    label = world.chance.choice(sorted(TEXTS))
    row = world.pick(label)
    if row is not None:
        word = world.word()
        world.tell("update", label, row.pk, word)
        model_of(label)._base_manager.filter(pk=row.pk).update(**{TEXTS[label]: word})


def save_text(world: World) -> None:
    """save() of an instance."""
    label = world.chance.choice(sorted(TEXTS))
    row = world.pick(label)
    if row is not None:
        setattr(row, TEXTS[label], world.word())
        world.tell("save", label, row.pk, getattr(row, TEXTS[label]))
        row.save()


def update_by_sql(world: World) -> None:
    """UPDATE on a bare cursor, of several rows at once."""
    label = world.chance.choice(["testapp.Customer", "testapp.Order", "testapp.Product", "testapp.Region"])
    options = model_of(label)._meta
    table, column = (connection.ops.quote_name(name) for name in (options.db_table, TEXTS[label]))
    old, new = world.word(), world.word()
    world.tell("sql", label, old, "->", new)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", [new, old])


def change_customer(world: World) -> None:
    """Change what filters on customers look at."""
    customer = world.pick("testapp.Customer")
    if customer is not None:
        regions = Region.objects.filter(site_id=customer.organization_id)
        change: Any = world.chance.choice(
            [
                {"region": world.chance.choice([None, *regions.order_by("pk")])},
                {"age": world.chance.choice([None, 1, 3, 5])},
                {"department": world.chance.choice(DEPARTMENTS)},
                {"assigned_manager": world.chance.choice([None, *world.users])},
            ]
        )
        world.tell("customer", customer.pk, change)
        Customer.objects.filter(pk=customer.pk).update(**change)


def create_rows(world: World) -> None:
    """bulk_create of a customer with an order and a line."""
    organization = world.chance.choice(world.organizations)
    customer = Customer(
        id=world.next_uuid(), organization=organization, name=world.word(), age=world.chance.randint(1, 5)
    )
    Customer.objects.bulk_create([customer])
    order = Order.objects.create(customer=customer, number=world.word())
    product = world.pick("testapp.Product")
    if product is not None:
        OrderLine.objects.bulk_create([OrderLine(order=order, product=product, quantity=2)])
    world.tell("create", customer.pk, order.pk)


def create_child_first(world: World) -> None:
    """A visit that names an earlier one, and a region for the next customers."""
    organization = world.chance.choice(world.organizations)
    previous = Visit.objects.filter(organization=organization).order_by("pk").last()
    visit = Visit.objects.create(organization=organization, note=world.word(), previous=previous)
    Region.objects.create(site_id=organization.pk, name=world.word())
    world.tell("visit", visit.pk)


def delete_one(world: World) -> None:
    """delete() of a row, with what Django cascades."""
    label = world.chance.choice(LABELS)
    row = world.pick(label)
    if row is not None:
        world.tell("delete", label, row.pk)
        row.delete()


def delete_by_sql(world: World) -> None:
    """DELETE of the leaves on a bare cursor."""
    line = world.pick("testapp.OrderLine")
    if line is not None:
        world.tell("sql delete line", line.pk)
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {connection.ops.quote_name(OrderLine._meta.db_table)} WHERE id = %s", [line.pk]
            )


def move_parent(world: World) -> None:
    """Give a customer, with all below, to an organization."""
    customer = world.pick("testapp.Customer")
    if customer is not None:
        target = world.chance.choice(world.organizations)
        world.tell("move customer", customer.pk, "to", target.slug)
        Customer.objects.filter(pk=customer.pk).update(organization=target)


def move_child(world: World) -> None:
    """Hang an order or a line below another parent, of whatever organization."""
    order, line, customer = world.pick("testapp.Order"), world.pick("testapp.OrderLine"), world.pick("testapp.Customer")
    if world.chance.random() < 0.5 and order is not None and customer is not None:
        world.tell("move order", order.pk, "to", customer.pk)
        Order.objects.filter(pk=order.pk).update(customer=customer)
    elif line is not None and order is not None:
        world.tell("move line", line.pk, "to", order.pk)
        OrderLine.objects.filter(pk=line.pk).update(order=order)


def move_own(world: World) -> None:
    """Give a row with a key of its own to another organization, or to nobody."""
    label, field = world.chance.choice(
        [("testapp.Visit", "organization_id"), ("testapp.Place", "organization_id"), ("testapp.Region", "site_id")]
    )
    row = world.pick(label)
    if row is not None:
        target = world.chance.choice(world.organizations)
        world.tell("move", label, row.pk, "to", target.slug)
        model_of(label)._base_manager.filter(pk=row.pk).update(**{field: target.pk})
    shelf = world.pick("testapp.Shelf")
    if shelf is not None:
        organization = world.chance.choice([None, *world.organizations])
        model_of("testapp.Shelf")._base_manager.filter(pk=shelf.pk).update(organization=organization)


def change_lists(world: World) -> None:
    """Add to, set and clear many-to-many lists."""
    visit, customer = world.pick("testapp.Visit"), world.pick("testapp.Customer")
    products = list(Product.objects.order_by("pk"))
    if visit is not None and products:
        chosen = world.chance.sample(products, world.chance.randint(0, min(2, len(products))))
        world.tell("products of visit", visit.pk, [product.pk for product in chosen])
        visit.products.set(chosen)
    if customer is not None:
        tags = list(Tag.objects.filter(organization=customer.organization_id).order_by("pk"))
        world.tell("tags of customer", customer.pk)
        world.chance.choice([customer.tags.clear, lambda: customer.tags.add(*tags)])()


def lose_triggers(world: World) -> None:
    """Write a table whose triggers are away, then put them back: its models begin again."""
    label = world.chance.choice(["testapp.Customer", "testapp.Region", "testapp.Product"])
    table = model_of(label)._meta.db_table
    backend = feed.backend_for("default")
    world.tell("write without triggers", label)
    backend.remove(backend.triggers([table]))
    model_of(label)._base_manager.all().update(**{TEXTS[label]: world.word()})
    feed.install("default")


EDITS: List[Tuple[Callable[[World], None], int]] = [
    (update_text, 8),
    (save_text, 4),
    (update_by_sql, 3),
    (change_customer, 6),
    (create_rows, 4),
    (create_child_first, 2),
    (delete_one, 3),
    (delete_by_sql, 1),
    (move_parent, 4),
    (move_child, 4),
    (move_own, 3),
    (change_lists, 4),
]
