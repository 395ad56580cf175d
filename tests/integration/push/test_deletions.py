"""What a deletion reaches, and what keeps a row: every way in which rows refer to each other."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List
from unittest import mock

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import DataError, connection, transaction
from django.db.models import signals

from sb_sync.testing.factories import make_member
from tests.integration.push.world import World
from tests.testapp.models import (
    Courier,
    Crate,
    Customer,
    Delivery,
    Engine,
    Fair,
    Folder,
    FoodTruck,
    Key,
    Label,
    Lock,
    Place,
    Region,
    Remark,
    Seal,
    Service,
    Stand,
    Supplier,
)


def deletion(row: Any, **more: Any) -> Dict[str, Any]:
    return {"_model": row._meta.label, "id": str(row.pk), "_deleted": True, **more}


def codes(results: List[Dict[str, Any]]) -> List[str]:
    return [result.get("code", result["status"]) for result in results]


@pytest.fixture
def supplier(world: World) -> Supplier:
    return Supplier.objects.create(organization=world.acme, code="s")


@pytest.fixture
def delivery(supplier: Supplier) -> Delivery:
    return Delivery.objects.create(supplier=supplier)


# Keys that are left alone.


def test_a_row_that_a_constraint_would_leave_dangling_keeps_what_it_names(world: World, delivery: Delivery) -> None:
    seal = Seal.objects.create(organization=world.acme, strict=delivery)
    assert codes(world.results(deletion(delivery))) == ["protected"]
    assert codes(world.results(deletion(delivery.supplier))) == ["protected"]
    assert codes(world.results(deletion(delivery), deletion(seal))) == ["deleted", "deleted"]


def test_a_row_made_in_the_same_push_keeps_what_it_names(world: World, delivery: Delivery) -> None:
    made = {"_model": "testapp.Seal", "_client_id": "s", "strict": delivery.pk}
    assert codes(world.results(made, deletion(delivery))) == ["created", "protected"]
    freed = {"_model": "testapp.Seal", "_client_id": "s", "strict": None}
    assert codes(world.results(freed, deletion(delivery))) == ["updated", "deleted"]


def test_a_key_without_a_constraint_dangles_as_the_project_chose(world: World, delivery: Delivery) -> None:
    seal = Seal.objects.create(organization=world.acme, loose=delivery)
    key = delivery.pk
    assert codes(world.results(deletion(delivery))) == ["deleted"]
    seal.refresh_from_db()
    assert seal.loose_id == key
    # What dangles is left as it is, and cannot be made anew.
    assert codes(world.results({"_model": "testapp.Seal", "id": seal.pk, "loose": key})) == ["unchanged"]
    assert codes(world.results({"_model": "testapp.Seal", "loose": key})) == ["not_found"]


# Keys that restrict.


def test_a_restricted_row_goes_only_with_what_restricts_it(world: World, supplier: Supplier) -> None:
    other = Supplier.objects.create(organization=world.acme, code="o")
    carried = Delivery.objects.create(supplier=other, carrier=supplier)
    assert codes(world.results(deletion(supplier))) == ["protected"]
    assert codes(world.results(deletion(supplier), deletion(carried))) == ["deleted", "deleted"]
    own = Supplier.objects.create(organization=world.acme, code="own")
    Delivery.objects.create(supplier=own, carrier=own)
    assert codes(world.results(deletion(own))) == ["deleted"]


def test_a_restricted_row_goes_with_a_row_whose_cascade_takes_what_restricts_it(
    world: World, supplier: Supplier
) -> None:
    other = Supplier.objects.create(organization=world.acme, code="o")
    Delivery.objects.create(supplier=other, carrier=supplier)
    assert codes(world.results(deletion(supplier), deletion(other))) == ["deleted", "deleted"]


# Generic keys.


def remark_on(world: World, row: Any, **more: Any) -> Remark:
    kind = ContentType.objects.get_for_model(row)
    return Remark.objects.create(**{"organization": world.acme, "content_type": kind, "object_id": row.pk, **more})


def test_remarks_go_with_what_they_are_made_on(world: World, supplier: Supplier) -> None:
    own, foreign = remark_on(world, supplier), Supplier.objects.create(organization=world.acme, code="f")
    remark_on(world, foreign, organization=world.rival)
    results = world.results(deletion(supplier), deletion(own), deletion(foreign))
    assert codes(results) == ["deleted", "deleted", "protected"]
    assert [remark.organization_id for remark in Remark.objects.all()] == [world.rival.pk]


def test_a_generic_key_is_told_and_not_written(world: World, supplier: Supplier) -> None:
    remark = remark_on(world, supplier, text="a")
    sent = {"_model": "testapp.Remark", "id": remark.pk, "text": "b", "object_id": 10**6, "content_type": 1}
    (result,) = world.results(sent)
    assert (result["status"], sorted(result["ignored"])) == ("updated", ["content_type", "object_id"])
    remark.refresh_from_db()
    assert (remark.text, remark.object_id) == ("b", supplier.pk)


def django_deletes(row: Any) -> bool:
    """Tell whether Django itself can delete a row; where it asks for what its database cannot compare, it fails."""
    try:
        with transaction.atomic():
            type(row)(pk=row.pk, organization_id=row.organization_id).delete()
            transaction.set_rollback(True)
    except (ValueError, OverflowError, DataError):
        return False
    return True


@pytest.mark.parametrize("model", [Crate, Label])
def test_a_key_that_no_generic_key_can_hold_is_one_records_matter(world: World, model: Any) -> None:
    row = model.objects.create(organization=world.acme, **({"slug": "a label"} if model is Label else {}))
    expected = "deleted" if django_deletes(row) else "internal"
    assert codes(world.results({"_model": model._meta.label, "id": str(row.pk)})) == ["unchanged"]
    other = {"_model": "testapp.Region", "name": "R"}
    assert codes(world.results(deletion(row), other)) == [expected, "created"]
    assert model.objects.exists() == (expected == "internal")
    assert codes(world.results(deletion(row))) == ["unchanged" if expected == "deleted" else "internal"]


# Users.


def make_courier(world: World, home: Supplier, name: str) -> Courier:
    user = make_member(world.acme, username=name)
    courier = Courier(user_ptr=user, home=home)
    courier.save_base(raw=True)
    return courier


def test_no_account_goes_with_a_row(world: World, supplier: Supplier) -> None:
    courier = make_courier(world, supplier, "cora")
    assert codes(world.results(deletion(supplier))) == ["protected"]
    world.user.is_superuser = True
    world.user.save()
    assert codes(world.results(deletion(supplier))) == ["protected"]
    courier.delete()
    assert not get_user_model().objects.filter(username="cora").exists()
    assert codes(world.results(deletion(supplier))) == ["deleted"]


def test_a_key_to_a_kind_of_user_must_name_an_active_member(world: World, supplier: Supplier) -> None:
    here, gone = make_courier(world, supplier, "here"), make_courier(world, supplier, "gone")
    gone.sync_memberships.update(is_active=False)
    barred = make_courier(world, supplier, "barred")
    get_user_model().objects.filter(pk=barred.pk).update(is_active=False)
    record = {"_model": "testapp.Delivery", "supplier": "s"}
    results = world.results(*({**record, "driver": each.pk} for each in (here, gone, barred, world.user)))
    assert codes(results) == ["created", "not_found", "not_found", "not_found"]


# Through models, second parents, circles.


def test_rows_of_a_through_model_of_its_own_go_by_its_rights(world: World, supplier: Supplier) -> None:
    from django.contrib.auth.models import Permission

    fair = Fair.objects.create(organization=world.acme, name="F")
    Stand.objects.create(fair=fair, supplier=supplier, place="1")
    permission = Permission.objects.get(codename="delete_stand")
    group = permission.group_set.get()
    permission.group_set.clear()
    assert codes(world.results(deletion(fair), deletion(supplier))) == ["protected", "protected"]
    group.permissions.add(permission)
    assert codes(world.results(deletion(fair), deletion(supplier))) == ["deleted", "deleted"]
    assert not Stand.objects.exists()


def make_truck(world: World, **values: Any) -> FoodTruck:
    # Keys of the two parents that differ, whatever was made before.
    engine, place = Engine.objects.create(), Place.objects.create(organization=world.acme, name="P")
    if engine.pk == place.pk:
        Engine.objects.create()
    place.delete()
    return FoodTruck.objects.create(**{"organization": world.acme, "name": "T", "plate": "1", **values})


def test_what_refers_to_a_second_parent_goes_with_the_child(world: World) -> None:
    truck = make_truck(world)
    assert truck.pk != truck.engine_ptr_id
    Service.objects.create(organization=world.acme, engine_id=truck.engine_ptr_id)
    # The one whose key is the truck's own key as a place.
    namesake, _ = Engine.objects.get_or_create(pk=truck.pk)
    other = Service.objects.create(organization=world.acme, engine=namesake)
    engine = Engine.objects.get(pk=truck.engine_ptr_id)
    results = world.results(deletion(truck), deletion(engine))
    assert codes(results) == ["deleted", "deleted"]
    assert [row.pk for row in Service.objects.all()] == [other.pk]
    assert not Place.objects.exists()


def test_a_foreign_row_that_refers_to_a_second_parent_keeps_the_child(world: World) -> None:
    truck = make_truck(world)
    Service.objects.create(organization=world.rival, engine_id=truck.engine_ptr_id)
    assert codes(world.results(deletion(truck))) == ["protected"]


def test_a_second_parent_takes_the_child_and_the_first_parent(world: World) -> None:
    truck = make_truck(world)
    place = Place.objects.get(pk=truck.pk)
    engine = Engine.objects.get(pk=truck.engine_ptr_id)
    assert codes(world.results(deletion(engine), deletion(truck), deletion(place))) == ["deleted"] * 3
    foreign = make_truck(world, organization=world.rival)
    assert codes(world.results(deletion(Engine.objects.get(pk=foreign.engine_ptr_id)))) == ["protected"]


def test_a_circle_of_required_keys_goes_as_a_whole(world: World) -> None:
    lock, key = Lock(organization=world.acme), Key(organization=world.acme)
    lock.key, key.lock = key, lock
    # Such a circle comes about only where keys are checked at the commit, or not at all.
    with transaction.atomic(), connection.constraint_checks_disabled():
        Lock.objects.bulk_create([lock])
        Key.objects.bulk_create([key])
    results = codes(world.results(deletion(key), deletion(lock)))
    if connection.features.can_defer_constraint_checks:
        assert results == ["deleted", "deleted"]
        assert not Lock.objects.exists()
    else:
        assert set(results) <= {"protected", "invalid", "not_found"}, "it cannot be taken apart again"
        assert Lock.objects.exists()


# Rows that project code removes meanwhile.


@contextmanager
def deleting(model: Any, delete: Any) -> Iterator[None]:
    with mock.patch.object(model, "delete", delete):
        yield


def test_a_row_that_another_ones_delete_removed_is_deleted(world: World) -> None:
    rows = [Region.objects.create(site_id=world.acme.pk, name=name) for name in "abc"]

    def delete(self: Region, *args: Any, **kwargs: Any) -> None:
        Region.objects.filter(name__in=["a", "b", "c"]).delete()

    with deleting(Region, delete):
        assert codes(world.results(*map(deletion, rows))) == ["deleted"] * 3
        assert codes(world.results(*map(deletion, rows))) == ["unchanged"] * 3


def test_a_listener_that_fails_at_a_deletion_refuses_its_record_alone(world: World) -> None:
    rows = [Region.objects.create(site_id=world.acme.pk, name=name) for name in ("good", "bad", "barred")]
    errors = {"bad": RuntimeError("a secret"), "barred": ValidationError("Not this one.")}

    def receiver(instance: Any, **kwargs: Any) -> None:
        if instance.name in errors:
            raise errors[instance.name]

    signals.pre_delete.connect(receiver, sender=Region)
    try:
        results = world.results(*map(deletion, rows))
    finally:
        signals.pre_delete.disconnect(receiver, sender=Region)
    assert codes(results) == ["deleted", "internal", "invalid"]
    assert "secret" not in str(results)
    assert {region.name for region in Region.objects.all()} == {"bad", "barred"}


def test_a_row_that_another_ones_save_removed_is_answered_as_absent(world: World) -> None:
    rows = [Region.objects.create(site_id=world.acme.pk, name=name) for name in "ab"]
    customers = [Customer.objects.create(organization=world.acme, name=name) for name in "ab"]

    def receiver(sender: Any, instance: Any, **kwargs: Any) -> None:
        if instance.name == "first":
            sender.objects.exclude(pk=instance.pk).delete()

    signals.post_save.connect(receiver)
    try:
        regions = [{"_model": "testapp.Region", "id": row.pk, "name": name} for row, name in zip(rows, ("first", "x"))]
        assert codes(world.results(*regions)) == ["updated", "not_found"]
        # A key that clients choose makes the row again, as it would alone.
        own = [
            {"_model": "testapp.Customer", "id": str(row.pk), "name": name}
            for row, name in zip(customers, ("first", "x"))
        ]
        assert codes(world.results(*own)) == ["updated", "created"]
    finally:
        signals.post_save.disconnect(receiver)
    assert {customer.name for customer in Customer.objects.all()} == {"first", "x"}


def test_a_tree_goes_with_its_root_in_any_order_of_the_array(world: World) -> None:
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        rows: List[Folder] = []
        for _ in range(4):
            rows.append(Folder.objects.create(organization=world.acme, parent=rows[-1] if rows else None))
        assert codes(world.results(*(deletion(rows[place]) for place in order))) == ["deleted"] * 4
        assert not Folder.objects.exists()
