"""The project's own code runs: save(), clean(), delete(), signals, inheritance."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator, List
from unittest import mock

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import signals

from sb_sync import RecordError, catalog
from sb_sync.push import find_route
from tests.integration.push.world import World
from tests.testapp.models import Customer, Place, Region, Restaurant, Stamped, Visit


@contextmanager
def listening(signal: Any, receiver: Callable[..., None], sender: Any) -> Iterator[None]:
    signal.connect(receiver, sender=sender)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=sender)


def test_own_save_and_clean_run(world: World) -> None:
    results = world.results(
        {"_model": "testapp.Stamped", "_client_id": "s", "title": "One Two"},
        {"_model": "testapp.Stamped", "title": "forbidden"},
        {"_model": "testapp.Stamped", "_client_id": "s", "title": "Three"},
    )
    assert [result.get("code", result["status"]) for result in results] == ["created", "invalid", "updated"]
    assert results[1]["errors"] == {"title": ["This title is forbidden."]}
    assert [(row.title, row.slug) for row in Stamped.objects.all()] == [("Three", "three")]


def test_routes_say_why(world: World) -> None:
    synced = catalog.synced_models()
    assert find_route(synced["testapp.Customer"]).reasons == ()
    # Before Django 4.0, SQLite did not tell the automatic keys of rows that it made together.
    tells_keys = connection.features.can_return_rows_from_bulk_insert
    always = () if tells_keys else ("the database does not tell the keys of rows that it made together",)
    assert find_route(synced["testapp.Chapter"]).reasons == always
    assert find_route(synced["testapp.Stamped"]).reasons == (
        "has a save() of its own",
        "has a clean() of its own",
        *always,
    )
    assert find_route(synced["testapp.Restaurant"]).saves_one_by_one

    def receiver(**kwargs: Any) -> None: ...

    with listening(signals.post_save, receiver, None):
        assert find_route(synced["testapp.Customer"]).reasons == ("something listens to its post_save signal",)


@pytest.mark.parametrize("everyone", [True, False])
def test_listeners_are_told_of_each_row(world: World, everyone: bool) -> None:
    seen: List[Any] = []

    def receiver(sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
        if sender is Region:
            seen.append((instance.name, created))

    with listening(signals.post_save, receiver, None if everyone else Region):
        world.results(
            {"_model": "testapp.Region", "_client_id": "r", "name": "A"},
            {"_model": "testapp.Region", "_client_id": "r", "name": "B"},
        )
    assert seen == [("A", True), ("B", False)]


@pytest.mark.parametrize(
    ("error", "code", "errors"),
    [
        (ValidationError({"name": "No."}), "invalid", {"name": ["No."]}),
        (ValidationError("Nothing."), "invalid", {"__all__": ["Nothing."]}),
        (RecordError("too_late", "Closed.", field="name"), "too_late", {"name": ["Closed."]}),
        (RuntimeError("a secret"), "internal", {}),
    ],
)
def test_an_exception_of_project_code_is_one_records_error(
    world: World, error: Exception, code: str, errors: Any
) -> None:
    def receiver(instance: Any, **kwargs: Any) -> None:
        if instance.name == "bad":
            raise error

    with listening(signals.post_save, receiver, Region):
        results = world.results(*[{"_model": "testapp.Region", "name": name} for name in ("a", "bad", "c")])
    assert [result.get("code") for result in results] == [None, code, None]
    assert results[1]["errors"] == errors
    assert "secret" not in str(results)
    assert {region.name for region in Region.objects.all()} == {"a", "c"}


def test_project_code_that_moves_a_row_out_of_scope_is_rolled_back(world: World) -> None:
    def receiver(instance: Any, **kwargs: Any) -> None:
        if instance.name == "away":
            Region.objects.filter(pk=instance.pk).update(site_id=world.rival.pk)

    with listening(signals.post_save, receiver, Region):
        results = world.results(*[{"_model": "testapp.Region", "name": name} for name in ("stays", "away")])
    assert [result.get("code") for result in results] == [None, "permission_denied"]
    assert [region.name for region in Region.objects.all()] == ["stays"]


def test_changes_of_lists_are_told_to_listeners(world: World) -> None:
    actions: List[str] = []

    def receiver(action: str, **kwargs: Any) -> None:
        actions.append(action)

    product = world.one(model="testapp.Product", sku="1", name="P")
    with listening(signals.m2m_changed, receiver, Visit.products.through):
        assert world.one(model="testapp.Visit", products=[product["id"]])["status"] == "created"
    assert actions == ["pre_add", "post_add"]


def test_a_child_by_inheritance_is_written_in_all_its_tables(world: World) -> None:
    made = world.one(model="testapp.Restaurant", _client_id="r", name="Inn", stars=2)
    assert made["status"] == "created"
    assert (Place.objects.get().name, Place.objects.get().organization_id) == ("Inn", world.acme.pk)
    results = world.results(
        {"_model": "testapp.Place", "id": made["id"], "name": "Old Inn"},
        {"_model": "testapp.Restaurant", "id": made["id"], "stars": 3},
        {"_model": "testapp.Restaurant", "id": made["id"], "name": "New Inn"},
    )
    assert [result["status"] for result in results] == ["updated"] * 3
    assert Restaurant.objects.values_list("name", "stars").get() == ("New Inn", 3)
    results = world.results(
        {"_model": "testapp.Place", "id": made["id"], "_deleted": True},
        {"_model": "testapp.Restaurant", "id": made["id"], "_deleted": True},
    )
    assert [result["status"] for result in results] == ["deleted"] * 2


def test_an_own_delete_runs(world: World) -> None:
    customer = Customer.objects.create(organization=world.acme, name="kept")

    def delete(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ValidationError("Not this one.")

    with mock.patch.object(Customer, "delete", delete):
        result = world.one(model="testapp.Customer", id=str(customer.pk), _deleted=True)
    assert (result["code"], result["errors"]) == ("invalid", {"__all__": ["Not this one."]})
    assert Customer.objects.exists()


def test_observers_that_fail_do_not_lose_the_push(world: World) -> None:
    from sb_sync.events import push_finished

    def receiver(**kwargs: Any) -> None:
        raise RuntimeError("no journal")

    with listening(push_finished, receiver, None):
        assert world.push({"_model": "testapp.Region", "name": "x"}).status == 200
    assert Region.objects.exists()
