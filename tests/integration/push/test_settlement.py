"""Staff settle what a policy left open."""

from __future__ import annotations

import uuid
from typing import Any, Dict, Optional

import pytest
from django.contrib.auth import get_user_model

from sb_sync.models import ModelPermission, SyncConflict
from sb_sync.push import NotSettled, settle_conflict
from sb_sync.push.settlement import CLIENT, SERVER, VALUES
from tests.integration.push.declaring import declared
from tests.integration.push.test_races import at_once
from tests.integration.push.world import World
from tests.testapp.models import Customer, Region


def make_conflict(world: World, *, gone: bool = False, **sent: Any) -> SyncConflict:
    """Leave a conflict open: somebody changed or deleted the row that a client changed, too."""
    key = str(uuid.uuid4())
    made = world.one(model="testapp.Customer", id=key, name="Old", age=1)
    if gone:
        Customer.objects.filter(pk=key).delete()
    else:
        world.one(model="testapp.Customer", id=key, name="Theirs")
    result = world.one(model="testapp.Customer", id=key, _version=made["_version"], **(sent or {"name": "Mine"}))
    assert result["status"] == "conflict"
    return SyncConflict.objects.get(object_key=key)


def row_of(conflict: SyncConflict) -> Optional[Customer]:
    return Customer.objects.filter(pk=conflict.object_key).first()


def settle(conflict: SyncConflict, choice: str, user: Any, values: Optional[Dict[str, Any]] = None) -> SyncConflict:
    settle_conflict(conflict, choice, values, user=user)
    conflict.refresh_from_db()
    assert (conflict.status, conflict.settled_by) == ("settled", user)
    assert conflict.settled_at is not None
    return conflict


def refuse(conflict: SyncConflict, choice: str, user: Any, values: Optional[Dict[str, Any]] = None) -> str:
    before = row_of(conflict)
    with pytest.raises(NotSettled) as raised:
        settle_conflict(conflict, choice, values, user=user)
    conflict.refresh_from_db()
    after = row_of(conflict)
    assert conflict.status == "unsettled"
    assert (after and after.name) == (before and before.name)
    return str(raised.value)


def test_the_client_may_win_after_all(world: World) -> None:
    conflict = settle(make_conflict(world), CLIENT, world.user)
    row = row_of(conflict)
    assert row is not None
    assert (row.name, row.age) == ("Mine", 1)
    assert conflict.resolution == {"choice": "client", "values": conflict.client}


def test_the_server_may_stay_as_it_is(world: World) -> None:
    conflict = make_conflict(world)
    Customer.objects.update(name="Newer")
    settle(conflict, SERVER, world.user)
    row = row_of(conflict)
    assert row is not None
    assert row.name == "Newer"


def test_values_of_ones_own(world: World) -> None:
    conflict = settle(make_conflict(world), VALUES, world.user, {"name": "Both", "age": "7"})
    row = row_of(conflict)
    assert row is not None
    assert (row.name, row.age) == ("Both", 7)


def test_a_deletion_of_the_client(world: World) -> None:
    conflict = make_conflict(world, _deleted=True)
    assert "may not" in refuse(conflict, CLIENT, world.clerk)
    settle(conflict, CLIENT, world.user)
    assert row_of(conflict) is None


def test_a_row_that_was_deleted_is_made_again(world: World) -> None:
    conflict = make_conflict(world, gone=True)
    settle(conflict, CLIENT, world.user, None)
    row = row_of(conflict)
    assert row is not None
    assert row.name == "Mine"


def test_a_row_with_an_automatic_key_is_not_made_again(world: World) -> None:
    made = world.one(model="testapp.Region", name="R")
    Region.objects.all().delete()
    world.one(model="testapp.Region", id=made["id"], name="Mine", _version=made["_version"])
    with pytest.raises(NotSettled, match="There is no such row"):
        settle_conflict(SyncConflict.objects.get(), CLIENT, user=world.user)
    assert not Region.objects.exists()


