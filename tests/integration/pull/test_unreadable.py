"""Rows that cannot be read keep no other model from a client."""

from __future__ import annotations

from typing import Any, List

import pytest
from django.db import connection

from sb_sync import pull
from sb_sync.errors import TooLarge
from sb_sync.protocol import RequestInfo
from tests.integration.pull.puller import Puller, make_puller
from tests.integration.push.declaring import declared
from tests.testapp.models import Customer, Order, Region

ORDER = "testapp.Order"
#: A date that no clock shows, as other hands may have written it.
BEYOND = {"sqlite": "2024-13-45", "postgresql": "20000-01-01"}
keeps_any_date = pytest.mark.only_on(*BEYOND, reason="MariaDB keeps no such date")
in_database = pytest.mark.only_on(
    "postgresql", reason="the others call a wrong statement one that they could not work on"
)


@pytest.fixture
def puller() -> Puller:
    organization, puller = make_puller()
    Region.objects.create(site_id=organization.pk, name="North")
    customer = Customer.objects.create(organization=organization, name="One")
    Order.objects.create(customer=customer, number="1", placed_on="2024-01-14")
    return puller


def spoil() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE testapp_order SET placed_on = %s", [BEYOND[connection.vendor]])


def told(body: Any) -> List[Any]:
    return [(each["_model"], each["code"]) for each in body["errors"]]


@keeps_any_date
def test_a_value_that_python_cannot_hold(puller: Puller, caplog: pytest.LogCaptureFixture) -> None:
    spoil()
    body = puller.step()
    assert told(body) == [(ORDER, "unavailable")]
    assert len(puller.rows["testapp.Region"]) == len(puller.rows["testapp.Customer"]) == 1
    assert ORDER not in body["metadata"]
    assert f"Rows of {ORDER} cannot be read." in caplog.text
    Order.objects.update(placed_on="2024-01-15")
    puller.pull({**puller.cursors, ORDER: None})
    assert len(puller.rows[ORDER]) == 1


@keeps_any_date
def test_a_value_that_came_later_leaves_the_cursor_to_go_on_from(puller: Puller) -> None:
    puller.pull()
    before = puller.cursors[ORDER]
    spoil()
    Region.objects.update(name="South")
    assert told(puller.step()) == [(ORDER, "unavailable")]
    assert [row["name"] for row in puller.rows["testapp.Region"].values()] == ["South"]
    Order.objects.update(placed_on="2024-01-15")
    assert puller.cursors[ORDER] == before
    puller.pull()
    assert [row["placed_on"] for row in puller.rows[ORDER].values()] == ["2024-01-15"]


@pytest.mark.parametrize("fails", ["in Python", pytest.param("in the database", marks=in_database)])
def test_a_queryset_of_the_project_that_fails(puller: Puller, fails: str) -> None:

    def get_queryset(self: Any, queryset: Any, scope: Any) -> Any:
        if fails == "in Python":
            raise RuntimeError("the project's own fault")
        return queryset.extra(where=["no_such_column = 1"])

    with declared(Order, get_queryset=get_queryset):
        assert told(puller.step()) == [(ORDER, "unavailable")]
    assert set(puller.rows) == {"testapp.Region", "testapp.Customer"}


@keeps_any_date
def test_a_stream_gives_the_others(puller: Puller) -> None:
    spoil()
    *_, end = pull.run_stream(lambda before: puller.scope(), {}, request=RequestInfo("test"))
    assert told(end[0]) == [(ORDER, "unavailable")]
    assert end[0]["_metadata"]["testapp.Region"]["count"] == 1


def test_a_pull_that_names_more_models_than_there_can_be_is_too_large(puller: Puller) -> None:
    for models in ({str(number): None for number in range(5001)}, [str(number) for number in range(5001)]):
        with pytest.raises(TooLarge):
            puller.ask({"models": models})
