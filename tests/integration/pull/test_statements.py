"""How many statements an answer takes."""

from __future__ import annotations

from typing import Any, List

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync import pull
from sb_sync.events import pull_finished
from sb_sync.protocol import RequestInfo
from tests.integration.pull.puller import Puller, make_puller
from tests.testapp.models import Customer, Tag

# SQLite takes the right to write, and the time of the newest checkpoint, by statements of their own.
LIMITS = {"postgresql": 12, "sqlite": 14}
TRANSACTION_CONTROL = ("BEGIN", "SET TRANSACTION", "SAVEPOINT", "RELEASE", "COMMIT")


def count(puller: Puller, models: Any) -> int:
    """Return how many statements one answer takes, those of its journals left out."""
    scope = puller.scope()
    receivers, pull_finished.receivers = pull_finished.receivers, []
    pull_finished.sender_receivers_cache.clear() if pull_finished.use_caching else None
    try:
        with CaptureQueriesContext(connection) as captured:
            pull.run(scope, {"models": models, "batch_size": 10_000}, request=RequestInfo("test"))
    finally:
        pull_finished.receivers = receivers
    statements: List[str] = [query["sql"] for query in captured.captured_queries]
    return len([sql for sql in statements if not sql.startswith(TRANSACTION_CONTROL)])


@pytest.mark.parametrize("size", [1, 300])
def test_a_page_takes_few_statements_whatever_its_size(size: int) -> None:
    limit = LIMITS[connection.vendor]
    acme, puller = make_puller()
    tag = Tag.objects.create(slug="a", organization=acme)
    customers = Customer.objects.bulk_create(Customer(organization=acme, name=str(n)) for n in range(size))
    Customer.tags.through.objects.bulk_create(
        Customer.tags.through(customer=customer, tag=tag) for customer in customers
    )
    # The first pull of all makes the identity of the feed.
    puller.ask({"models": ["testapp.Product"]})
    assert count(puller, ["testapp.Customer"]) <= limit
    puller.pull(["testapp.Customer"])
    Customer.objects.filter(name__gt="1").update(age=1)
    Customer.objects.exclude(name__gt="1").delete()
    assert count(puller, dict(puller.cursors)) <= limit
    puller.pull()
    assert count(puller, dict(puller.cursors)) <= limit
