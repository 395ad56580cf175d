"""A model that cannot be worked on keeps no record of another from being written."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from django.db import connection

from sb_sync.access import resolve_scope
from sb_sync.models import StoredAnswer
from sb_sync.protocol import RequestInfo
from sb_sync.push import Retry, run
from tests.integration.pull.test_unreadable import BEYOND, keeps_any_date
from tests.integration.push.declaring import declared
from tests.integration.push.world import World
from tests.testapp.models import Customer, Order, Region

REGION = {"_model": "testapp.Region", "name": "North", "_client_id": "1"}


def told(results: List[Dict[str, Any]]) -> List[Any]:
    return [result.get("code", result["status"]) for result in results]


@pytest.fixture
def customer(world: World) -> Customer:
    return Customer.objects.create(organization=world.acme, name="Old")


@keeps_any_date
@pytest.mark.parametrize("fields", [{"number": "2"}, {"_deleted": True}])
def test_a_stored_value_that_python_cannot_hold(
    world: World, customer: Customer, fields: Any, caplog: pytest.LogCaptureFixture
) -> None:
    order = Order.objects.create(customer=customer, number="1", placed_on="2024-01-14")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE testapp_order SET placed_on = %s", [BEYOND[connection.vendor]])
    records = [REGION, {"_model": "testapp.Order", "id": order.pk, **fields}]
    assert told(world.results(*records)) == ["created", "internal"]
    assert told(world.results(*records)) == ["unchanged", "internal"]
    assert "records of testapp.Order cannot be worked on" in caplog.text
    Order.objects.update(placed_on="2024-01-15")
    assert told(world.results(*records))[1] in ("updated", "deleted")


@pytest.mark.parametrize("named", [True, False])
def test_a_queryset_of_the_project_that_fails(world: World, customer: Customer, named: bool) -> None:
    def get_queryset(self: Any, queryset: Any, scope: Any) -> Any:
        raise RuntimeError("the project's own fault")

    one = {"_model": "testapp.Customer", "name": "New", **({"id": str(customer.pk)} if named else {})}
    child = {"_model": "testapp.Order", "customer": str(customer.pk), "number": "1"}
    with declared(Customer, get_queryset=get_queryset):
        assert told(world.results(REGION, one)) == ["created", "internal"]
        # Nor can it be told whether its rows may be referred to.
        assert told(world.results(child, REGION)) == ["internal", "unchanged"]
        atomic = world.push({**REGION, "_client_id": "2"}, one, atomic=True)
    assert (atomic.status, told(atomic.body["results"])) == (400, ["internal"])
    assert (Customer.objects.get().name, Region.objects.count(), Order.objects.count()) == ("Old", 1, 0)


def test_the_answer_is_kept_as_any_other(world: World, customer: Customer) -> None:
    def get_queryset(self: Any, queryset: Any, scope: Any) -> Any:
        raise RuntimeError("the project's own fault")

    body = {"data": [REGION, {"_model": "testapp.Customer", "id": str(customer.pk), "name": "New"}]}
    scope = resolve_scope(world.user, None)
    with declared(Customer, get_queryset=get_queryset):
        answers = [run(scope, body, request=RequestInfo("r"), retry=Retry("k", "/push/", "d")) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert (answers[1].is_replayed, StoredAnswer.objects.count()) == (True, 1)
