"""Long chains of rows, each of which refers to the one before it: few waves, and the outcome of one by one."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import signals
from django.test.utils import CaptureQueriesContext

from sb_sync.models import DataFilter
from tests.integration.push.world import World
from tests.testapp.models import Folder

LENGTH = 300


def chain(length: int = LENGTH, **changed: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Return folders, each inside the one before it; `changed` are other values by number ("n7")."""
    return [
        {
            "_model": "testapp.Folder",
            "_client_id": str(number),
            "name": str(number),
            "parent": {"_client_id": str(number - 1)} if number else None,
            **changed.get(f"n{number}", {}),
        }
        for number in range(length)
    ]


def parents() -> Dict[str, Any]:
    return dict(Folder.objects.values_list("name", "parent__name"))


@pytest.mark.parametrize("is_backward", [False, True])
def test_a_long_chain_takes_a_few_statements(world: World, is_backward: bool) -> None:
    world.results({"_model": "testapp.Folder", "name": "warm"})
    Folder.objects.all().delete()
    records = chain()[::-1] if is_backward else chain()
    with CaptureQueriesContext(connection) as queries:
        results = world.results(*records)
    assert {result["status"] for result in results} == {"created"}
    assert parents() == {str(number): str(number - 1) if number else None for number in range(LENGTH)}
    # Where the database tells no keys of many rows made at once, each is made by itself.
    by_sets = connection.features.can_return_rows_from_bulk_insert
    assert len(queries) < (LENGTH / 2 if by_sets else LENGTH * 8)


def test_the_versions_of_a_shortened_chain_are_those_of_its_rows(world: World) -> None:
    made = world.results(*chain(40))
    again = world.results(*({"_model": "testapp.Folder", "id": each["id"]} for each in made))
    assert [each["_version"] for each in made] == [each["_version"] for each in again]
    assert {each["status"] for each in world.results(*chain(40))} == {"unchanged"}


@pytest.mark.parametrize("is_backward", [False, True])
def test_behind_a_refused_link_all_are_refused_and_before_it_none(world: World, is_backward: bool) -> None:
    records = chain(60, n30={"name": "x" * 100})
    results = world.results(*(records[::-1] if is_backward else records))
    codes = [result.get("code", result["status"]) for result in (results[::-1] if is_backward else results)]
    assert codes == ["created"] * 30 + ["invalid"] + ["not_found"] * 29
    assert len(parents()) == 30


def test_a_chain_that_moves_as_a_whole(world: World) -> None:
    world.results(*chain(40))
    turned = chain(40, n0={"parent": {"_client_id": "39"}})
    for number in range(1, 40):
        turned[number]["parent"] = {"_client_id": str(number + 1)} if number < 39 else None
    results = world.results(*turned)
    assert {result["status"] for result in results} == {"updated"}
    assert parents()["0"] == "39"
    assert parents()["1"] == "2"


def test_rows_that_are_in_sight_by_their_reference_alone_keep_their_place(world: World) -> None:
    """Left empty for a moment, the reference would put each of them out of its writer's sight."""
    root = Folder.objects.create(organization=world.acme, parent=Folder.objects.create(organization=world.acme))
    DataFilter.objects.create(
        site_id=world.acme.pk,
        group=Group.objects.get(name="Administrators"),
        model_name="testapp.Folder",
        filter_name="inside something",
        filter_condition={"field": "parent", "operator": "isnull", "value": False},
    )
    results = world.results(*chain(30, n0={"parent": root.pk}))
    assert {result["status"] for result in results} == {"created"}
    assert Folder.objects.filter(parent=None).count() == 1
    assert [result.get("code") for result in world.results({"_model": "testapp.Folder"})] == ["permission_denied"]


def test_project_code_sees_each_row_once_and_whole(world: World) -> None:
    seen: List[Any] = []

    def receiver(instance: Folder, created: bool, **kwargs: Any) -> None:
        seen.append((created, instance.name, instance.parent_id is None))

    signals.post_save.connect(receiver, sender=Folder)
    try:
        assert {result["status"] for result in world.results(*chain(30))} == {"created"}
    finally:
        signals.post_save.disconnect(receiver, sender=Folder)
    assert seen == [(True, str(number), number == 0) for number in range(30)]


@pytest.mark.parametrize("step", [1, -1])
def test_a_chain_may_go_from_either_end(world: World, step: int) -> None:
    keys = [result["id"] for result in world.results(*chain(60))]
    records = [{"_model": "testapp.Folder", "id": key, "_deleted": True} for key in keys[::step]]
    assert {result["status"] for result in world.results(*records)} == {"deleted"}
    assert not Folder.objects.exists()
