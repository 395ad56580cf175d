"""Row filters on pushes: a row outside can be neither read, changed, deleted, nor moved out of or into view."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List

import pytest
from django.contrib.auth.models import Group, Permission

from sb_sync.models import ModelPermission
from tests.integration.access.world import CUSTOMER, ORDER, REGION, VISIT, World, leaf
from tests.testapp.models import (
    Customer,
    Fair,
    Order,
    OrderLine,
    Place,
    Product,
    Region,
    Restaurant,
    Stand,
    Supplier,
    Tag,
    Visit,
)  # fmt: skip


def push(world: World, *records: Dict[str, Any], user: Any = None) -> List[Dict[str, Any]]:
    """Push records one model after another and return their results."""
    from sb_sync.testing.device import Device

    found: List[Dict[str, Any]] = Device(user or world.ann).push(records)["results"]
    return found


def one(world: World, label: str, **record: Any) -> Dict[str, Any]:
    """Push one record and return its result."""
    return push(world, {"_model": label, **record})[0]


@pytest.fixture
def sales(world: World) -> World:
    """Let Ann see customers in sales only."""
    world.restrict(CUSTOMER, leaf("department", "exact", "SALES"))
    return world


def test_a_row_inside_is_changed_and_deleted(sales: World) -> None:
    row = sales.customer("in", department="SALES")
    assert one(sales, CUSTOMER, id=str(row.pk), name="new")["status"] == "updated"
    assert one(sales, CUSTOMER, id=str(row.pk), _deleted=True)["status"] == "deleted"
    assert not Customer.objects.exists()


def test_a_row_outside_answers_like_another_organizations(sales: World) -> None:
    hidden = sales.customer("hidden", department="SUPPORT")
    foreign = sales.customer("foreign", organization=sales.rival)
    for values in ({"name": "new"}, {"department": "SALES"}, {"_deleted": True}, {"_version": "x.y", "name": "new"}):
        ours, theirs = (one(sales, CUSTOMER, id=str(row.pk), **values) for row in (hidden, foreign))
        ours.pop("id", None)
        theirs.pop("id", None)
        assert ours == theirs, values
        assert "hidden" not in str(ours)
    stored = set(Customer.objects.values_list("name", "department"))
    assert stored == {("hidden", "SUPPORT"), ("foreign", "")}


def test_no_push_moves_a_row_out_of_view(sales: World) -> None:
    row = sales.customer("in", department="SALES")
    result = one(sales, CUSTOMER, id=str(row.pk), department="SUPPORT", name="new")
    assert (result["status"], result["code"]) == ("error", "permission_denied")
    row.refresh_from_db()
    assert (row.name, row.department) == ("in", "SALES")


def test_no_push_makes_a_row_out_of_view(sales: World) -> None:
    key = str(uuid.uuid4())
    result = one(sales, CUSTOMER, id=key, name="new", department="SUPPORT")
    assert (result["status"], result["code"]) == ("error", "permission_denied")
    assert not Customer.objects.exists()
    assert one(sales, CUSTOMER, id=key, name="new", department="SALES")["status"] == "created"


def test_in_a_batch_only_what_leaves_is_refused(sales: World) -> None:
    rows = [sales.customer(str(number), department="SALES") for number in range(6)]
    records = [
        {"_model": CUSTOMER, "id": str(row.pk), "department": "SALES" if number % 2 else "SUPPORT", "age": number}
        for number, row in enumerate(rows)
    ]
    results = push(sales, *records)
    assert [result["status"] for result in results] == ["error", "updated"] * 3
    assert sorted(Customer.objects.values_list("age", flat=True).exclude(age=None)) == [1, 3, 5]


def test_a_list_that_is_pushed_counts_as_it_will_be(world: World) -> None:
    world.restrict(CUSTOMER, leaf("tags", "exact", "vip"))
    for slug in ("vip", "other"):
        Tag.objects.create(slug=slug, organization=world.acme)
    key = str(uuid.uuid4())
    assert one(world, CUSTOMER, id=key, name="new", tags=["other"])["code"] == "permission_denied"
    assert one(world, CUSTOMER, id=key, name="new", tags=["other", "vip"])["status"] == "created"
    assert one(world, CUSTOMER, id=key, tags=["vip"])["status"] == "updated"
    assert one(world, CUSTOMER, id=key, tags=[])["code"] == "permission_denied"
    assert sorted(Customer.objects.get().tags.values_list("slug", flat=True)) == ["vip"]


def test_a_relation_that_is_pushed_counts_as_it_will_be(world: World) -> None:
    world.restrict(CUSTOMER, leaf("region__name", "exact", "North"))
    north, south = world.region("North"), world.region("South")
    key = str(uuid.uuid4())
    assert one(world, CUSTOMER, id=key, name="new", region_id=south.pk)["code"] == "permission_denied"
    assert one(world, CUSTOMER, id=key, name="new")["code"] == "permission_denied"
    assert one(world, CUSTOMER, id=key, name="new", region_id=north.pk)["status"] == "created"
    assert one(world, CUSTOMER, id=key, region_id=south.pk)["code"] == "permission_denied"
    assert one(world, CUSTOMER, id=key, region_id=None)["code"] == "permission_denied"
    assert Customer.objects.get().region == north


def test_a_user_cannot_hand_their_rows_to_another(world: World) -> None:
    world.restrict(CUSTOMER, leaf("assigned_manager", "exact", "$user.id"))
    mine, theirs = world.customer("mine", assigned_manager=world.ann), world.customer("x", assigned_manager=world.bob)
    assert one(world, CUSTOMER, id=str(mine.pk), assigned_manager_id=world.bob.pk)["code"] == "permission_denied"
    taken = one(world, CUSTOMER, id=str(theirs.pk), assigned_manager_id=world.ann.pk)
    assert taken["status"] == "error"
    assert set(Customer.objects.values_list("name", "assigned_manager__username")) == {("mine", "ann"), ("x", "bob")}


def test_a_reference_finds_only_what_its_user_may_pull(sales: World) -> None:
    hidden, seen = sales.customer("hidden"), sales.customer("seen", department="SALES")
    for row, status in ((hidden, "error"), (seen, "created")):
        result = one(sales, ORDER, customer_id=str(row.pk), number="1")
        assert result["status"] == status
    missing = one(sales, ORDER, customer_id=str(uuid.uuid4()), number="1")
    refused = one(sales, ORDER, customer_id=str(hidden.pk), number="1")
    assert refused == missing
    # One who may not pull customers may name any of the organization's.
    ModelPermission.objects.filter(model_name=CUSTOMER).update(can_pull=False)
    assert one(sales, ORDER, customer_id=str(hidden.pk), number="1")["status"] == "created"


def test_a_list_finds_only_what_its_user_may_pull(world: World) -> None:
    world.restrict("testapp.Product", leaf("name", "ne", "hidden"))
    hidden, seen = (Product.objects.create(sku=name, name=name) for name in ("hidden", "seen"))
    assert one(world, VISIT, products=[seen.pk])["status"] == "created"
    assert one(world, VISIT, products=[seen.pk, hidden.pk])["code"] == "not_found"
    assert Visit.objects.count() == 1


def test_a_deletion_takes_no_row_outside(world: World) -> None:
    world.restrict(ORDER, leaf("number", "startswith", "A"))
    customer = world.customer("one")
    Order.objects.create(customer=customer, number="B1")
    result = one(world, CUSTOMER, id=str(customer.pk), _deleted=True)
    assert (result["status"], result["code"]) == ("error", "protected")
    assert "B1" not in str(result)
    Order.objects.update(number="A1")
    assert one(world, CUSTOMER, id=str(customer.pk), _deleted=True)["status"] == "deleted"
    assert not Order.objects.exists()


def test_a_deletion_takes_no_row_outside_of_a_model_that_is_only_pushed(world: World) -> None:
    world.restrict(ORDER, leaf("number", "startswith", "A"))
    ModelPermission.objects.filter(model_name=ORDER).update(can_pull=False)
    customer = world.customer("one")
    Order.objects.create(customer=customer, number="B1")
    assert one(world, CUSTOMER, id=str(customer.pk), _deleted=True)["code"] == "protected"
    assert Order.objects.exists()


def test_a_deletion_sets_no_key_of_a_row_outside_to_null(world: World) -> None:
    world.restrict(CUSTOMER, leaf("department", "exact", "SALES"))
    north = world.region("North")
    hidden = world.customer("hidden", region=north)
    assert one(world, REGION, id=north.pk, _deleted=True)["code"] == "protected"
    hidden.refresh_from_db()
    assert hidden.region == north


def test_a_conflict_shows_nothing_of_a_row_outside(sales: World) -> None:
    row = sales.customer("in", department="SALES")
    device = sales.device(CUSTOMER)
    version = device.rows[CUSTOMER][str(row.pk)]["_version"]
    Customer.objects.update(department="SUPPORT", name="secret")
    for policy in ({"name": "new"}, {"_deleted": True}):
        result = one(sales, CUSTOMER, id=str(row.pk), _version=version, **policy)
        assert result.get("server") is None
        assert "secret" not in str(result)
    row.refresh_from_db()
    assert row.name == "secret"


def test_a_client_id_leads_to_no_row_outside(sales: World) -> None:
    world = sales
    world.restrict(VISIT, leaf("note", "ne", "hidden"))
    first = one(world, VISIT, _client_id="v1", note="seen")
    Visit.objects.update(note="hidden")
    again = one(world, VISIT, _client_id="v1", note="changed")
    assert again["status"] != "updated"
    assert Visit.objects.get(pk=first["id"]).note == "hidden"
    named = one(world, VISIT, previous={"_client_id": "v1"}, note="next")
    assert named["status"] == "error"


def test_a_group_without_delete_right_deletes_nothing_by_any_filter(sales: World) -> None:
    Group.objects.get(name="Sales").permissions.remove(Permission.objects.get(codename="delete_customer"))
    row = sales.customer("in", department="SALES")
    assert one(sales, CUSTOMER, id=str(row.pk), _deleted=True)["code"] == "permission_denied"


@pytest.mark.parametrize("change", [{"name": "South"}, {"_deleted": True}])
def test_a_related_row_that_is_pushed_moves_no_other_out_of_view(world: World, change: Dict[str, Any]) -> None:
    world.restrict(CUSTOMER, leaf("region__name", "exact", "North"))
    north = world.region("North")
    world.customer("one", region=north)
    result = one(world, REGION, id=north.pk, **change)
    assert (result["status"], result["code"]) == ("error", "permission_denied" if "name" in change else "protected")
    assert Region.objects.get().name == "North"
    assert Customer.objects.get().region == north


def test_a_related_row_that_is_pushed_moves_no_other_into_view(world: World) -> None:
    world.restrict(ORDER, leaf("customer__region__name", "exact", "North"))
    south, empty = world.region("South"), world.region("Empty")
    customer = world.customer("one", region=south)
    Order.objects.create(customer=customer, number="hidden")
    north = world.region("North")
    results = push(
        world,
        {"_model": REGION, "id": south.pk, "name": "North"},
        {"_model": REGION, "id": empty.pk, "name": "North"},
        {"_model": CUSTOMER, "id": str(customer.pk), "region_id": north.pk},
        {"_model": CUSTOMER, "id": str(customer.pk), "name": "other"},
    )
    assert [result["status"] for result in results] == ["error", "updated", "error", "updated"]
    assert results[0]["code"] == results[2]["code"] == "permission_denied"
    assert world.names(world.device(ORDER), ORDER, "number") == []
    assert OrderLine.objects.count() == 0


def test_a_row_that_others_of_its_model_name_moves_none_of_them(world: World) -> None:
    world.restrict(VISIT, {"or": [leaf("previous", "isnull", True), leaf("previous__note", "exact", "open")]})
    first = Visit.objects.create(organization=world.acme, note="open")
    second = Visit.objects.create(organization=world.acme, note="x", previous=first)
    closed = one(world, VISIT, id=first.pk, note="closed")
    assert (closed["status"], closed["code"]) == ("error", "permission_denied")
    # The last of a chain may change: nothing depends on it.
    assert one(world, VISIT, id=second.pk, note="y")["status"] == "updated"
    # Those that a push changes itself must be in view afterwards, and that is all.
    results = push(
        world,
        {"_model": VISIT, "id": second.pk, "previous_id": None},
        {"_model": VISIT, "id": first.pk, "note": "closed"},
    )
    assert [result["status"] for result in results] == ["updated", "updated"]


def test_rows_of_a_list_that_are_pushed_themselves_move_no_owner(world: World) -> None:
    fair_label, stand_label = "testapp.Fair", "testapp.Stand"
    world.restrict(fair_label, leaf("suppliers__code", "exact", "S1"))
    suppliers = [Supplier.objects.create(organization=world.acme, code=code) for code in ("S1", "S2")]
    seen, hidden = (Fair.objects.create(organization=world.acme, name=name) for name in ("seen", "hidden"))
    stand = Stand.objects.create(fair=seen, supplier=suppliers[0])
    Stand.objects.create(fair=hidden, supplier=suppliers[1])
    device = world.device(fair_label, stand_label)
    assert world.names(device, fair_label) == ["seen"]
    joined = one(world, stand_label, fair_id=hidden.pk, supplier_id=suppliers[0].pk, place="1")
    assert joined["status"] == "error"
    assert one(world, stand_label, fair_id=seen.pk, supplier_id=suppliers[1].pk, place="1")["status"] == "created"
    for values in ({"supplier_id": suppliers[1].pk}, {"_deleted": True}):
        assert one(world, stand_label, id=stand.pk, **values)["status"] == "error"
    assert one(world, stand_label, id=stand.pk, place="2")["status"] == "updated"
    device.pull()
    assert world.names(device, fair_label) == ["seen"]
    Stand.objects.filter(pk=stand.pk).delete()
    device.pull()
    assert world.names(device, fair_label) == []


def test_a_deletion_sets_no_key_to_null_by_which_a_row_is_in_view(world: World) -> None:
    north = world.region("North")
    world.restrict(CUSTOMER, leaf("region", "exact", north.pk))
    row = world.customer("one", region=north)
    assert one(world, REGION, id=north.pk, _deleted=True)["code"] == "protected"
    row.delete()
    assert one(world, REGION, id=north.pk, _deleted=True)["status"] == "deleted"


@pytest.mark.parametrize("operator", ["exact", "ne", "in", "not_in", "isnull"])
def test_a_deletion_moves_no_row_in_whose_list_it_stood(world: World, operator: str) -> None:
    tag = Tag.objects.create(slug="hot", organization=world.acme)
    row = world.customer("tagged")
    row.tags.add(tag)
    value = {"in": ["hot"], "not_in": ["hot"], "isnull": True}.get(operator, "hot")
    world.restrict(CUSTOMER, leaf("tags", operator, value))
    before = world.names(world.device(CUSTOMER))
    result = one(world, "testapp.Tag", id="hot", _deleted=True)
    assert (result["code"], str(row.pk) in str(result)) == ("protected", False)
    assert world.names(world.device(CUSTOMER)) == before
    row.tags.clear()
    assert one(world, "testapp.Tag", id="hot", _deleted=True)["status"] == "deleted"


def test_a_row_that_inherits_is_written_by_no_name_where_it_is_out_of_view(world: World) -> None:
    place, restaurant = "testapp.Place", "testapp.Restaurant"
    world.restrict(restaurant, leaf("name", "startswith", "A"))
    seen, hidden = (Restaurant.objects.create(organization=world.acme, name=name) for name in ("Aa", "Bb"))
    plain = Place.objects.create(organization=world.acme, name="Plain")
    for row, name, status in [
        (hidden, "Ab", "error"),
        (hidden, "Bc", "error"),
        (seen, "Bc", "error"),
        (seen, "Ab", "updated"),
        (plain, "Bc", "updated"),
    ]:
        assert one(world, place, id=row.pk, name=name)["status"] == status, name
    assert one(world, place, id=hidden.pk, _deleted=True)["code"] == "protected"
    world.restrict(place, leaf("name", "ne", "Ac"))
    assert one(world, restaurant, name="Ac")["code"] == "permission_denied"
    assert one(world, restaurant, id=seen.pk, name="Ac")["code"] == "permission_denied"
    assert one(world, restaurant, name="Ad")["status"] == "created"
    Place.objects.filter(pk=seen.pk).update(name="Ac")
    assert one(world, restaurant, id=seen.pk, stars=5)["code"] == "permission_denied"
    assert one(world, restaurant, id=seen.pk, _deleted=True)["code"] == "protected"
    assert sorted(Restaurant.objects.values_list("name", "stars")) == [("Ac", 0), ("Ad", 0), ("Bb", 0)]


def test_a_push_without_filters_on_relations_looks_at_nothing_else(world: World) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    regions = [world.region("North") for _ in range(3)]
    counts = []
    for region, condition in zip(regions, (None, leaf("name", "ne", "x"), leaf("region__name", "ne", "x"))):
        if condition is not None:
            world.restrict(CUSTOMER, condition, name=str(len(counts)))
        with CaptureQueriesContext(connection) as queries:
            assert one(world, REGION, id=region.pk, name="new")["status"] == "updated"
        counts.append(len(queries))
    # The question what is in view apart from reading it, the rows of which the filter asks, and a savepoint to undo in.
    assert counts[0] == counts[1] < counts[2] <= counts[0] + 4
