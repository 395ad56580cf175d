"""Nothing of another organization is read, written or told."""

from __future__ import annotations

import uuid
from typing import Any, Dict

import pytest

from sb_sync.models import ModelPermission, UserSite
from sb_sync.testing.factories import make_member
from tests.integration.push.world import World
from tests.testapp.models import Badge, Customer, Order, OrderLine, Product, Region, Shelf, Tag, Visit


@pytest.fixture
def foreign(world: World) -> Customer:
    """Return a customer of the other organization."""
    return Customer.objects.create(organization=world.rival, name="Foreign", email="f@x.yz")


def test_the_organization_is_set_by_the_server(world: World) -> None:
    accepted = world.one(model="testapp.Customer", name="A", organization=world.acme.pk)
    assert accepted["status"] == "created"
    assert accepted["ignored"] == ["organization"]
    refused = world.one(model="testapp.Customer", name="A", organization=world.rival.pk)
    assert (refused["code"], list(refused["errors"])) == ("permission_denied", ["organization"])
    by_column = world.one(model="testapp.Region", name="A", site_id=world.rival.pk)
    assert by_column["code"] == "permission_denied"
    assert world.one(model="testapp.Customer", name="A", organization=[1])["code"] == "invalid"


def test_a_key_of_a_foreign_row_tells_only_that_it_is_taken(world: World, foreign: Customer) -> None:
    result = world.one(model="testapp.Customer", id=str(foreign.pk), name="Mine now")
    assert result["code"] == "duplicate"
    assert list(result["errors"]) == ["id"]
    assert "Foreign" not in str(result)
    foreign.refresh_from_db()
    assert foreign.name == "Foreign"


def test_a_foreign_automatic_key_is_answered_as_one_that_does_not_exist(world: World) -> None:
    region = Region.objects.create(site_id=world.rival.pk, name="R")
    foreign = world.one(model="testapp.Region", id=region.pk, name="x")
    unknown = world.one(model="testapp.Region", id=10**6, name="x")
    assert foreign["errors"] == unknown["errors"]
    assert foreign["code"] == unknown["code"] == "not_found"


def test_a_version_on_a_foreign_row_is_a_conflict_without_it(world: World, foreign: Customer) -> None:
    there = world.one(model="testapp.Customer", id=str(foreign.pk), name="x", _version="1.2")
    nowhere = world.one(model="testapp.Customer", id=str(uuid.uuid4()), name="x", _version="1.2")
    assert (there["status"], there["server"]) == (nowhere["status"], nowhere["server"]) == ("conflict", None)


def test_references_to_foreign_rows_are_refused_in_the_words_for_missing_ones(world: World, foreign: Customer) -> None:
    foreign_region = Region.objects.create(site_id=world.rival.pk, name="R")
    foreign_tag = Tag.objects.create(slug="theirs", organization=world.rival)
    own = Customer.objects.create(organization=world.acme, name="Own")
    cases: Any = [
        ({"_model": "testapp.Order", "number": "1"}, "customer", str(foreign.pk), str(uuid.uuid4())),
        ({"_model": "testapp.Customer", "name": "x"}, "region", foreign_region.pk, 10**6),
        ({"_model": "testapp.Customer", "name": "x"}, "assigned_manager_id", world.stranger.pk, 10**6),
        ({"_model": "testapp.Customer", "name": "x"}, "tags", [foreign_tag.pk], ["nowhere"]),
        ({"_model": "testapp.Customer", "id": str(own.pk)}, "region", foreign_region.pk, 10**6),
        ({"_model": "testapp.Badge", "code": "x"}, "id", str(foreign.pk), str(uuid.uuid4())),
        ({"_model": "testapp.Badge", "code": "x"}, "customer", str(foreign.pk), str(uuid.uuid4())),
    ]
    for record, name, there, nowhere in cases:
        first, second = world.results({**record, name: there}, {**record, name: nowhere})
        assert first["code"] == second["code"] == "not_found", (record, first, second)
        assert first["errors"] == second["errors"]
    assert not Order.objects.exists()
    assert not Badge.objects.exists()


def test_a_user_reference_must_name_an_active_member(world: World) -> None:
    former = make_member(world.acme, username="former")
    UserSite.objects.filter(user=former).update(is_active=False)
    record = {"model": "testapp.Customer", "name": "A"}
    assert world.one(**record, assigned_manager_id=world.clerk.pk)["status"] == "created"
    assert world.one(**record, assigned_manager_id=former.pk)["code"] == "not_found"


def test_a_row_cannot_be_moved_below_a_foreign_parent(world: World, foreign: Customer) -> None:
    own = Customer.objects.create(organization=world.acme, name="Own")
    order = Order.objects.create(customer=own, number="1")
    result = world.one(model="testapp.Order", id=order.pk, customer=str(foreign.pk))
    order.refresh_from_db()
    assert (result["code"], order.customer_id) == ("not_found", own.pk)


def test_a_foreign_child_is_neither_changed_nor_deleted(world: World, foreign: Customer) -> None:
    order = Order.objects.create(customer=foreign, number="1")
    assert world.one(model="testapp.Order", id=order.pk, number="2")["code"] == "not_found"
    assert world.one(model="testapp.Order", id=order.pk, _deleted=True)["status"] == "unchanged"
    order.refresh_from_db()
    assert order.number == "1"


