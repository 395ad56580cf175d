"""Records that are a sheet: the short way and the long one end with the same rows and the same results."""

from __future__ import annotations

import os
import uuid
from typing import Any, Dict, Iterator, List, Optional

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync import catalog, wire
from sb_sync.models import DataFilter, SyncLog
from sb_sync.push import pipeline, sheets
from tests.integration.push.declaring import declared
from tests.integration.push.random_sheets import NAMES, Sheets, describe, key_of, tell
from tests.integration.push.world import World
from tests.testapp.models import Customer, Region

SEEDS = int(os.environ.get("SB_SYNC_TEST_SEEDS", "8"))


class Ways:
    """Which way pushes go: `is_short` False sends all of them the long way; counts those that went the short one."""

    def __init__(self) -> None:
        self.is_short = True
        self.taken = 0

    def push(self, *arguments: Any) -> Any:
        told = sheets.push_sheet(*arguments) if self.is_short else None
        self.taken += told is not None
        return told


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    found = Ways()
    monkeypatch.setattr(pipeline, "push_sheet", found.push)
    return found


@pytest.fixture
def short_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the long way fail."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("went the long way")

    monkeypatch.setattr(pipeline, "_push_records", refuse)
    return None


@pytest.mark.parametrize("seed", range(SEEDS))
def test_both_ways_end_alike(world: World, ways: Ways, seed: int) -> None:
    for place in (world.acme, world.rival):
        Region.objects.create(site_id=place.pk, name="first")
        for name in "ab":
            Customer.objects.create(pk=key_of(place, name), organization=place, name="Old", email=f"{name}@old.yz")
    made = Sheets(seed, (world.acme, world.rival))
    for step in range(6):
        if made.chance.random() < 0.2:
            made.lose()
        told = []
        for is_short, user, records in zip((True, False), (world.user, world.stranger), made.make()):
            ways.is_short = is_short
            told.append(world.results(*records, user=user))
        for place, results in zip(made.places, told):
            made.versions.update({(place, each["id"]): each["_version"] for each in results if "_version" in each})
        assert list(map(tell, told[0])) == list(map(tell, told[1])), f"seed {seed} step {step}"
        assert describe(world.acme) == describe(world.rival), f"seed {seed} step {step}"
        check_versions(told[0])


def check_versions(results: List[Dict[str, Any]]) -> None:
    """The last version of each row that was told is that of the row."""
    last = {(each["_model"], str(each["id"])): each["_version"] for each in results if "_version" in each}
    for (label, key), version in last.items():
        schema = wire.schema_of(catalog.synced_models()[label])
        rows = schema.model._default_manager.filter(pk=key)
        assert [each["_version"] for each in wire.read_records(schema, rows, "default")] == [version]


def test_most_sheets_go_the_short_way(world: World, ways: Ways) -> None:
    records = [{"_model": "testapp.Customer", "id": key_of(world.acme, name), "name": name} for name in NAMES]
    world.results(*records)
    world.results(*records)
    world.results(*({**record, "name": "new"} for record in records))
    assert ways.taken == (3 if connection.vendor in ("postgresql", "sqlite") else 0)


def customer(world: World, own: str, **values: Any) -> Dict[str, Any]:
    return {"_model": "testapp.Customer", "id": key_of(world.acme, own), **values}


@pytest.mark.usefixtures("short_only")
@pytest.mark.only_on("sqlite", "postgresql", reason="MariaDB inserts through instances")
class TestTheShortWay:
    def test_new_changed_and_unchanged_rows_travel_together(self, world: World) -> None:
        world.results(customer(world, "a", name="A"), customer(world, "b", name="B"))
        told = world.results(*(customer(world, name, name=name.upper() * 2 if name == "b" else "A") for name in "abc"))
        assert [each["status"] for each in told] == ["unchanged", "updated", "created"]
        assert list(Customer.objects.order_by("name").values_list("name", flat=True)) == ["A", "A", "BB"]
        log = SyncLog.objects.latest("pk")
        assert (log.status, log.object_count, log.model_name) == ("SUCCESS", 3, "testapp.Customer")

    def test_a_stored_value_that_would_not_pass_comes_back_unharmed(self, world: World) -> None:
        Customer.objects.create(pk=key_of(world.acme, "a"), organization=world.acme, name="A", department="GONE")
        told = world.results(customer(world, "a", name="A", department="GONE"))
        assert told[0]["status"] == "unchanged"
        assert world.results(customer(world, "a", name="B", department="GONE"))[0]["status"] == "updated"

    def test_values_find_their_rows_in_whatever_order_these_come(self, world: World) -> None:
        names = [f"{number}" for number in range(20)]
        for turn, order in enumerate((names, names[::-1], names[7:] + names[:7])):
            world.results(*(customer(world, name, name=f"{name} {turn}", age=turn) for name in order))
            written = dict(Customer.objects.values_list("pk", "name"))
            assert written == {uuid.UUID(key_of(world.acme, name)): f"{name} {turn}" for name in names}

    def test_versions_of_rows_that_stand_are_accepted(self, world: World) -> None:
        told = world.results(customer(world, "a", name="A"), customer(world, "b", name="B"))
        versions = {each["id"]: each["_version"] for each in told}
        records = [customer(world, name, _version=versions[key_of(world.acme, name)], name="C") for name in "ab"]
        assert [each["status"] for each in world.results(*records)] == ["updated", "updated"]

    def test_an_update_that_changes_nothing_writes_nothing(self, world: World) -> None:
        world.results(customer(world, "a", name="A", age="7"))
        before = Customer.objects.get().updated_at
        assert world.results(customer(world, "a", name="A", age=7))[0]["status"] == "unchanged"
        assert Customer.objects.get().updated_at == before


