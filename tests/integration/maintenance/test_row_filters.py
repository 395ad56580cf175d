"""Row filters saved and deleted as their editor saw them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from sb_sync.maintenance import Refused
from sb_sync.maintenance.row_filters import (
    OWN,
    FilterPlace,
    OutdatedFilter,
    delete_filter,
    list_filters,
    save_filter,
)
from sb_sync.models import DataFilter, ModelPermission, Organization
from sb_sync.testing.factories import grant, make_organization

pytestmark = pytest.mark.django_db
NORTH = {"field": "name", "operator": "startswith", "value": "N"}
SOUTH = {"field": "name", "operator": "startswith", "value": "S"}


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


@pytest.fixture
def place(acme: Organization) -> FilterPlace:
    return FilterPlace(acme.pk, Group.objects.create(name="Sales").pk, "testapp.Customer")


def version_of(place: FilterPlace, key: str) -> str:
    return next(found.version for found in list_filters(place) if found.key == key)


def test_the_condition_of_the_rights_is_saved_and_taken_away(place: FilterPlace, acme: Organization) -> None:
    grant(acme, group="Sales", models=["testapp.Customer"])
    save_filter(place, OWN, NORTH, seen=version_of(place, OWN))
    row = ModelPermission.objects.get()
    assert (row.filters, row.can_push, row.can_pull) == (NORTH, True, True)
    save_filter(place, OWN, None, seen=version_of(place, OWN))
    assert ModelPermission.objects.get().filters is None
    assert [entry.filters for entry in ModelPermission.history.order_by("history_id")] == [None, NORTH, None]


def test_a_condition_without_rights_grants_nothing(place: FilterPlace) -> None:
    save_filter(place, OWN, NORTH, seen=version_of(place, OWN))
    row = ModelPermission.objects.get()
    assert (row.can_push, row.can_pull, row.filters) == (False, False, NORTH)


def test_named_filters_are_made_changed_and_deleted(place: FilterPlace) -> None:
    made = save_filter(place, None, NORTH, seen="", name="  north ")
    assert (made.name, made.is_active, made.fault) == ("north", True, "")
    changed = save_filter(place, made.key, SOUTH, seen=made.version, name="south", is_active=False)
    assert (changed.key, changed.name, changed.is_active) == (made.key, "south", False)
    delete_filter(place, changed.key, seen=changed.version)
    assert not DataFilter.objects.exists()
    assert DataFilter.history.count() == 3


def test_who_saw_something_else_is_told_what_there_is(place: FilterPlace) -> None:
    made = save_filter(place, None, NORTH, seen="", name="own")
    now = save_filter(place, made.key, SOUTH, seen=made.version, name="own")
    with pytest.raises(OutdatedFilter) as raised:
        save_filter(place, made.key, NORTH, seen=made.version, name="own")
    assert raised.value.present == now
    with pytest.raises(OutdatedFilter):
        delete_filter(place, made.key, seen=made.version)
    assert DataFilter.objects.get().filter_condition == SOUTH


def test_a_filter_of_another_place_is_not_there(place: FilterPlace) -> None:
    other = make_organization("other")
    foreign = DataFilter.objects.create(
        site_id=other.pk,
        group_id=place.group_id,
        model_name="testapp.Customer",
        filter_name="x",
        filter_condition=NORTH,
    )
    for key in (str(foreign.pk), "0", "x", ""):
        with pytest.raises(OutdatedFilter):
            save_filter(place, key, SOUTH, seen="", name="x")
        with pytest.raises(OutdatedFilter):
            delete_filter(place, key, seen="")
    assert DataFilter.objects.get().filter_condition == NORTH


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("", NORTH),
        ("x" * 101, NORTH),
        ("taken", NORTH),
        ("fresh", {"field": "nothing", "operator": "exact", "value": 1}),
        ("fresh", {}),
        ("fresh", None),
    ],
)
def test_what_cannot_be_saved_is_refused(place: FilterPlace, name: str, condition: Any) -> None:
    save_filter(place, None, NORTH, seen="", name="taken")
    with pytest.raises(Refused):
        save_filter(place, None, condition, seen="", name=name)
    assert DataFilter.objects.count() == 1


@pytest.mark.only_on("sqlite", reason="it takes any text for JSON")
def test_a_condition_that_cannot_be_read_can_be_replaced(place: FilterPlace) -> None:
    made = save_filter(place, None, NORTH, seen="", name="own")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute("UPDATE sb_sync_datafilter SET filter_condition = 'no json'")
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    broken = list_filters(place)[1]
    assert broken.fault
    assert save_filter(place, made.key, NORTH, seen=broken.version, name="own").fault == ""
