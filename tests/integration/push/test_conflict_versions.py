"""Versions from before a deployment, versions that are none, and two clients with the same version at once."""

from __future__ import annotations

import uuid
from typing import Any, Dict

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync import catalog, wire
from sb_sync.models import FieldList, SyncConflict
from sb_sync.wire import field_lists
from tests.integration.push.declaring import declared
from tests.integration.push.test_races import at_once
from tests.integration.push.world import World
from tests.testapp.models import Customer


def make(world: World, **values: Any) -> Dict[str, Any]:
    return world.one(model="testapp.Customer", id=str(uuid.uuid4()), name="Old", **values)


def change(world: World, made: Dict[str, Any], **values: Any) -> Dict[str, Any]:
    return world.one(model="testapp.Customer", id=made["id"], _version=made["_version"], **values)


def tag_of(made: Dict[str, Any]) -> str:
    return str(made["_version"]).split(".", maxsplit=1)[0]


class TestDeployments:
    def test_a_field_that_came_does_not_end_a_version(self, world: World) -> None:
        with declared(Customer, exclude=["age"]):
            made = make(world)
        assert change(world, made, name="New")["status"] == "updated"

    def test_a_change_of_the_old_fields_is_still_seen(self, world: World) -> None:
        with declared(Customer, exclude=["age"]):
            made = make(world)
        Customer.objects.update(name="Theirs")
        assert change(world, made, name="New")["status"] == "conflict"

    def test_a_value_that_the_client_never_saw_is_not_overwritten(self, world: World) -> None:
        with declared(Customer, exclude=["age"]):
            made = make(world)
        Customer.objects.update(age=5)
        assert change(world, made, age=7)["status"] == "conflict"
        assert change(world, made, age=5)["status"] == "unchanged"
        assert change(world, made, name="New")["status"] == "updated"

    def test_a_field_that_went_makes_the_version_stale(self, world: World) -> None:
        """Somebody may have changed it: what cannot be compared is not overwritten."""
        made = make(world)
        with declared(Customer, exclude=["age"]):
            assert change(world, made, name="New")["status"] == "conflict"

    def test_a_field_that_became_read_only_is_compared(self, world: World) -> None:
        made = make(world, age=1)
        with declared(Customer, read_only=["age"]):
            assert change(world, made, name="New")["status"] == "updated"
        second = make(world, age=1)
        Customer.objects.update(age=9)
        with declared(Customer, read_only=["age"]):
            assert change(world, second, name="New")["status"] == "conflict"

    def test_a_field_that_became_writable_is_guarded(self, world: World) -> None:
        with declared(Customer, read_only=["age"]):
            made = make(world)
        Customer.objects.update(age=4)
        assert change(world, made, age=7)["status"] == "conflict"

    def test_a_list_is_known_to_processes_that_begin_later(self, world: World) -> None:
        with declared(Customer, exclude=["age"]):
            made = make(world)
        assert FieldList.objects.get(tag=tag_of(made)).model_name == "testapp.Customer"
        field_lists._known.clear()
        field_lists._remembered.clear()
        assert change(world, made, name="New")["status"] == "updated"

    def test_a_list_that_nobody_remembers_makes_the_version_stale(self, world: World) -> None:
        with declared(Customer, exclude=["age"]):
            made = make(world)
        FieldList.objects.filter(tag=tag_of(made)).delete()
        field_lists._known.clear()
        field_lists._remembered.clear()
        assert change(world, made, name="New")["status"] == "conflict"


def test_lists_are_written_by_migrate_and_cost_nothing_later(world: World) -> None:
    stored = dict(FieldList.objects.values_list("tag", "fields"))
    for synced in catalog.synced_models().values():
        schema = wire.schema_of(synced)
        assert stored[schema.tag] == list(schema.version_names)
    FieldList.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert dict(FieldList.objects.values_list("tag", "fields")) == stored
    with CaptureQueriesContext(connection) as queries:
        made = make(world)
        change(world, made, name="New")
    assert not [query for query in queries.captured_queries if "fieldlist" in query["sql"]]


def test_processes_that_begin_at_once_write_each_list_once(world: World) -> None:
    def begin() -> None:
        wire.remember_field_lists("default")

    for _ in range(20):
        FieldList.objects.all().delete()
        field_lists._remembered.clear()
        at_once(begin, begin)
        assert FieldList.objects.count() == len(catalog.synced_models())


@pytest.mark.parametrize(
    "version",
    ["", "x", ".", "0." + "0" * 32, "x" * 10_000, "a" * 10 + "." + "b" * 32, "\x00", "\ud800", "1.2", "ä" * 40],
)
def test_a_version_that_is_none_conflicts(world: World, version: str) -> None:
    made = make(world)
    result = change(world, {**made, "_version": version}, name="New")
    assert (result["status"], result["server"]["name"]) == ("conflict", "Old")
    deletion = world.one(model="testapp.Customer", id=made["id"], _deleted=True, _version=version)
    assert deletion["status"] == "conflict"
    assert world.one(model="testapp.Customer", id=str(uuid.uuid4()), _version=version)["status"] == "conflict"
    assert SyncConflict.objects.count() == 3


@pytest.mark.parametrize("version", [1, 1.5, True, [], {}, ["x"]])
def test_a_version_that_is_no_text_is_refused(world: World, version: Any) -> None:
    made = make(world)
    result = change(world, {**made, "_version": version}, name="New")
    assert (result["status"], result["code"], list(result["errors"])) == ("error", "invalid", ["_version"])


def test_the_version_of_another_row_conflicts(world: World) -> None:
    one, other = make(world), make(world)
    assert change(world, {**one, "_version": other["_version"]}, name="New")["status"] == "conflict"
    region = world.one(model="testapp.Region", name="R")
    assert change(world, {**one, "_version": region["_version"]}, name="New")["status"] == "conflict"


@pytest.mark.parametrize("policy", ["reject", "client_wins"])
def test_of_two_that_began_from_the_same_version_one_wins(world: World, policy: str) -> None:
    """100 times: the other meets a conflict, and what loses stands in the conflict table."""
    made = [make(world) for _ in range(100)]

    def push(name: str) -> Any:
        return lambda: [change(world, row, name=name) for row in made]

    with declared(Customer, conflict=policy):
        for row, one, two in zip(made, *at_once(push("one"), push("two"))):
            name = Customer.objects.get(pk=row["id"]).name
            kept = SyncConflict.objects.get(object_key=row["id"])
            if policy == "reject":
                winner, loser = (one, two) if one["status"] == "updated" else (two, one)
                assert (winner["status"], loser["status"]) == ("updated", "conflict")
                assert loser["server"]["_version"] == winner["_version"]
                assert name == loser["server"]["name"]
            else:
                assert {one["status"], two["status"]} == {"updated"}
                assert {one.get("conflict"), two.get("conflict")} == {None, "client_wins"}
            assert {kept.client["name"], kept.server["name"]} == {"one", "two"}
            assert name == (kept.server if policy == "reject" else kept.client)["name"]
