"""Access that changes: whatever writes it, the next pull answers by the new rights, also in the midst of a pass."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Callable, Dict, List, Set

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Group
from django.db import connection

from sb_sync.errors import OrganizationDenied
from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite
from sb_sync.testing.factories import grant
from tests.integration.access.world import CUSTOMER, ORDER, REGION, World, leaf, run_sql
from tests.testapp.models import Customer, Order

IN_SALES = leaf("department", "exact", "SALES")


def fill(world: World, count: int = 6) -> None:
    """Make customers of two departments, with an order each."""
    for number in range(count):
        department = "SALES" if number % 2 else "SUPPORT"
        customer = world.customer(f"{number:02}", department=department)
        Order.objects.create(customer=customer, number=str(number))
        world.region(str(number))


def save_filter(world: World, condition: Any = None) -> None:
    world.restrict(CUSTOMER, condition or IN_SALES)


def insert_filter_by_bulk(world: World) -> None:
    group = Group.objects.get(name="Sales")
    row = DataFilter(
        site_id=world.acme.pk, group=group, model_name=CUSTOMER, filter_name="x", filter_condition=IN_SALES
    )
    DataFilter.objects.bulk_create([row])


def update_permission(world: World) -> None:
    ModelPermission.objects.filter(site=world.acme.pk, model_name=CUSTOMER).update(filters=IN_SALES)


def write_sql(world: World) -> None:
    table = connection.ops.quote_name("sb_sync_modelpermission")
    condition = '{"field": "department", "operator": "exact", "value": "SALES"}'
    run_sql(f"UPDATE {table} SET filters = %s WHERE model_name = %s", condition, CUSTOMER)


def move_to_another_group(world: World) -> None:
    others = Group.objects.create(name="Others")
    grant(world.acme, group="Others")
    world.restrict(CUSTOMER, IN_SALES, group="Others")
    UserSite.objects.filter(user=world.ann).update(group=others)


WAYS: List[Callable[[World], None]] = [
    save_filter, insert_filter_by_bulk, update_permission, write_sql, move_to_another_group
]  # fmt: skip


@pytest.mark.parametrize("change", WAYS)
def test_a_filter_that_comes_begins_exactly_its_model_again(world: World, change: Callable[[World], None]) -> None:
    fill(world)
    device = world.device(CUSTOMER, ORDER, REGION)
    change(world)
    device.pull()
    assert device.resets == [CUSTOMER]
    assert world.names(device) == ["01", "03", "05"]
    assert device.pull() == 0


@pytest.mark.parametrize("change", WAYS)
def test_a_filter_that_comes_between_pages_holds_from_the_next_page_on(
    world: World, change: Callable[[World], None]
) -> None:
    fill(world)
    device = world.device(CUSTOMER, ORDER, REGION, batch_size=3)
    Customer.objects.update(age=1)
    Order.objects.update(number="n")
    Order.objects.bulk_update([_renumber(order) for order in Order.objects.all()], ["number"])
    first = device.pull_once()
    assert first["batch_info"]["has_more"]
    change(world)
    while True:
        body = device.pull_once()
        assert all(record.get("department", "SALES") == "SALES" for record in body["data"])
        if not body["batch_info"]["has_more"]:
            break
    assert device.resets == [CUSTOMER]
    assert world.names(device) == ["01", "03", "05"]
    for label in (CUSTOMER, ORDER, REGION):
        world.check(device)
        assert label in device.cursors


def _renumber(order: Order) -> Order:
    order.number = f"x{order.pk}"
    return order


def test_a_filter_that_comes_in_the_midst_of_a_first_pull_begins_it_again(world: World) -> None:
    from sb_sync.testing.device import Device

    fill(world)
    device = Device(world.ann, models=[CUSTOMER, ORDER, REGION], batch_size=2)
    device.pull_once()
    save_filter(world)
    device.pull()
    assert device.resets == [CUSTOMER]
    world.check(device)


def test_a_filter_that_goes_opens_the_rest(world: World) -> None:
    fill(world)
    save_filter(world)
    device = world.device(CUSTOMER, ORDER)
    DataFilter.objects.all().delete()
    device.pull()
    assert device.resets == [CUSTOMER]
    assert len(device.keys(CUSTOMER)) == 6


def test_the_same_rules_written_otherwise_begin_nothing_again(world: World) -> None:
    fill(world)
    young, old = leaf("age", "lt", 20), leaf("age", "gt", 60)
    row = world.restrict(CUSTOMER, {"or": [young, old, leaf("name", "in", ["01", "00", "01"])]})
    device = world.device(CUSTOMER)
    same: List[Dict[str, Any]] = [
        {"or": [leaf("name", "in", ["00", "01"]), old, young]},
        {"or": [{"value": 20, "operator": "lt", "field": "age"}, {"and": [old]}, leaf("name", "in", ["01", "00"])]},
        {"or": [leaf("age", "lt", "20"), {"not": {"not": old}}, leaf("name", "in", ["01", "00"])]},
        {"and": [{"or": [young, old, leaf("name", "in", ["00", "01"])]}]},
    ]
    for condition in same:
        DataFilter.objects.filter(pk=row.pk).update(filter_condition=condition, filter_name=str(len(str(condition))))
        assert device.pull() == 0, condition
    ModelPermission.objects.filter(model_name=CUSTOMER).update(filters=same[0], can_push=False)
    assert device.pull() == 0
    DataFilter.objects.all().delete()
    assert device.pull() == 0
    assert device.resets == []
    ModelPermission.objects.filter(model_name=CUSTOMER).update(filters=young)
    device.pull()
    assert device.resets == [CUSTOMER]


def test_another_name_of_the_user_is_another_rule_only_where_it_counts(world: World) -> None:
    world.restrict(CUSTOMER, leaf("name", "exact", "$user.username"))
    world.restrict(ORDER, leaf("customer__assigned_manager", "exact", "$user.id"))
    world.customer("ann")
    world.customer("anna")
    device = world.device(CUSTOMER, ORDER)
    assert world.names(device) == ["ann"]
    type(world.ann).objects.filter(pk=world.ann.pk).update(username="anna")
    world.ann.refresh_from_db()
    device.pull()
    assert device.resets == [CUSTOMER]
    assert world.names(device) == ["anna"]


@pytest.mark.parametrize("how", ["update", "delete", "sql"])
def test_a_model_that_is_withdrawn_is_refused_and_the_others_go_on(world: World, how: str) -> None:
    fill(world)
    device = world.device(CUSTOMER, ORDER, batch_size=2)
    Customer.objects.update(age=1)
    assert device.pull_once()["batch_info"]["has_more"]
    rows = ModelPermission.objects.filter(site=world.acme.pk, model_name=CUSTOMER)
    if how == "update":
        rows.update(can_pull=False)
    elif how == "delete":
        rows.delete()
    else:
        run_sql("DELETE FROM sb_sync_modelpermission WHERE model_name = %s", CUSTOMER)
    body = device.pull_once()
    assert [(told["_model"], told["code"]) for told in body["errors"]] == [(CUSTOMER, "permission_denied")]
    assert not any(record["_model"] == CUSTOMER for record in body["data"])
    device.pull()
    assert CUSTOMER not in device.rows
    assert device.keys(ORDER)
    world.check(device)


def test_a_model_that_is_granted_can_be_pulled_at_once(world: World) -> None:
    fill(world)
    ModelPermission.objects.filter(model_name=CUSTOMER).delete()
    device = world.device(ORDER)
    grant(world.acme, group="Sales", models=[CUSTOMER])
    device.cursors[CUSTOMER] = None
    device.pull()
    assert device.resets == []
    assert len(device.keys(CUSTOMER)) == 6


def test_who_is_no_member_any_more_is_refused(world: World) -> None:
    fill(world)
    device = world.device(CUSTOMER, batch_size=2)
    Customer.objects.update(age=1)
    changes: List[Callable[[], Any]] = [
        lambda: UserSite.objects.filter(user=world.ann).update(is_active=False),
        lambda: Organization.objects.filter(pk=world.acme.pk).update(is_active=False),
        lambda: type(world.ann).objects.filter(pk=world.ann.pk).update(is_active=False),
    ]
    backs: List[Callable[[], Any]] = [
        lambda: UserSite.objects.update(is_active=True),
        lambda: Organization.objects.update(is_active=True),
        lambda: type(world.ann).objects.update(is_active=True),
    ]
    for change, back in zip(changes, backs):
        assert device.pull_once()["data"]
        change()
        device.user.refresh_from_db()
        with pytest.raises(OrganizationDenied):
            device.pull_once()
        back()
        device.user.refresh_from_db()
    device.pull()
    assert device.resets == []
    world.check(device)


def test_who_moves_to_another_organization_begins_again_there(world: World) -> None:
    fill(world)
    world.customer("theirs", organization=world.rival)
    device = world.device(CUSTOMER, ORDER)
    UserSite.objects.filter(user=world.ann).update(site_id=world.rival.pk)
    device.pull()
    assert set(device.resets) == {CUSTOMER, ORDER}
    assert world.names(device) == ["theirs"]
    assert device.rows.get(ORDER, {}) == {}


def test_a_change_by_another_process_holds_at_once(world: World) -> None:
    fill(world)
    device = world.device(CUSTOMER, ORDER)
    name = str(project.DATABASES["default"]["NAME"])
    script = (
        "import os, django; from django.conf import settings;"
        "settings.DATABASES['default']['NAME'] = os.environ['NAME_OF_DATABASE']; django.setup();"
        "from sb_sync.models import ModelPermission;"
        f"ModelPermission.objects.filter(model_name='{CUSTOMER}').update(filters={IN_SALES!r})"
    )
    import os

    environment = {**os.environ, "NAME_OF_DATABASE": name}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=120)
    device.pull()
    assert device.resets == [CUSTOMER]
    assert world.names(device) == ["01", "03", "05"]


def test_random_changes_of_access_and_rows_end_in_what_may_be_seen(world: World) -> None:
    from random import Random

    chance = Random(20)
    fill(world)
    device = world.device(CUSTOMER, ORDER, REGION, batch_size=2)
    conditions: List[Any] = [
        None, IN_SALES, leaf("age", "gt", 2), leaf("region__name", "startswith", "N"), leaf("region", "isnull", True)
    ]  # fmt: skip
    seen: Set[int] = set()
    for _ in range(60):
        kind = chance.randrange(5)
        if kind == 0:
            rows = ModelPermission.objects.filter(site=world.acme.pk, model_name=CUSTOMER)
            rows.update(filters=chance.choice(conditions), can_push=chance.random() < 0.5)
        elif kind == 1:
            rows = ModelPermission.objects.filter(site=world.acme.pk, model_name=ORDER)
            rows.update(filters=chance.choice([None, leaf("customer__region__name", "ne", "North")]))
        elif kind == 2:
            row = chance.choice(list(Customer.objects.all()))
            row.age, row.region = chance.randrange(5), chance.choice([None, *world_regions()])
            row.save()
        elif kind == 3:
            region = chance.choice(world_regions())
            region.name = chance.choice(["North", "South", "Near"])
            region.save()
        if chance.random() < 0.7:
            device.pull_once()
        else:
            device.pull()
            world.check(device)
        seen.add(len(device.keys(CUSTOMER)))
    device.pull()
    world.check(device)
    assert len(seen) > 2


def world_regions() -> List[Any]:
    """Return all regions."""
    from tests.testapp.models import Region

    return list(Region.objects.all())
