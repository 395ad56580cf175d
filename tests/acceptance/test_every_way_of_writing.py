"""Whatever way a row is written, the next pull brings it; and where it left, the next pull takes it away."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from tests.acceptance.world import World, make_world
from tests.testapp.models import Badge, Customer, Order, OrderLine, Product, Region, Restaurant, Shelf, Tag, Team, Visit

pytestmark = pytest.mark.django_db(transaction=True)

WAYS: Dict[str, Callable[[World], None]] = {}
LARGE_PAGES = pytest.mark.only_on("sqlite", "postgresql", reason="small pages ask MariaDB for the same, more often")


def way(function: Callable[[World], None]) -> Callable[[World], None]:
    """Add a way of writing to the table."""
    WAYS[function.__name__] = function
    return function


def execute(sql: str, parameters: Any = ()) -> None:
    """Run a statement behind the ORM's back."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def raw_key(value: Any) -> Any:
    """Return a UUID as the database stores it."""
    return Customer._meta.pk.get_db_prep_value(value, connection)


@way
def save(world: World) -> None:
    customer = world.customer(world.north)
    customer.name = "Saved"
    customer.save()


@way
def save_of_one_field(world: World) -> None:
    customer = world.customer(world.north)
    customer.name = "One field"
    customer.save(update_fields=["name"])


@way
def create(world: World) -> None:
    Shelf.objects.create(number=7, organization=world.north, title="New")


@way
def bulk_create(world: World) -> None:
    Region.objects.bulk_create([Region(site_id=world.south.pk, name=f"Bulk {number}") for number in range(1500)])


@way
def bulk_create_ignoring_conflicts(world: World) -> None:
    Tag.objects.bulk_create(
        [Tag(slug="north-tag", organization=world.south), Tag(slug="other", organization=world.south)],
        ignore_conflicts=True,
    )


@way
def bulk_update(world: World) -> None:
    regions = list(Region.objects.all())
    for region in regions:
        region.name = "Updated"
    Region.objects.bulk_update(regions, ["name"])


@way
def update(world: World) -> None:
    Customer.objects.filter(organization=world.north).update(age=44)


@way
def update_that_moves_rows(world: World) -> None:
    Region.objects.filter(site_id=world.north.pk).update(site_id=world.south.pk)


@way
def update_of_a_shared_row(world: World) -> None:
    Product.objects.filter(sku="P0").update(price="9.99")


@way
def update_to_nobody(world: World) -> None:
    Shelf.objects.create(number=8, organization=world.north)
    world.pull_all()
    Shelf.objects.filter(number=8).update(organization=None)


@way
def delete(world: World) -> None:
    Badge.objects.filter(customer__organization=world.north).delete()


@way
def delete_of_one(world: World) -> None:
    OrderLine.objects.filter(order__customer__organization=world.south).first().delete()  # type: ignore[union-attr]


@way
def cascade_by_django(world: World) -> None:
    world.customer(world.north).delete()


@way
def set_null_by_django(world: World) -> None:
    Region.objects.filter(site_id=world.north.pk).delete()


@way
def raw_insert(world: World) -> None:
    execute("INSERT INTO testapp_region (site_id, name) VALUES (%s, 'Raw')", [world.north.pk])


@way
def raw_update(world: World) -> None:
    execute("UPDATE testapp_region SET name = 'Raw'")


@way
def raw_delete(world: World) -> None:
    execute("DELETE FROM testapp_orderline")


@way
def change_of_a_key(world: World) -> None:
    Shelf.objects.create(number=9, organization=world.north)
    world.pull_all()
    execute("UPDATE testapp_shelf SET number = 10 WHERE number = 9")


@way
def admin(world: World) -> None:
    get_user_model()._default_manager.create_superuser("root", "root@example.com", "pass")
    browser = Client()
    browser.login(username="root", password="pass")
    region = Region.objects.filter(site_id=world.north.pk).first()
    assert region is not None
    address = f"/admin/testapp/region/{region.pk}/change/"
    assert browser.post(address, {"site": world.south.pk, "name": "Admin"}).status_code == 302


@way
def many_to_many_add(world: World) -> None:
    visit = Visit.objects.filter(organization=world.north, previous__isnull=False).first()
    assert visit is not None
    visit.products.add(*world.products)


@way
def many_to_many_remove(world: World) -> None:
    visit = Visit.objects.filter(organization=world.north, note="first").first()
    assert visit is not None
    visit.products.remove(world.products[0])


@way
def many_to_many_clear(world: World) -> None:
    for customer in Customer.objects.all():
        customer.tags.clear()


@way
def many_to_many_from_the_other_side(world: World) -> None:
    world.products[2].visit_set.add(*Visit.objects.all())


@way
def a_parent_that_moves(world: World) -> None:
    customer = world.customer(world.north)
    Visit.objects.filter(customer=customer).delete()
    customer.region = None
    customer.tags.clear()
    customer.email = ""
    customer.organization = world.south
    customer.save()


@way
def a_middle_parent_that_moves(world: World) -> None:
    Order.objects.filter(customer=world.customer(world.north)).update(
        customer=world.customer(world.south), number="moved"
    )


@way
def a_parent_by_inheritance_that_moves(world: World) -> None:
    Restaurant.objects.filter(organization=world.north).update(organization=world.south)


@way
def a_parent_by_inheritance_that_changes(world: World) -> None:
    execute("UPDATE testapp_place SET name = 'Renamed'")


@way
def a_child_of_inheritance_that_changes(world: World) -> None:
    execute("UPDATE testapp_restaurant SET stars = 3")


@way
def a_circle(world: World) -> None:
    team = Team.objects.create(organization=world.north, name="Circle")
    team.lead = team.member_set.create(name="Lead")
    team.save()


def copy(world: World) -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        text = f"{world.north.pk}\tCopied\n"
        statement = "COPY testapp_region (site_id, name) FROM STDIN"
        if hasattr(cursor, "copy"):
            with cursor.copy(statement) as sink:
                sink.write(text)
        else:
            import io

            cursor.copy_expert(statement, io.StringIO(text))


def cascade_by_the_database(world: World) -> None:
    execute(
        "ALTER TABLE testapp_orderline ADD CONSTRAINT cascade_for_test"
        " FOREIGN KEY (order_id) REFERENCES testapp_order ON DELETE CASCADE"
    )
    try:
        execute("DELETE FROM testapp_order WHERE id = (SELECT min(id) FROM testapp_order)")
    finally:
        execute("ALTER TABLE testapp_orderline DROP CONSTRAINT cascade_for_test")


def truncate(world: World) -> None:
    execute("TRUNCATE testapp_orderline")


if os.environ.get("SB_SYNC_TEST_DB") == "postgresql":
    for function in (copy, cascade_by_the_database, truncate):
        way(function)


@pytest.mark.parametrize("name", sorted(WAYS))
@pytest.mark.parametrize("batch_size", [4, pytest.param(1000, marks=LARGE_PAGES)])
def test_every_way_of_writing_reaches_every_device(name: str, batch_size: int) -> None:
    world = make_world(batch_size=batch_size)
    world.pull_all()
    WAYS[name](world)
    world.pull_all()
    world.check()


def test_a_write_that_does_not_reach_the_device_is_noticed() -> None:
    world = make_world()
    world.pull_all()
    Product.objects.filter(sku="P0").update(price="5.00")
    with pytest.raises(AssertionError):
        world.check()
