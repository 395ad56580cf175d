"""What may be asked, and what is refused."""

from __future__ import annotations

from datetime import timezone
from typing import Any, Dict, List

import pytest
from django.db import transaction

from sb_sync import feed
from sb_sync.errors import InvalidCursor, MalformedRequest, NothingServed
from sb_sync.events import PullFinished, pull_finished
from sb_sync.models import ClientRecord
from sb_sync.protocol import RequestInfo
from sb_sync.pull import run_stream
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.pull.puller import Puller, make_puller, records
from tests.integration.push.declaring import declared
from tests.testapp.models import Customer, Order, Product


def test_nothing_named_is_everything_granted() -> None:
    acme = make_organization("acme")
    puller = Puller(make_member(acme))
    grant(acme, models=["testapp.Customer", "testapp.Product"])
    grant(acme, models=["testapp.Order"], pull=False)
    Customer.objects.create(organization=acme, name="John")
    answer = puller.step()
    assert set(answer["metadata"]) == {"testapp.Customer", "testapp.Product"}
    assert [record["name"] for record in answer["data"]] == ["John"]
    assert "errors" not in answer


@pytest.mark.parametrize("models", [["testapp.customer", "TESTAPP.CUSTOMER"], {"testapp.customer": None}])
def test_a_model_is_named_in_any_case(models: Any) -> None:
    _, puller = make_puller()
    answer = puller.ask({"models": ["testapp.customer"]})
    assert list(answer.body["metadata"]) == ["testapp.Customer"]
    if isinstance(models, list):
        with pytest.raises(MalformedRequest):
            puller.ask({"models": models})


@pytest.mark.parametrize("models", [{}, []])
def test_no_model_is_nothing(models: Any) -> None:
    _, puller = make_puller()
    answer = puller.ask({"models": models})
    assert answer.body == {
        "data": [],
        "metadata": {},
        "batch_info": {"batch_size": 1000, "total_records": 0, "has_more": False},
    }


def test_what_is_not_served_is_named_and_the_rest_is_served() -> None:
    acme = make_organization("acme")
    puller = Puller(make_member(acme))
    grant(acme, models=["testapp.Customer"])
    asked = ["testapp.Customer", "testapp.Product", "auth.User", "nowhere.Nothing", "nonsense", "", "a.b.c", "\x00"]
    answer = puller.ask({"models": asked})
    assert list(answer.body["metadata"]) == ["testapp.Customer"]
    assert {error["_model"]: error["code"] for error in answer.body["errors"]} == {
        "testapp.Product": "permission_denied",
        "auth.User": "not_enabled",
        "nowhere.Nothing": "unknown_model",
        "nonsense": "unknown_model",
        "": "unknown_model",
        "a.b.c": "unknown_model",
        "\x00": "unknown_model",
    }
    assert all(error["detail"] for error in answer.body["errors"])


def test_a_pull_of_which_nothing_is_served_is_refused() -> None:
    acme = make_organization("acme")
    with pytest.raises(NothingServed) as caught:
        Puller(make_member(acme)).ask({"models": {"testapp.Customer": "nonsense", "auth.User": None}})
    assert (caught.value.status, caught.value.code) == (403, "permission_denied")
    assert {error["_model"]: error["code"] for error in caught.value.extra["errors"]} == {
        "testapp.Customer": "permission_denied",
        "auth.User": "not_enabled",
    }


@pytest.mark.parametrize("models", ["testapp.Customer", 5, True, [None], [["testapp.Customer"]], [5], [{}]])
def test_models_of_another_shape_are_malformed(models: Any) -> None:
    with pytest.raises(MalformedRequest):
        make_puller()[1].ask({"models": models})


@pytest.mark.parametrize("size", [0, -1, "5", 1.5, True, [], {}, "x"])
def test_a_batch_size_that_is_no_number_is_malformed(size: Any) -> None:
    with pytest.raises(MalformedRequest):
        make_puller()[1].ask({"batch_size": size})


def test_a_batch_size_is_bounded() -> None:
    answer = make_puller()[1].ask({"batch_size": 10**9})
    assert answer.body["batch_info"]["batch_size"] == 10_000


@pytest.mark.parametrize(
    "known",
    [
        *["", "x", "nonsense", 5, 1.5, True, [], {}, "\x00", "ä", "A" * 100_000],
        *["2024-13-01T00:00:00Z", "2024-01-14T25:00:00Z", "2024-01-14T", "2024-1", "0001-01-01T00:00:00+14:00"],
    ],
)
def test_what_is_no_cursor_and_no_time_is_refused(known: Any) -> None:
    _, puller = make_puller()
    with pytest.raises(InvalidCursor) as caught:
        puller.ask({"models": {"testapp.customer": known}})
    assert caught.value.extra == {"_model": "testapp.Customer"}
    assert "testapp.Customer" in caught.value.detail


def test_a_pull_inside_a_transaction_is_a_mistake_of_the_program() -> None:
    _, puller = make_puller()
    with pytest.raises(feed.OpenTransaction), transaction.atomic():
        puller.ask({})


