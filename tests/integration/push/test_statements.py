"""How many statements a push takes, whatever the number of records."""

from __future__ import annotations

import uuid
from typing import Any, List

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.push.world import World
from tests.testapp.models import Customer, Region, Tag

LIMIT = 25
BOOKKEEPING = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "BEGIN", "COMMIT")


def count(queries: CaptureQueriesContext) -> List[str]:
    """Return the statements but those that only open or close a transaction."""
    return [query["sql"] for query in queries.captured_queries if not query["sql"].startswith(BOOKKEEPING)]


@pytest.fixture
def customers(world: World) -> List[Any]:
    regions = [Region.objects.create(site_id=world.acme.pk, name=str(number)) for number in range(20)]
    Tag.objects.create(slug="t", organization=world.acme)
    return [
        {
            "_model": "testapp.Customer",
            "id": str(uuid.uuid4()),
            "_client_id": str(number),
            "name": f"Customer {number}",
            "email": f"c{number}@example.com",
            "age": number % 90,
            "region": regions[number % 20].pk,
            "assigned_manager_id": world.user.pk,
            "tags": ["t"],
        }
        for number in range(1000)
    ]


def push(world: World, records: List[Any], status: str) -> List[str]:
    with CaptureQueriesContext(connection) as queries:
        answer = world.push(*records)
    assert {result["status"] for result in answer.body["results"]} == {status}
    return count(queries)


def test_a_thousand_records_take_few_statements(world: World, customers: List[Any]) -> None:
    # An embedded database takes few values at once, and its statements go over no network.
    limit = LIMIT if connection.features.max_query_params is None else 15 * LIMIT
    statements = push(world, customers, "created")
    assert len(statements) <= limit, "\n".join(statement[:150] for statement in statements)
    statements = push(world, customers, "unchanged")
    assert len(statements) <= limit, "\n".join(statement[:150] for statement in statements)
    changed = [{**record, "name": "New", "age": 3 if place % 2 else None} for place, record in enumerate(customers)]
    statements = push(world, changed, "updated")
    assert len(statements) <= limit, "\n".join(statement[:150] for statement in statements)
    deleted = [{"_model": "testapp.Customer", "id": record["id"], "_deleted": True} for record in customers]
    statements = push(world, deleted, "deleted")
    # Django itself deletes a hundred rows at a time.
    assert len(statements) <= limit + 15, "\n".join(statement[:150] for statement in statements)
    assert not Customer.objects.exists()


@pytest.mark.only_on("postgresql", reason="others bound the values of a statement, and so need more of them")
def test_ten_thousand_records_of_many_references_and_rules_take_no_more(world: World) -> None:
    """No more than a thousand may take."""
    Tag.objects.create(slug="t", organization=world.acme)
    region = Region.objects.create(site_id=world.acme.pk, name="North")
    own = {"organization": world.acme, "name": "A"}
    customers = Customer.objects.bulk_create([Customer(**own) for _ in range(50)])
    records = [
        {
            "_model": "testapp.Shipment",
            "id": str(uuid.uuid4()),
            "customer": str(customers[number % 50].pk),
            "region": region.pk,
            "driver": world.user.pk,
            "number": str(number),
            "seal": str(number),
            "tags": ["t"],
        }
        for number in range(10_000)
    ]
    for status in ("created", "unchanged"):
        statements = push(world, records, status)
        assert len(statements) <= LIMIT, "\n".join(statement[:150] for statement in statements)
    statements = push(world, [{**record, "seal": "s" + record["seal"], "tags": []} for record in records], "updated")
    assert len(statements) <= LIMIT, "\n".join(statement[:150] for statement in statements)
