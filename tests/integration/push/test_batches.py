"""What holds for a push as a whole: status, order, atomic, limits, names that clients give."""

from __future__ import annotations

import uuid
from typing import Any, Dict

import pytest
from django.db import transaction

from sb_sync.errors import MalformedRequest, TooLarge
from sb_sync.feed import OpenTransaction
from sb_sync.testing.transactions import allow_open_transactions
from tests.integration.push.world import World
from tests.testapp.models import Customer, Order, OrderLine, Product, Region, Team, Visit


def test_the_answer_counts_what_happened(world: World) -> None:
    customer = Customer.objects.create(organization=world.acme, name="A")
    answer = world.push(
        {"_model": "TESTAPP.customer", "id": str(customer.pk), "name": "B"},
        {"_model": "testapp.Customer", "id": str(customer.pk), "name": "C", "_version": "old"},
        {"_model": "testapp.Customer", "name": ""},
        {"_model": "testapp.Region", "name": "R", "_client_id": "r"},
    )
    body = answer.body
    assert answer.status == 200
    assert (body["status"], body["success_count"], body["error_count"], body["conflict_count"]) == ("partial", 2, 1, 1)
    assert body["processed_models"]["testapp.Customer"] == {"created": 0, "updated": 1, "deleted": 0, "unchanged": 0}
    assert [result["index"] for result in body["results"]] == [0, 1, 2, 3]
    assert [result["_model"] for result in body["results"]] == ["testapp.Customer"] * 3 + ["testapp.Region"]
    assert body["results"][3]["_client_id"] == "r"
    assert body["results"][1]["server"]["name"] == "B"
    assert body["processing_time"] > 0


def test_an_empty_push_succeeds(world: World) -> None:
    answer = world.push()
    assert (answer.status, answer.body["status"], answer.body["results"]) == (200, "success", [])


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"data": {}}, {"data": None}, {"data": "x"}, {"data": [], "atomic": "yes"}]
)
def test_a_body_of_another_shape_is_malformed(world: World, body: Any) -> None:
    with pytest.raises(MalformedRequest):
        world.send(body)


def test_too_many_records_are_refused_before_they_are_read(world: World, settings: Any) -> None:
    settings.SB_SYNC = {"MAX_PUSH_RECORDS": 2}
    with pytest.raises(TooLarge):
        world.push(*[{"_model": "testapp.Region", "name": "x"}] * 3)


def test_an_atomic_push_is_all_or_nothing(world: World) -> None:
    good, bad = {"_model": "testapp.Region", "name": "x", "_client_id": "r"}, {"_model": "testapp.Region", "name": ""}
    failed = world.push(good, bad, atomic=True)
    assert (failed.status, failed.body["status"], failed.body["success_count"]) == (400, "error", 0)
    assert [result["index"] for result in failed.body["results"]] == [1]
    assert not Region.objects.exists()
    assert world.push(good, {"_model": "nowhere.Model"}, atomic=True).status == 400
    conflict = {"_model": "testapp.Customer", "id": str(uuid.uuid4()), "name": "x", "_version": "1"}
    assert world.push(good, conflict, atomic=True).status == 400
    assert not Region.objects.exists()
    passed = world.push(good, atomic=True)
    assert (passed.status, passed.body["results"][0]["status"]) == (200, "created")


def test_an_open_transaction_is_refused(world: World) -> None:
    with transaction.atomic(), pytest.raises(OpenTransaction):
        world.push({"_model": "testapp.Region", "name": "x"})
    with transaction.atomic(), allow_open_transactions():
        assert world.push({"_model": "testapp.Region", "name": "x"}).status == 200


def test_a_client_id_names_its_row_for_good(world: World) -> None:
    record: Dict[str, Any] = {"model": "testapp.Region", "_client_id": "r", "name": "R"}
    first = world.one(**record)
    assert [first["status"], world.one(**record)["status"]] == ["created", "unchanged"]
    changed = world.one(**{**record, "name": "S"})
    assert (changed["status"], changed["id"]) == ("updated", first["id"])
    Region.objects.all().delete()
    gone = world.one(**record)
    assert (gone["status"], gone["server"]) == ("conflict", None)
    assert world.one(model="testapp.Region", _client_id="r", _deleted=True)["status"] == "unchanged"
    assert world.one(model="testapp.Region", _client_id="never", _deleted=True)["status"] == "unchanged"


def test_a_client_id_and_a_key_must_mean_the_same_row(world: World) -> None:
    key = str(uuid.uuid4())
    assert world.one(model="testapp.Customer", _client_id="c", id=key, name="A")["status"] == "created"
    assert world.one(model="testapp.Customer", _client_id="c", id=str(uuid.uuid4()), name="A")["code"] == "invalid"
    assert world.one(model="testapp.Order", number="1", customer={"_client_id": "c"})["status"] == "created"


def test_several_records_of_one_row_apply_in_the_order_of_the_array(world: World) -> None:
    key = str(uuid.uuid4())
    results = world.results(
        {"_model": "testapp.Customer", "id": key, "name": "one"},
        {"_model": "testapp.Customer", "id": key, "name": "two"},
        {"_model": "testapp.Customer", "id": key, "_deleted": True},
        {"_model": "testapp.Customer", "id": key, "_deleted": True},
        {"_model": "testapp.Customer", "id": key, "name": "three"},
    )
    assert [result["status"] for result in results] == ["created", "updated", "deleted", "unchanged", "created"]
    assert Customer.objects.get().name == "three"


