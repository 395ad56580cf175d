"""A database that takes few values in one statement, as SQLite below 3.32 does."""

from __future__ import annotations

import sqlite3
from typing import Any, Dict, Iterator, List

import pytest
from django.db import connection, transaction

from sb_sync import feed
from sb_sync.models import Organization
from sb_sync.testing.device import Device
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.testapp.models import Customer, Order

CUSTOMER, ORDER = "testapp.Customer", "testapp.Order"
# What SQLite took, and more rows than that.
LIMIT, SIZE = 999, 1100

pytestmark = [
    pytest.mark.only_on("sqlite", reason="the others know no such bound"),
    pytest.mark.skipif(not hasattr(sqlite3.Connection, "setlimit"), reason="Python below 3.11 cannot set it"),
]


@pytest.fixture
def device(transactional_db: None) -> Iterator[Device]:
    """Return a device on such a database."""
    feed.install("default")
    acme, _ = make_organization("acme"), make_organization("rival")
    grant(acme, delete=True)
    user = make_member(acme)
    connection.ensure_connection()
    driver: Any = connection.connection
    before = driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, LIMIT)
    yield Device(user, models=[CUSTOMER, ORDER], batch_size=SIZE * 2)
    driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)


def test_thousands_of_rows_are_pushed_and_pulled_all_the_same(device: Device) -> None:
    made = push(device, [{"_model": CUSTOMER, "name": str(number)} for number in range(SIZE)])
    keys = [result["id"] for result in made]
    push(device, [{"_model": ORDER, "customer_id": key, "number": "1"} for key in keys])
    device.pull()
    assert len(device.rows[CUSTOMER]) == len(device.rows[ORDER]) == SIZE
    push(device, [{**record, "age": 5} for record in device.rows[CUSTOMER].values()])
    Order.objects.update(number="2")
    device.pull()
    assert {record["age"] for record in device.rows[CUSTOMER].values()} == {5}
    assert {record["number"] for record in device.rows[ORDER].values()} == {"2"}
    push(device, [{"_model": CUSTOMER, "id": key, "_deleted": True} for key in keys])
    device.pull()
    assert not device.rows[CUSTOMER]
    assert not device.rows[ORDER]
    assert not Customer.objects.exists()


@pytest.mark.parametrize(("slug", "seen"), [("acme", SIZE), ("rival", 0)])
def test_thousands_of_rows_that_came_before_their_parent_go_where_that_stands(
    device: Device, slug: str, seen: int
) -> None:
    device.pull()
    customer = Customer(organization=Organization.objects.get(slug=slug), name="late")
    with transaction.atomic():
        Order.objects.bulk_create(Order(customer=customer, number=str(number)) for number in range(SIZE))
        customer.save(force_insert=True)
    device.pull()
    assert len(device.rows.get(ORDER, {})) == seen


def test_thousands_of_versions_that_nobody_knows_are_conflicts(device: Device) -> None:
    made = push(device, [{"_model": CUSTOMER, "name": str(number)} for number in range(SIZE)])
    stale = [
        {"_model": CUSTOMER, "id": result["id"], "name": "new", "_version": f"{number:010x}.{0:032x}"}
        for number, result in enumerate(made)
    ]
    assert {result["status"] for result in device.push(stale)["results"]} == {"conflict"}


def push(device: Device, records: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Push records, all of which must be applied; return the results."""
    answer = device.push(records)
    assert answer["status"] == "success", answer["results"][0]
    results: List[Dict[str, Any]] = answer["results"]
    return results
