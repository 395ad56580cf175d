"""Filters that other hands stored: what does not fit its model opens nothing and breaks nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync.access import resolve_scope
from sb_sync.models import DataFilter, ModelPermission
from tests.integration.access.test_push import one
from tests.integration.access.world import CUSTOMER, ORDER, World, leaf, run_sql
from tests.testapp.models import Customer

GOOD = leaf("name", "exact", "one")


def deep(depth: int) -> str:
    return '{"not": ' * depth + json.dumps(GOOD) + "}" * depth


BROKEN = {
    "a field that is gone": json.dumps(leaf("former", "exact", 1)),
    "an unknown operator": json.dumps(leaf("name", "regex", ".*")),
    "a value of another type": json.dumps(leaf("age", "exact", "many")),
    "a list": "[]",
    "an object without keys": "{}",
    "null": "null",
    "a text": '"all"',
    "true": "true",
    "a number": "1",
    "a deep nest": deep(400),
    "a nest beyond what Python reads": deep(3000),
    "a huge list": json.dumps(leaf("name", "in", ["one"] * 100_000)),
    "more than a megabyte": json.dumps(leaf("name", "exact", "x" * 1_100_000)),
    "a table that is not captured": json.dumps(leaf("assigned_manager__username", "exact", "ann")),
    "a backward relation": json.dumps(leaf("orders__number", "exact", "1")),
    "an unknown placeholder": json.dumps(leaf("name", "ne", "$user.email")),
    "a placeholder that the field cannot hold": json.dumps(leaf("id", "ne", "$user.id")),
}
# The number of a permission's "no filter", which is none for a filter of its own.
NONE_AT_ALL = {"an object without keys", "null"}


def store(table: str, column: str, text: str) -> bool:
    """Write JSON past everything; tell whether the database took it."""
    from django.db import DatabaseError, transaction

    try:
        with transaction.atomic():
            run_sql(f"UPDATE {table} SET {column} = %s", text)
    except DatabaseError:
        # Some databases read JSON less deep than others, and keep what they cannot read out.
        return False
    return True


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("place", ["filter", "permission"])
def test_a_broken_filter_lets_nobody_see_or_write_anything(world: World, name: str, place: str) -> None:
    row = world.customer("one")
    device = world.device(CUSTOMER, ORDER)
    if place == "filter":
        world.restrict(CUSTOMER, GOOD)
        is_stored = store("sb_sync_datafilter", "filter_condition", BROKEN[name])
    else:
        is_stored = store("sb_sync_modelpermission", "filters", BROKEN[name])
    if not is_stored:
        # What the database itself refuses opens nothing.
        return
    if place == "permission" and name in NONE_AT_ALL:
        assert device.pull() == 0
        return
    body = device.pull_once()
    assert CUSTOMER in body["metadata"]
    device.pull()
    assert device.keys(CUSTOMER) == []
    assert CUSTOMER in device.resets
    assert one(world, CUSTOMER, id=str(row.pk), name="new")["status"] == "error"
    assert one(world, CUSTOMER, id=str(row.pk), _deleted=True)["status"] == "unchanged"
    assert one(world, CUSTOMER, name="another")["code"] == "permission_denied"
    assert one(world, ORDER, customer_id=str(row.pk), number="1")["status"] == "error"
    assert list(Customer.objects.values_list("name", flat=True)) == ["one"]


def test_a_good_filter_beside_a_broken_one_opens_nothing(world: World) -> None:
    world.customer("one")
    world.restrict(CUSTOMER, GOOD)
    bad = world.restrict(CUSTOMER, GOOD, name="bad")
    DataFilter.objects.filter(pk=bad.pk).update(filter_condition={"field": "former"})
    assert world.device(CUSTOMER).keys(CUSTOMER) == []


def test_a_label_in_another_case_filters_the_same_model(world: World) -> None:
    world.customer("one")
    world.customer("two")
    row = world.restrict(CUSTOMER, GOOD)
    DataFilter.objects.filter(pk=row.pk).update(model_name="TESTAPP.customer")
    assert world.names(world.device(CUSTOMER)) == ["one"]


def test_a_filter_on_a_model_that_is_not_granted_grants_nothing(world: World) -> None:
    world.restrict(CUSTOMER, GOOD)
    ModelPermission.objects.filter(model_name=CUSTOMER).delete()
    scope = resolve_scope(world.ann, None)
    assert not scope.may_pull(CUSTOMER)
    assert CUSTOMER not in scope.filters


def test_filters_take_no_further_query(world: World) -> None:
    with CaptureQueriesContext(connection) as before:
        resolve_scope(world.ann, None)
    for label in (CUSTOMER, ORDER):
        for number in range(5):
            world.restrict(label, leaf("pk", "isnull", False), name=str(number))
    with CaptureQueriesContext(connection) as after:
        scope = resolve_scope(world.ann, None)
    assert len(after) == len(before) <= 3
    assert set(scope.filters) == {CUSTOMER, ORDER}


def test_the_check_names_what_is_broken(world: World, capsys: Any) -> None:
    row = world.restrict(CUSTOMER, GOOD)
    call_command("check", databases=["default"])
    assert "W202" not in "".join(capsys.readouterr())
    DataFilter.objects.filter(pk=row.pk).update(filter_condition={"field": "former"})
    call_command("check", databases=["default"])
    told = "".join(capsys.readouterr())
    assert "sb_sync.W202" in told
    assert f"row filter {row.pk}:" in told