def test_the_first_has_a_unique_value_whether_its_row_is_new_or_not_and_also_where_it_waits(world: World) -> None:
    stored = Customer.objects.create(organization=world.acme, name="A")
    results = world.results(
        {"_model": "testapp.Customer", "id": str(stored.pk), "email": "a@x.yz", "region": {"_client_id": "r"}},
        {"_model": "testapp.Customer", "name": "B", "email": "a@x.yz"},
        {"_model": "testapp.Region", "_client_id": "r", "name": "R"},
    )
    assert [result.get("code") for result in results] == [None, "duplicate", None]
    assert Customer.objects.get(email="a@x.yz") == stored


def test_unique_values_go_from_row_to_row_in_the_order_of_the_array(world: World) -> None:
    one, two = (
        Team.objects.create(organization=world.acme, name="1"),
        Team.objects.create(organization=world.acme, name="2"),
    )
    swapped = world.results(
        {"_model": "testapp.Team", "id": one.pk, "name": "2"},
        {"_model": "testapp.Team", "id": two.pk, "name": "3"},
        {"_model": "testapp.Team", "id": one.pk, "name": "2"},
        {"_model": "testapp.Team", "name": "1"},
        {"_model": "testapp.Team", "name": "1"},
    )
    assert [result.get("code", result["status"]) for result in swapped] == [
        "duplicate",
        "updated",
        "updated",
        "created",
        "duplicate",
    ]


def test_what_a_later_record_deletes_protects_nothing(world: World) -> None:
    customer = Customer.objects.create(organization=world.acme, name="A")
    product = Product.objects.create(sku="1", name="P")
    kept = Product.objects.create(sku="2", name="Q")
    order = Order.objects.create(customer=customer, number="1")
    line = OrderLine.objects.create(order=order, product=product)
    OrderLine.objects.create(order=order, product=kept)
    results = world.results(
        {"_model": "testapp.Product", "id": product.pk, "_deleted": True},
        {"_model": "testapp.Product", "id": kept.pk, "_deleted": True},
        {"_model": "testapp.OrderLine", "id": line.pk, "_deleted": True},
    )
    assert [result.get("code", result["status"]) for result in results] == ["deleted", "protected", "deleted"]
    by_cascade = world.results(
        {"_model": "testapp.Product", "id": kept.pk, "_deleted": True},
        {"_model": "testapp.Customer", "id": str(customer.pk), "_deleted": True},
        {"_model": "testapp.Order", "id": order.pk, "_deleted": True},
    )
    assert [result["status"] for result in by_cascade] == ["deleted"] * 3


def test_a_reference_to_a_refused_record_is_not_found(world: World) -> None:
    results = world.results(
        {"_model": "testapp.Order", "_client_id": "o", "customer": {"_client_id": "c"}, "number": "1"},
        {"_model": "testapp.Customer", "_client_id": "c", "name": "", "email": "no mail"},
        {"_model": "testapp.OrderLine", "order": {"_client_id": "o"}, "product": 1},
    )
    assert [result["code"] for result in results] == ["not_found", "invalid", "not_found"]
    assert set(results[1]["errors"]) == {"name", "email"}


def test_a_reference_may_name_a_key_that_a_later_record_makes(world: World) -> None:
    key = str(uuid.uuid4())
    results = world.results(
        {"_model": "testapp.Badge", "customer": key, "code": "b"},
        {"_model": "testapp.Order", "customer_id": key, "number": "1"},
        {"_model": "testapp.Customer", "id": key, "name": "C"},
    )
    assert [result["status"] for result in results] == ["created"] * 3


def test_a_long_chain_of_rows_that_refer_to_the_next(world: World) -> None:
    size = 60
    chain = [
        {"_model": "testapp.Visit", "_client_id": str(place), "previous": {"_client_id": str((place + 1) % size)}}
        for place in range(size)
    ]
    assert {result["status"] for result in world.results(*chain)} == {"created"}
    assert not Visit.objects.filter(previous=None).exists()


def test_a_version_that_is_current_passes_and_a_stale_one_conflicts(world: World) -> None:
    made = world.one(model="testapp.Customer", name="A")
    again = world.one(model="testapp.Customer", id=made["id"], name="B", _version=made["_version"])
    assert again["status"] == "updated"
    stale = world.one(model="testapp.Customer", id=made["id"], name="C", _version=made["_version"])
    assert stale["status"] == "conflict"
    assert (stale["server"]["name"], stale["server"]["_version"]) == ("B", again["_version"])
    equal = world.one(model="testapp.Customer", id=made["id"], name="B", _version=made["_version"])
    assert equal["status"] == "unchanged"
    deletion = {"model": "testapp.Customer", "id": made["id"], "_deleted": True}
    assert world.one(**deletion, _version=made["_version"])["status"] == "conflict"
    assert world.one(**deletion, _version=again["_version"])["status"] == "deleted"
