"""A first pull of many rows: pages cost what they hold, wherever in the table they are."""

from __future__ import annotations

import uuid
from typing import List

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync.models import Organization
from sb_sync.testing.factories import make_organization
from tests.integration.pull.puller import make_puller
from tests.testapp.models import Customer

MODELS = ["testapp.Customer"]
PAGE = 2


@pytest.mark.parametrize(("own", "others"), [(40, 3), (40, 200), (3, 40)])
def test_pages_hold_the_rows_of_the_organization_alone(own: int, others: int) -> None:
    acme, puller = make_puller()
    rival = make_organization("rival")
    Customer.objects.bulk_create(Customer(organization=acme, name=str(number)) for number in range(own))
    Customer.objects.bulk_create(Customer(organization=rival, name="theirs") for _ in range(others))
    answers = puller.pull(MODELS, batch_size=PAGE)
    told = [record["id"] for answer in answers for record in answer["data"]]
    # In the database's own order of keys: MariaDB orders UUIDs by their last part first.
    assert told == [str(key) for key in _find_keys(acme)]
    assert len(told) == own
    puller.check()


@pytest.mark.only_on("sqlite", reason="other databases know how many rows each organization has")
@pytest.mark.parametrize(("own", "others", "is_sorted"), [(40, 3, False), (3, 40, True)])
def test_pages_of_most_of_a_table_are_not_sorted(own: int, others: int, is_sorted: bool) -> None:
    acme, puller = make_puller()
    rival = make_organization("rival")
    for organization, count in ((acme, own), (rival, others)):
        Customer.objects.bulk_create(Customer(organization=organization, name="") for _ in range(count))
    puller.step(MODELS, batch_size=PAGE)
    with CaptureQueriesContext(connection) as captured:
        puller.step(batch_size=PAGE)
    pages = [query["sql"] for query in captured.captured_queries if "ORDER BY" in query["sql"]]
    assert any(is_sorted is _sorts(sql) for sql in pages if 'FROM "testapp_customer"' in sql)


def _find_keys(organization: Organization) -> List[uuid.UUID]:
    return list(Customer.objects.filter(organization=organization).order_by("pk").values_list("pk", flat=True))


def _sorts(sql: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan: List[str] = [row[-1] for row in cursor.fetchall()]
    return any("TEMP B-TREE" in step for step in plan)