def test_a_row_of_nobody_is_out_of_reach(world: World) -> None:
    Shelf.objects.create(number=7, organization=None, title="nobody's")
    assert world.one(model="testapp.Shelf", id=7, title="mine")["code"] == "duplicate"
    assert world.one(model="testapp.Shelf", id=8, title="mine")["status"] == "created"
    assert Shelf.objects.get(pk=8).organization_id == world.acme.pk


def test_a_client_id_is_its_users_own(world: World) -> None:
    colleague = make_member(world.acme, username="colleague", group="Administrators")
    mine = world.one(model="testapp.Region", _client_id="1", name="mine")
    theirs = world.one(user=colleague, model="testapp.Region", _client_id="1", name="theirs")
    foreign = world.one(user=world.stranger, model="testapp.Region", _client_id="1", name="foreign")
    assert len({mine["id"], theirs["id"], foreign["id"]}) == 3
    assert [each["status"] for each in (mine, theirs, foreign)] == ["created"] * 3
    unknown = world.one(user=colleague, model="testapp.Customer", name="x", region={"_client_id": "only-mine"})
    assert unknown["code"] == "not_found"


def test_a_collision_with_a_foreign_unique_value_names_only_the_field(world: World) -> None:
    world.one(user=world.stranger, model="testapp.Team", name="Taken")
    result = world.one(model="testapp.Team", name="Taken")
    assert (result["code"], list(result["errors"])) == ("duplicate", ["name"])


def test_unique_values_of_two_organizations_do_not_meet(world: World, foreign: Customer) -> None:
    assert world.one(model="testapp.Customer", name="A", email=foreign.email)["status"] == "created"
    assert world.one(model="testapp.Customer", name="B", email=foreign.email)["code"] == "duplicate"


def test_rights_are_asked_per_model_and_kind(world: World) -> None:
    customer = Customer.objects.create(organization=world.acme, name="A")
    deletion = {"_model": "testapp.Customer", "id": str(customer.pk), "_deleted": True}
    denied = world.push(deletion, user=world.clerk)
    assert (denied.status, denied.body["code"]) == (403, "permission_denied")
    mixed = world.push(deletion, {"_model": "testapp.Region", "name": "x"}, user=world.clerk)
    assert (mixed.status, mixed.body["status"]) == (200, "partial")
    ModelPermission.objects.filter(model_name="testapp.Region").update(can_push=False)
    assert world.push({"_model": "testapp.Region", "name": "x"}).status == 403
    assert Customer.objects.count() == 1


def test_unknown_models_are_told_apart_from_excluded_ones(world: World) -> None:
    results = world.results(
        {"_model": "auth.User", "username": "evil"},
        {"_model": "nowhere.Nothing"},
        {"_model": "testapp.Contract"},
        {"_model": "."},
        {"_model": 5},
        {"_model": None},
        {},
    )
    codes = [result["code"] for result in results]
    assert codes == ["not_enabled", "unknown_model", "not_enabled", *["unknown_model"] * 4]
    answer = world.push({"_model": "nowhere.Nothing"})
    assert (answer.status, answer.body["status"]) == (200, "error")


def test_shared_rows_are_everybodys(world: World) -> None:
    product = world.one(model="testapp.Product", sku="1", name="P")
    assert world.one(user=world.stranger, model="testapp.Product", id=product["id"], name="Q")["status"] == "updated"


def test_a_conflict_shows_no_row_to_a_user_who_may_not_pull(world: World) -> None:
    ModelPermission.objects.filter(group__name="Clerks").update(can_pull=False)
    customer = Customer.objects.create(organization=world.acme, name="Secret")
    record: Dict[str, Any] = {"model": "testapp.Customer", "id": str(customer.pk), "name": "x", "_version": "0.0"}
    assert world.one(**record)["server"]["name"] == "Secret"
    assert world.one(user=world.clerk, **record)["server"] is None


def test_a_cascade_into_what_the_user_may_not_touch_is_protected(world: World, foreign: Customer) -> None:
    product = Product.objects.create(sku="1", name="P")
    order = Order.objects.create(customer=foreign, number="1")
    OrderLine.objects.create(order=order, product=product)
    result = world.one(model="testapp.Product", id=product.pk, _deleted=True)
    assert result["code"] == "protected"
    assert list(result["errors"]) == ["__all__"]
    # Set to null counts too: a row of another organization would change.
    own = Customer.objects.create(organization=world.acme, name="Own")
    visit = Visit.objects.create(organization=world.acme, customer=own)
    Visit.objects.create(organization=world.rival, previous=visit)
    assert world.one(model="testapp.Visit", id=visit.pk, _deleted=True)["code"] == "protected"
    assert Visit.objects.count() == 2


def test_a_cascade_into_a_model_that_may_not_be_deleted_is_protected(world: World) -> None:
    from django.contrib.auth.models import Permission

    customer = Customer.objects.create(organization=world.acme, name="Own")
    Order.objects.create(customer=customer, number="1")
    empty = Customer.objects.create(organization=world.acme, name="Empty")
    Permission.objects.get(codename="delete_order").group_set.clear()
    deletions = [{"_model": "testapp.Customer", "id": str(each.pk), "_deleted": True} for each in (customer, empty)]
    results = world.results(*deletions)
    assert [result.get("code", result["status"]) for result in results] == ["protected", "deleted"]
    assert Order.objects.exists()