def test_the_number_of_statements_does_not_grow_with_the_records(world: World) -> None:
    counts = []
    for count in (2, 300):
        records = [customer(world, f"{count}-{place}", name="A") for place in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert {each["status"] for each in world.results(*records)} == {"created"}
        counts.append(len(captured))
    assert counts[0] == counts[1]


class TestTheLongWayIsGone:
    """The rows of these would stand in each other's way, or something is to be told that a sheet cannot tell."""

    def taken(self, ways: Ways, world: World, *records: Dict[str, Any], user: Optional[Any] = None) -> int:
        before = ways.taken
        world.results(*records, user=user)
        return ways.taken - before

    def test_where_a_name_stands_for_a_row_that_is_gone(self, world: World, ways: Ways) -> None:
        record = {"_model": "testapp.Region", "_client_id": "n", "name": "A"}
        world.results(record)
        Region.objects.all().delete()
        assert not self.taken(ways, world, record)
        assert world.results(record)[0]["status"] == "conflict"
        keyed = customer(world, "a", _client_id="n", name="A")
        world.results(keyed)
        Customer.objects.all().delete()
        assert world.results(keyed)[0]["status"] == "conflict"
        assert not Region.objects.exists()
        assert not Customer.objects.exists()

    def test_where_the_fields_differ(self, world: World, ways: Ways) -> None:
        assert not self.taken(ways, world, customer(world, "a", name="A"), customer(world, "b", age=1, name="A"))

    def test_where_a_row_comes_twice(self, world: World, ways: Ways) -> None:
        assert not self.taken(ways, world, customer(world, "a", name="A"), customer(world, "a", name="B"))
        assert Customer.objects.get().name == "B"

    def test_where_unique_values_go_from_row_to_row(self, world: World, ways: Ways) -> None:
        world.results(customer(world, "a", name="A", email="a@x.yz"), customer(world, "b", name="B", email="b@x.yz"))
        swapped = [customer(world, "a", email="b@x.yz"), customer(world, "b", email="a@x.yz")]
        assert not self.taken(ways, world, *swapped)

    def test_where_a_row_is_of_another_organization(self, world: World, ways: Ways) -> None:
        Customer.objects.create(pk=key_of(world.acme, "a"), organization=world.rival, name="Theirs")
        assert not self.taken(ways, world, customer(world, "a", name="Mine"), customer(world, "b", name="Mine"))
        assert Customer.objects.get(organization=world.rival).name == "Theirs"
        assert Customer.objects.get(organization=world.acme).pk == uuid.UUID(key_of(world.acme, "b"))

    def test_where_new_rows_would_be_out_of_view(self, world: World, ways: Ways) -> None:
        DataFilter.objects.create(
            site_id=world.acme.pk,
            group=Group.objects.get(name="Administrators"),
            model_name="testapp.Customer",
            filter_name="grown up",
            filter_condition={"field": "age", "operator": "gt", "value": 5},
        )
        records = [customer(world, "a", name="A", age=9), customer(world, "b", name="B", age=1)]
        assert not self.taken(ways, world, *records)
        assert [each.name for each in Customer.objects.all()] == ["A"]

    def test_where_the_project_looks_at_each_record(self, world: World, ways: Ways) -> None:
        seen: List[Any] = []
        with declared(Customer, before_push=lambda self, record, scope: seen.append(record)):
            assert not self.taken(ways, world, customer(world, "a", name="A"), customer(world, "b", name="B"))
        assert len(seen) == 2
