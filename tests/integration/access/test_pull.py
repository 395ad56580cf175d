"""Row filters on pulls: what a user gets, keeps and loses."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from sb_sync.models import ModelPermission
from tests.integration.access.world import CUSTOMER, ORDER, REGION, VISIT, World, leaf, run_sql
from tests.testapp.models import Customer, Order, Product, Region, Tag, Visit


def test_only_rows_inside_every_filter_are_pulled(world: World) -> None:
    world.restrict(CUSTOMER, leaf("department", "exact", "SALES"))
    world.restrict(CUSTOMER, leaf("age", "gte", 18), name="second")
    ModelPermission.objects.filter(model_name=CUSTOMER).update(filters=leaf("name", "startswith", "a"))
    world.customer("adult", department="SALES", age=20)
    world.customer("child", department="SALES", age=10)
    world.customer("aged", department="SUPPORT", age=70)
    world.customer("bold", department="SALES", age=70)
    device = world.device(CUSTOMER)
    assert world.names(device) == ["adult"]
    assert device.pull() == 0


def test_a_filter_of_another_group_or_organization_or_one_at_rest_does_not_count(world: World) -> None:
    row = world.restrict(CUSTOMER, leaf("name", "exact", "nobody"))
    type(row).objects.filter(pk=row.pk).update(is_active=False)
    other = world.restrict(CUSTOMER, leaf("name", "exact", "nobody"), name="other")
    type(other).objects.filter(pk=other.pk).update(site_id=world.rival.pk)
    world.customer("one")
    assert world.names(world.device(CUSTOMER)) == ["one"]


def test_each_user_gets_their_own(world: World) -> None:
    world.restrict(CUSTOMER, leaf("assigned_manager", "exact", "$user.id"))
    world.customer("anns", assigned_manager=world.ann)
    world.customer("bobs", assigned_manager=world.bob)
    world.customer("free")
    assert world.names(world.device(CUSTOMER)) == ["anns"]
    assert world.names(world.device(CUSTOMER, user=world.bob)) == ["bobs"]


def test_a_row_that_changes_moves_in_and_out(world: World) -> None:
    world.restrict(CUSTOMER, leaf("department", "exact", "SALES"))
    row = world.customer("one", department="SALES")
    device = world.device(CUSTOMER)
    Customer.objects.filter(pk=row.pk).update(department="SUPPORT")
    body = device.pull_once()
    assert [(record["id"], record["_reason"]) for record in body["data"]] == [(str(row.pk), "out_of_scope")]
    assert set(body["data"][0]) == {"_model", "id", "_deleted", "_reason", "_version"}
    run_sql("UPDATE testapp_customer SET department = 'SALES'")
    device.pull()
    assert world.names(device) == ["one"]
    Customer.objects.all().delete()
    assert device.pull_once()["data"][0]["_reason"] == "deleted"


def test_a_filter_on_a_parent_does_not_hide_its_children(world: World) -> None:
    world.restrict(CUSTOMER, leaf("name", "exact", "seen"))
    Order.objects.create(customer=world.customer("hidden"), number="1")
    device = world.device(CUSTOMER, ORDER)
    assert world.names(device) == []
    assert world.names(device, ORDER, "number") == ["1"]


def test_a_related_row_moves_those_that_depend_on_it(world: World) -> None:
    world.restrict(CUSTOMER, leaf("region__name", "exact", "North"))
    north, south = world.region("North"), world.region("South")
    world.customer("n", region=north)
    world.customer("s", region=south)
    device = world.device(CUSTOMER)
    assert world.names(device) == ["n"]
    Region.objects.filter(pk=south.pk).update(name="North")
    assert device.pull() == 1
    assert world.names(device) == ["n", "s"]
    run_sql("UPDATE testapp_region SET name = 'West' WHERE id = %s", north.pk)
    body = device.pull_once()
    assert [record["_reason"] for record in body["data"]] == ["out_of_scope"]
    assert world.names(device) == ["s"]
    # Those that depend on it are set to NULL.
    south.delete()
    device.pull()
    assert world.names(device) == []
    assert device.resets == []


def test_every_table_on_a_path_counts(world: World) -> None:
    world.restrict(ORDER, leaf("customer__region__name", "exact", "North"))
    north, south = world.region("North"), world.region("South")
    customer = world.customer("one", region=south)
    Order.objects.create(customer=customer, number="1")
    device = world.device(ORDER)
    steps: Any = [
        lambda: Customer.objects.update(region=north),
        lambda: Region.objects.filter(pk=north.pk).update(name="Far"),
        lambda: Region.objects.filter(pk=south.pk).update(name="North"),
        lambda: run_sql("UPDATE testapp_customer SET region_id = %s", south.pk),
        lambda: Customer.objects.update(region=None),
    ]
    seen = []
    for step in steps:
        step()
        device.pull()
        world.check(device)
        seen.append(world.names(device, ORDER, "number"))
    assert seen == [["1"], [], [], ["1"], []]
    assert device.resets == []


def test_rows_of_a_list_move_those_that_hold_them(world: World) -> None:
    world.restrict(VISIT, leaf("products__name", "startswith", "A"))
    apple, bread = (Product.objects.create(sku=name, name=name) for name in ("Apple", "Bread"))
    visit = Visit.objects.create(organization=world.acme, note="one")
    device = world.device(VISIT)
    steps: Any = [
        lambda: visit.products.add(apple, bread),
        lambda: visit.products.remove(apple),
        lambda: Product.objects.filter(pk=bread.pk).update(name="Almond"),
        lambda: visit.products.clear(),
        lambda: Visit.products.through.objects.create(visit=visit, product=apple),
        lambda: run_sql("UPDATE testapp_product SET name = 'Pear'"),
    ]
    seen = []
    for step in steps:
        step()
        device.pull()
        world.check(device)
        seen.append(world.names(device, VISIT, "note"))
    assert seen == [["one"], [], ["one"], [], ["one"], []]


def test_a_filter_on_the_own_list_needs_no_other_table(world: World) -> None:
    world.restrict(CUSTOMER, leaf("tags", "exact", "vip"))
    tag = Tag.objects.create(slug="vip", organization=world.acme)
    row = world.customer("one")
    device = world.device(CUSTOMER)
    row.tags.add(tag)
    device.pull()
    assert world.names(device) == ["one"]
    tag.delete()
    device.pull()
    assert world.names(device) == []


def test_a_row_of_the_same_model_moves_those_that_name_it(world: World) -> None:
    world.restrict(VISIT, {"or": [leaf("previous__note", "exact", "open"), leaf("previous", "isnull", True)]})
    first = Visit.objects.create(organization=world.acme, note="open")
    second = Visit.objects.create(organization=world.acme, note="second", previous=first)
    Visit.objects.create(organization=world.acme, note="third", previous=second)
    device = world.device(VISIT, batch_size=1)
    assert world.names(device, VISIT, "note") == ["open", "second"]
    Visit.objects.update(note=F("note"))
    Visit.objects.filter(pk=first.pk).update(note="closed")
    device.pull()
    world.check(device)
    Visit.objects.filter(pk=second.pk).update(note="open")
    device.pull()
    world.check(device)
    assert world.names(device, VISIT, "note") == ["closed", "third"]


def test_a_related_row_of_another_organization_is_none(world: World) -> None:
    world.restrict(CUSTOMER, leaf("region__name", "exact", "North"))
    north = world.region("North")
    world.customer("one", region=north)
    device = world.device(CUSTOMER)
    assert world.names(device) == ["one"]
    Region.objects.filter(pk=north.pk).update(site_id=world.rival.pk)
    device.pull()
    assert world.names(device) == []
    Region.objects.filter(pk=north.pk).update(name="South")
    assert device.pull() == 0
    Region.objects.filter(pk=north.pk).update(name="North")
    assert device.pull() == 0
    Region.objects.filter(pk=north.pk).update(site_id=world.acme.pk)
    device.pull()
    assert world.names(device) == ["one"]


def test_many_dependent_rows_come_page_by_page_and_once_each(world: World) -> None:
    world.restrict(CUSTOMER, leaf("region__name", "exact", "North"))
    regions = [world.region("North") for _ in range(3)]
    Customer.objects.bulk_create(
        Customer(organization=world.acme, name=f"{number:03}", region=regions[number % 3]) for number in range(60)
    )
    Customer.objects.bulk_create(
        Customer(organization=world.rival, name="foreign", region=regions[0]) for number in range(5)
    )
    device = world.device(CUSTOMER, batch_size=7)
    assert len(device.keys(CUSTOMER)) == 60
    run_sql("UPDATE testapp_region SET name = 'South'")
    bodies = [device.pull_once()]
    while bodies[-1]["batch_info"]["has_more"]:
        bodies.append(device.pull_once())
    gone = [record["id"] for body in bodies for record in body["data"]]
    assert len(gone) == len(set(gone)) == 60
    assert all(len(body["data"]) <= 7 for body in bodies)
    assert device.keys(CUSTOMER) == []


def test_pages_of_another_size_lose_nothing(world: World) -> None:
    world.restrict(ORDER, leaf("customer__region__name", "ne", "South"))
    regions = [world.region("North"), world.region("South")]
    for number in range(30):
        customer = world.customer(str(number), region=regions[number % 2])
        Order.objects.create(customer=customer, number=str(number))
    device = world.device(ORDER, batch_size=4)
    for region in regions:
        Region.objects.filter(pk=region.pk).update(name="South" if region.name == "North" else "North")
    Customer.objects.update(age=F("age"))
    sizes = [3, 1, 8, 2, 5]
    count = 0
    while True:
        device.batch_size = sizes[count % len(sizes)]
        count += 1
        if not device.pull_once()["batch_info"]["has_more"]:
            break
    assert count > 5
    world.check(device)


def test_what_is_written_between_pages_is_not_lost(world: World) -> None:
    world.restrict(CUSTOMER, leaf("region__name", "exact", "North"))
    north, south = world.region("North"), world.region("South")
    rows = [world.customer(f"{number:02}", region=south) for number in range(20)]
    device = world.device(CUSTOMER, batch_size=3)
    Region.objects.filter(pk=south.pk).update(name="North")
    for number, row in enumerate(rows):
        device.pull_once()
        other = rows[-1 - number]
        Customer.objects.filter(pk=row.pk).update(region=None)
        Customer.objects.filter(pk=other.pk).update(region=north)
        Region.objects.filter(pk=north.pk).update(name="North" if number % 2 else "Elsewhere")
    device.pull()
    world.check(device)
    assert device.resets == []


def test_a_related_table_that_was_emptied_or_written_unseen_resets_what_depends_on_it(world: World) -> None:
    from sb_sync.feed import backend_for

    world.restrict(CUSTOMER, leaf("region__name", "isnull", True))
    world.customer("one")
    device = world.device(CUSTOMER, REGION, ORDER)
    backend_for("default").write_resets(["testapp_region"])
    device.pull()
    assert sorted(device.resets) == [CUSTOMER, REGION]
    assert world.names(device) == ["one"]


def test_a_model_whose_related_table_is_not_captured_just_now_is_unavailable(world: World) -> None:
    from sb_sync import feed

    world.restrict(CUSTOMER, leaf("region__name", "exact", "North"))
    device = world.device(CUSTOMER, ORDER)
    backend = feed.backend_for("default")
    backend.remove(backend.triggers(["testapp_region"]))
    body = device.pull_once()
    assert [(told["_model"], told["code"]) for told in body["errors"]] == [(CUSTOMER, "unavailable")]
    assert list(body["metadata"]) == [ORDER]
    feed.install("default")
    body = device.pull_once()
    assert body["metadata"][CUSTOMER]["reset"] is True


def test_related_changes_that_concern_nobody_leave_no_trail(world: World) -> None:
    world.restrict(CUSTOMER, leaf("region__name", "exact", "North"))
    device = world.device(CUSTOMER)
    Region.objects.bulk_create(Region(site_id=world.acme.pk, name="South") for _ in range(5))
    before = device.cursors[CUSTOMER]
    assert device.pull() == 0
    assert device.cursors[CUSTOMER] != before
    after = device.cursors[CUSTOMER]
    assert device.pull() == 0
    assert device.cursors[CUSTOMER] == after


def test_a_stranger_and_a_superuser_are_not_filtered_by_others_filters(world: World) -> None:
    world.restrict(CUSTOMER, leaf("name", "exact", "one"))
    world.customer("one")
    world.customer("two")
    world.customer("foreign", organization=world.rival)
    assert world.names(world.device(CUSTOMER, user=world.rob)) == ["foreign"]
    type(world.ann).objects.filter(pk=world.ann.pk).update(is_superuser=True)
    world.ann.refresh_from_db()
    assert world.names(world.device(CUSTOMER)) == ["one", "two"]
