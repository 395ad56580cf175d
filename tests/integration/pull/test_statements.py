"""How many statements an answer takes, everything counted: who asks, what they may, what changed, what is written."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync import catalog
from sb_sync.api.tokens import log_in
from sb_sync.feed.plan import _make_plan
from tests.integration.api.client import Api
from tests.integration.pull.puller import make_puller
from tests.testapp.models import Customer, Tag

# Other databases write each table by a statement of its own, and ask for the identity, the triggers, resets and the
# time of the newest checkpoint by themselves; SQLite takes 1,000 keys in two parts.
LIMITS = {"postgresql": 11, "sqlite": 23, "mysql": 23}
# What newer versions of Django show and older ones do not.
BOUNDARIES = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


class Counter:
    """A client that counts the statements of its requests."""

    def __init__(self) -> None:
        self.acme, puller = make_puller()
        self.api = Api(log_in(puller.user).access)
        self.counts: List[int] = []
        # The first pull of all makes the identity of the feed.
        self.pull(["testapp.Product"])
        self.counts.clear()

    def pull(self, models: Any) -> Dict[str, Any]:
        """Ask once, count, and return the answer."""
        with CaptureQueriesContext(connection) as captured:
            answer = self.api.post("pull/", {"models": models, "batch_size": 10_000})
        assert answer.status_code == 200, answer.content
        statements = [query["sql"] for query in captured.captured_queries]
        self.counts.append(len([sql for sql in statements if not sql.startswith(BOUNDARIES)]))
        return dict(answer.json())


def cursors(answer: Dict[str, Any]) -> Dict[str, str]:
    return {label: told["cursor"] for label, told in answer["metadata"].items()}


@pytest.mark.parametrize("size", [10, 1000])
def test_a_page_takes_few_statements_whatever_its_size(size: int) -> None:
    counter = Counter()
    tag = Tag.objects.create(slug="a", organization=counter.acme)
    customers = Customer.objects.bulk_create(Customer(organization=counter.acme, name=str(n)) for n in range(size))
    Customer.tags.through.objects.bulk_create(
        Customer.tags.through(customer=customer, tag=tag) for customer in customers
    )
    first = counter.pull(["testapp.Customer"])
    assert len(first["data"]) == size
    Customer.objects.filter(name__gt="1").update(age=1)
    Customer.objects.exclude(name__gt="1").delete()
    delta = counter.pull(cursors(first))
    assert len(delta["data"]) == size
    assert {bool(record.get("_deleted")) for record in delta["data"]} == {True, False}
    empty = counter.pull(cursors(delta))
    assert not empty["data"]
    print("first, delta, empty:", counter.counts)
    assert max(counter.counts) <= LIMITS[connection.vendor], counter.counts


def test_what_is_captured_is_looked_up_no_oftener_for_all_models_than_for_one() -> None:
    counter = Counter()
    everything = cursors(counter.pull(None))
    one = {"testapp.Customer": everything["testapp.Customer"]}
    counts = []
    for asked in (everything, one):
        before = _make_plan.cache_info().hits
        assert not counter.pull(asked)["data"]
        counts.append(_make_plan.cache_info().hits - before)
    assert counts[0] <= counts[1]


@pytest.mark.only_on("postgresql", reason="other databases know no lists of keys")
def test_no_statement_names_each_row_by_a_parameter_of_its_own() -> None:
    counter = Counter()
    most = 0

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal most
        most = max(most, len(params or ()))
        return execute(sql, params, many, context)

    Customer.objects.bulk_create(Customer(organization=counter.acme, name=str(n)) for n in range(500))
    with connection.execute_wrapper(note):
        first = counter.pull(["testapp.Customer"])
    Customer.objects.filter(name__gt="1").update(age=1)
    Customer.objects.exclude(name__gt="1").delete()
    with connection.execute_wrapper(note):
        assert len(counter.pull(cursors(first))["data"]) == 500
    assert 0 < most < 100


def test_a_pull_of_all_models_with_nothing_new_takes_as_few_as_one_of_a_single_model() -> None:
    counter = Counter()
    Customer.objects.create(organization=counter.acme, name="John")
    everything = cursors(counter.pull(None))
    assert set(everything) == set(catalog.synced_models())
    assert len(everything) > 15
    one = {"testapp.Customer": everything["testapp.Customer"]}
    for asked in (everything, one):
        assert not counter.pull(asked)["data"]
    _, of_all, of_one = counter.counts
    assert of_all <= of_one
