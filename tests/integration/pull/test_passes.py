"""Passes: paging, wholeness, and what other writers do meanwhile."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List

import pytest

from sb_sync import catalog
from sb_sync.models import Checkpoint, Organization
from tests.integration.pull.puller import Puller, make_puller, records, tombstones
from tests.testapp.models import Customer, Order, OrderLine, Product, Region, Tag, Visit


def fill(organization: Organization, size: int = 3) -> None:
    """Give an organization some rows of several models."""
    region = Region.objects.create(site_id=organization.pk, name="Coast")
    for number in range(size):
        customer = Customer.objects.create(organization=organization, name=str(number), region=region)
        order = Order.objects.create(customer=customer, number=str(number))
        product = Product.objects.create(sku=uuid.uuid4().hex[:20], name="")
        OrderLine.objects.create(order=order, product=product)
        Visit.objects.create(organization=organization, customer=customer).products.add(product)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 15, 16, 17, 1000])
def test_pages_of_any_size_give_each_row_once(batch_size: int) -> None:
    acme, puller = make_puller()
    other, _ = make_puller("other")
    fill(acme)
    fill(other, 2)
    answers = puller.pull(batch_size=batch_size)
    puller.check()
    given = [(record["_model"], record["id"]) for record in records(answers)]
    assert len(given) == len(set(given)) == 1 + 3 * 3 + 5 + 3
    for answer in answers:
        assert len(answer["data"]) <= batch_size
        assert answer["batch_info"]["batch_size"] == batch_size
        assert answer["batch_info"]["total_records"] == len(answer["data"])
        counts = {label: told["count"] for label, told in answer["metadata"].items()}
        assert sum(counts.values()) == len(answer["data"])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 1000])
def test_changes_come_in_pages_of_any_size(batch_size: int) -> None:
    acme, puller = make_puller()
    fill(acme)
    puller.pull()
    Customer.objects.update(age=5)
    OrderLine.objects.all().delete()
    Product.objects.update(name="new")
    Order.objects.filter(number="0").delete()
    Tag.objects.create(slug="a", organization=acme)
    answers = puller.pull(batch_size=batch_size)
    puller.check()
    assert {record["age"] for record in puller.rows["testapp.Customer"].values()} == {5}
    given = [(record["_model"], record["id"]) for record in records(answers)]
    assert len(given) == len(set(given)) == 3 + 3 + 3 + 1 + 1
    assert all(len(answer["data"]) <= batch_size for answer in answers)


@pytest.mark.parametrize("batch_size", [1, 2, 4, 1000])
def test_parents_come_before_children_across_pages(batch_size: int) -> None:
    acme, puller = make_puller()
    fill(acme)
    order = list(catalog.synced_models())

    def check(answers: List[Dict[str, Any]]) -> None:
        places = [order.index(record["_model"]) for record in records(answers)]
        assert places == sorted(places)

    check(puller.pull(batch_size=batch_size))
    fill(acme, 1)
    Customer.objects.update(age=1)
    answers = puller.pull(batch_size=batch_size)
    check(answers)


def test_an_answer_that_opened_and_ended_its_pass_is_whole() -> None:
    acme, puller = make_puller()
    fill(acme)
    answer = puller.step()
    assert not answer["batch_info"]["has_more"]
    assert not any(told["has_more"] for told in answer["metadata"].values())


def test_a_pass_over_several_answers_is_followed_by_another() -> None:
    acme, puller = make_puller()
    fill(acme)
    first = puller.step(batch_size=10)
    assert first["batch_info"]["has_more"]
    second = puller.step()
    # Everything is there, and still it may be newer than the end of the pass.
    assert second["batch_info"]["has_more"]
    assert not any(told["has_more"] for told in second["metadata"].values())
    third = puller.step()
    assert not third["batch_info"]["has_more"]
    assert third["data"] == []


@pytest.mark.parametrize("batch_size", [1, 3, 6])
def test_what_others_write_between_pages_is_whole_at_the_end(batch_size: int) -> None:
    acme, puller = make_puller()
    fill(acme)
    for number in range(500):
        if not puller.step(batch_size=batch_size)["batch_info"]["has_more"]:
            break
        if number < 8:
            # A child under a parent that was passed already, a row that goes, a row that changes.
            customer = Customer.objects.create(organization=acme, name=f"late {number}")
            Order.objects.create(customer=customer, number="late")
            OrderLine.objects.filter(
                pk__in=list(OrderLine.objects.order_by("pk").values_list("pk", flat=True)[:1])
            ).delete()
            Customer.objects.filter(name=str(number)).update(age=number)
    puller.check()
    assert len(puller.rows["testapp.Order"]) > 3
    for order in puller.rows["testapp.Order"].values():
        assert order["customer_id"] in puller.rows["testapp.Customer"]


def test_a_row_deleted_inside_a_first_pull_goes() -> None:
    acme, puller = make_puller()
    fill(acme)
    puller.step(["testapp.Customer"], batch_size=2)
    held = next(iter(puller.rows["testapp.Customer"]))
    Customer.objects.filter(pk=held).delete()
    answers = puller.pull(batch_size=2)
    assert tombstones(answers)[held] == "deleted"
    puller.check()


def test_a_pull_that_finds_nothing_gives_the_same_cursors() -> None:
    acme, puller = make_puller()
    fill(acme)
    puller.pull()
    before, checkpoints = dict(puller.cursors), Checkpoint.objects.count()
    answer = puller.step()
    assert answer["data"] == []
    assert not answer["batch_info"]["has_more"]
    assert puller.cursors == before
    assert Checkpoint.objects.count() == checkpoints


def test_a_model_that_joins_inside_a_pass_is_whole_with_the_others() -> None:
    acme, puller = make_puller()
    fill(acme)
    first = puller.step(["testapp.Customer"], batch_size=2)
    assert first["metadata"]["testapp.Customer"]["has_more"]
    late = Customer.objects.create(organization=acme, name="late")
    Order.objects.create(customer=late, number="late")
    answer = puller.step({**puller.cursors, "testapp.Order": None}, batch_size=100)
    assert answer["batch_info"]["has_more"]
    puller.pull()
    puller.check()


def test_a_model_at_rest_waits_while_others_are_inside_a_pass() -> None:
    acme, puller = make_puller()
    fill(acme)
    puller.pull(["testapp.Order"])
    rested = puller.cursors["testapp.Order"]
    customer = Customer.objects.create(organization=acme, name="late")
    Order.objects.create(customer=customer, number="late")
    puller.step({**puller.cursors, "testapp.Customer": None}, batch_size=2)
    waiting = puller.step(batch_size=1)
    assert waiting["metadata"]["testapp.Order"]["count"] == 0
    assert rested is not None
    puller.pull(batch_size=2)
    puller.check()


def test_every_user_has_a_feed_of_their_own() -> None:
    acme, puller = make_puller()
    _, stranger = make_puller("other")
    fill(acme)
    puller.pull()
    stranger.pull()
    Customer.objects.filter(organization=acme).update(age=7)
    assert records(stranger.pull()) == []
    assert len(records(puller.pull())) == 3
    stranger.check()
    puller.check()


def test_each_user_may_be_at_another_place() -> None:
    acme, first = make_puller()
    fill(acme)
    second = Puller(first.user, "acme")
    first.pull()
    Customer.objects.filter(name="0").delete()
    second.pull(batch_size=1)
    Customer.objects.filter(name="1").delete()
    for puller in (first, second):
        puller.pull(batch_size=1)
        puller.check()