@pytest.mark.parametrize("gone", [True, False])
def test_a_row_that_changed_again_is_told(world: World, gone: bool) -> None:
    conflict = make_conflict(world, gone=gone)
    Customer.objects.update_or_create(
        pk=conflict.object_key, defaults={"organization": world.acme, "name": "Newer", "age": 1}
    )
    assert "changed again" in refuse(conflict, CLIENT, world.user)
    assert "changed again" in refuse(conflict, VALUES, world.user, {"name": "Both"})
    Customer.objects.all().delete()
    if not gone:
        assert "changed again" in refuse(conflict, CLIENT, world.user)


def test_a_deployment_in_between_is_no_change(world: World) -> None:
    with declared(Customer, exclude=["department"]):
        conflict = make_conflict(world)
    settle(conflict, CLIENT, world.user)


def test_it_is_settled_once(world: World) -> None:
    conflict = settle(make_conflict(world), SERVER, world.user)
    for choice in (CLIENT, SERVER):
        with pytest.raises(NotSettled, match="settled already"):
            settle_conflict(conflict, choice, user=world.user)
    with declared(Customer, conflict="client_wins"):
        made = world.one(model="testapp.Customer", name="A")
        world.one(model="testapp.Customer", id=made["id"], name="B")
        world.one(model="testapp.Customer", id=made["id"], name="C", _version=made["_version"])
    with pytest.raises(NotSettled, match="settled already"):
        settle_conflict(SyncConflict.objects.get(object_key=made["id"]), SERVER, user=world.user)


def test_two_at_once_settle_it_once(world: World) -> None:
    for _ in range(20):
        conflict = make_conflict(world)

        def work(name: str, conflict: SyncConflict = conflict) -> Any:
            def run() -> str:
                try:
                    settle_conflict(conflict, VALUES, {"name": name}, user=world.user)
                except NotSettled as error:
                    return str(error)
                return name

            return run

        answers = at_once(work("one"), work("two"))
        row = row_of(conflict)
        assert row is not None
        assert row.name in answers
        assert any("settled already" in answer for answer in answers)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"age": "many"}, "age: "),
        ({"colour": 1}, "colour: Unknown field."),
        ({"name": ""}, "name: "),
        ({"region": 10**6}, "region_id: There is no such row."),
        ({"organization": 10**6}, "organization: "),
    ],
)
def test_what_is_written_is_checked_like_any_push(world: World, values: Dict[str, Any], told: str) -> None:
    assert told in refuse(make_conflict(world), VALUES, world.user, values)


def test_it_reaches_no_other_row(world: World) -> None:
    other = Customer.objects.create(organization=world.acme, name="Other")
    settle(make_conflict(world), VALUES, world.user, {"id": str(other.pk), "name": "Both", "_version": "x"})
    other.refresh_from_db()
    assert other.name == "Other"


def test_only_those_who_may_push_the_model_there(world: World) -> None:
    conflict = make_conflict(world)
    assert "no member" in refuse(conflict, CLIENT, world.stranger)
    assert "no member" in refuse(conflict, SERVER, world.stranger)
    ModelPermission.objects.filter(group__name="Clerks").update(can_push=False)
    assert "may not" in refuse(conflict, CLIENT, world.clerk)
    assert "may not" in refuse(conflict, SERVER, world.clerk)
    chief = get_user_model().objects.create_superuser("chief", "c@x.yz", "secret")
    settle(conflict, CLIENT, chief)


def test_a_model_that_is_gone(world: World) -> None:
    conflict = make_conflict(world)
    SyncConflict.objects.update(model_name="old.Model")
    conflict.refresh_from_db()
    assert "not synchronised" in refuse(conflict, SERVER, world.user)


@pytest.mark.parametrize("choice", [CLIENT, VALUES])
def test_what_the_client_calls_a_row_is_not_what_the_one_who_settles_calls_so(world: World, choice: str) -> None:
    # Both devices count from 1.
    world.one(user=world.clerk, model="testapp.Region", _client_id="1", name="Somewhere else")
    conflict = make_conflict(world, region={"_client_id": "1"})
    assert conflict.client["region_id"] == {"_client_id": "1"}
    assert "by its key" in refuse(conflict, choice, world.clerk, {"region": {"_client_id": "1"}})