def test_a_model_whose_changes_are_not_recorded_is_kept_back() -> None:
    acme, puller = make_puller()
    Customer.objects.create(organization=acme, name="John")
    Product.objects.create(sku="1", name="")
    backend = feed.backend_for("default")
    backend.remove(backend.triggers(["testapp_product"]))
    answer = puller.ask({"models": ["testapp.Customer", "testapp.Product"]})
    assert {error["_model"]: error["code"] for error in answer.body["errors"]} == {"testapp.Product": "unavailable"}
    assert [record["_model"] for record in answer.body["data"]] == ["testapp.Customer"]
    alone = puller.ask({"models": ["testapp.Product"]})
    assert alone.body["data"] == []
    feed.install("default")
    assert len(records(puller.step(["testapp.Product"]))) == 1


def test_a_model_that_is_only_unavailable_is_no_refusal_for_whatever_reason() -> None:
    _, puller = make_puller()
    with declared(Customer, get_queryset=lambda self, queryset, scope: queryset, depends_on=["assigned_manager"]):
        for labels in (["testapp.Customer"], ["testapp.Customer", "testapp.Nothing"]):
            alone = puller.ask({"models": labels})
            assert (alone.body["data"], alone.body["errors"][0]["code"]) == ([], "unavailable")
            *_, end = run_stream(lambda before: puller.scope(), {"models": labels}, request=RequestInfo("test"))
            assert end[0]["errors"] == alone.body["errors"]
    with pytest.raises(NothingServed) as caught:
        puller.ask({"models": ["testapp.Nothing"]})
    assert caught.value.extra["errors"][0]["code"] == "unknown_model"


def test_a_row_shows_what_its_user_called_it() -> None:
    acme, puller = make_puller()
    customer = Customer.objects.create(organization=acme, name="John")
    order = Order.objects.create(customer=customer, number="1")
    colleague = Puller(make_member(acme, username="colleague"))
    for label, row, user, name in [
        ("testapp.Order", order, puller.user, "mine"),
        ("testapp.Customer", order, puller.user, "mine"),
        ("testapp.Customer", customer, colleague.user, "theirs"),
    ]:
        ClientRecord.objects.create(
            user=user, site_id=acme.pk, model_name=label, client_id=name, object_key=str(row.pk)
        )
    answer = records(puller.pull())
    assert [(record["_model"], record.get("_client_id")) for record in answer] == [
        ("testapp.Customer", None),
        ("testapp.Order", "mine"),
    ]
    assert [record.get("_client_id") for record in records(colleague.pull())] == ["theirs", None]
    Order.objects.update(number="2")
    assert records(puller.pull())[0]["_client_id"] == "mine"


def test_names_are_shown_among_many_rows_too() -> None:
    acme, puller = make_puller()
    customers = Customer.objects.bulk_create(Customer(organization=acme, name=str(n)) for n in range(1200))
    named = {str(customers[number].pk): f"mine-{number}" for number in (0, 500, 1199)}
    for key, name in named.items():
        ClientRecord.objects.create(
            user=puller.user, site_id=acme.pk, model_name="testapp.Customer", client_id=name, object_key=key
        )

    def pull_names() -> Dict[str, str]:
        given = records(puller.pull(["testapp.Customer"] if not puller.cursors else None))
        return {record["id"]: record["_client_id"] for record in given if "_client_id" in record}

    assert pull_names() == named
    Customer.objects.update(age=1)
    assert pull_names() == named
    gone = str(customers[500].pk)
    Customer.objects.filter(pk=gone).delete()
    Customer.objects.update(age=2)
    del named[gone]
    assert pull_names() == named


def test_what_happened_is_told_to_those_who_keep_journals() -> None:
    acme, puller = make_puller()
    Customer.objects.create(organization=acme, name="John")
    events: List[PullFinished] = []

    def listen(sender: Any, event: PullFinished, **kwargs: Any) -> None:
        events.append(event)

    pull_finished.connect(listen)
    try:
        body = {"models": ["testapp.Customer", "auth.User"]}
        answer = puller.ask(body).body
        with pytest.raises(NothingServed):
            puller.ask({"models": ["auth.User"]})
    finally:
        pull_finished.disconnect(listen)
    event, refused = events
    assert (event.user_id, event.site_id, event.organization) == (str(puller.user.pk), acme.pk, "Acme")
    assert (event.status, dict(event.errors), event.request_data) == ("partial", {"auth.User": "not_enabled"}, body)
    assert {label: pulled.count for label, pulled in event.models.items()} == {"testapp.Customer": 1}
    last_sync = event.models["testapp.Customer"].last_sync
    assert last_sync is not None
    assert (
        last_sync.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
        == (answer["metadata"]["testapp.Customer"]["last_sync"])
    )
    assert event.seconds > 0
    assert event.queries > 3
    assert (refused.status, dict(refused.models)) == ("error", {})
