"""Rights changed cell by cell: all or none, against what was seen, with one moment in the history."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync import catalog
from sb_sync.attribution import attributed_to
from sb_sync.maintenance import Refused
from sb_sync.maintenance.rights import NO_RIGHT, PULL, PUSH, CellChange, Outdated, change_rights
from sb_sync.models import ModelPermission, Organization
from sb_sync.testing.factories import grant, make_organization

pytestmark = pytest.mark.django_db
BOTH = PUSH | PULL


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def make_group(name: str) -> Group:
    return Group.objects.get_or_create(name=name)[0]


def read(organization: Organization) -> Dict[Tuple[str, str], Tuple[bool, bool]]:
    rows = ModelPermission.objects.filter(site=organization.pk)
    return {(row.group.name, row.model_name): (row.can_push, row.can_pull) for row in rows.select_related("group")}


def change(group: Group, label: str, seen: int, wanted: int) -> CellChange:
    return CellChange(group.pk, label, seen, wanted)


def test_cells_get_what_is_wanted_and_others_stay(acme: Organization) -> None:
    sales, clerks = make_group("Sales"), make_group("Clerks")
    grant(acme, group="Sales", models=["testapp.Customer", "testapp.Order"])
    report = change_rights(
        acme.pk,
        [
            change(sales, "testapp.Customer", BOTH, PULL),
            change(clerks, "testapp.Customer", NO_RIGHT, PUSH),
        ],
    )
    assert set(report.written) == {(sales.pk, "testapp.Customer"), (clerks.pk, "testapp.Customer")}
    assert read(acme) == {
        ("Sales", "testapp.Customer"): (False, True),
        ("Sales", "testapp.Order"): (True, True),
        ("Clerks", "testapp.Customer"): (True, False),
    }


def test_another_organization_keeps_its_rights(acme: Organization) -> None:
    other = make_organization("other")
    grant(other, group="Sales", models=["testapp.Customer"])
    change_rights(acme.pk, [change(make_group("Sales"), "testapp.Customer", NO_RIGHT, PULL)])
    assert read(other) == {("Sales", "testapp.Customer"): (True, True)}


def test_a_cell_that_others_changed_stops_all(acme: Organization) -> None:
    sales = make_group("Sales")
    grant(acme, group="Sales", models=["testapp.Customer"], push=False)
    with pytest.raises(Outdated) as raised:
        change_rights(
            acme.pk,
            [
                change(sales, "testapp.Customer", NO_RIGHT, PUSH),
                change(sales, "testapp.Order", NO_RIGHT, PUSH),
            ],
        )
    assert raised.value.present == {(sales.pk, "testapp.Customer"): PULL}
    assert read(acme) == {("Sales", "testapp.Customer"): (False, True)}


def test_what_is_as_wanted_already_is_no_change(acme: Organization) -> None:
    sales = make_group("Sales")
    grant(acme, group="Sales", models=["testapp.Customer"])
    before = ModelPermission.history.count()
    report = change_rights(acme.pk, [change(sales, "testapp.Customer", NO_RIGHT, BOTH)])
    assert report.written == ()
    assert ModelPermission.history.count() == before


def test_a_right_that_is_written_in_another_case_is_the_same_right(acme: Organization) -> None:
    sales = make_group("Sales")
    ModelPermission.objects.create(site_id=acme.pk, group=sales, model_name="TESTAPP.customer", can_pull=True)
    change_rights(acme.pk, [change(sales, "testapp.Customer", PULL, BOTH)])
    assert read(acme) == {("Sales", "TESTAPP.customer"): (True, True)}


def test_many_changes_are_one_moment_with_one_reason(acme: Organization) -> None:
    anna = get_user_model().objects.create_user("anna")
    groups = [make_group(f"Group {number}") for number in range(5)]
    grant(acme, group="Group 0")
    labels = list(catalog.synced_models())
    changes = [change(groups[0], label, BOTH, PULL) for label in labels]
    changes += [change(group, label, NO_RIGHT, BOTH) for group in groups[1:] for label in labels]
    ModelPermission.history.all().delete()
    with attributed_to(anna, "a bulk change"), CaptureQueriesContext(connection) as queries:
        change_rights(acme.pk, changes)
    entries = list(ModelPermission.history.all())
    assert len(entries) == len(changes)
    assert {(entry.history_username, entry.history_change_reason) for entry in entries} == {("anna", "a bulk change")}
    assert len({entry.history_date for entry in entries}) <= 2
    assert len(queries) < 25


REFUSED: List[Tuple[str, Any]] = [
    ("no change", lambda sales, analysts: []),
    ("an unknown group", lambda sales, analysts: [CellChange(10**6, "testapp.Customer", 0, PULL)]),
    ("an unknown model", lambda sales, analysts: [change(sales, "testapp.Nothing", 0, PULL)]),
    ("a model that is out", lambda sales, analysts: [change(sales, "auth.User", 0, PULL)]),
    ("another case", lambda sales, analysts: [change(sales, "TESTAPP.Customer", 0, PULL)]),
    (
        "a cell twice",
        lambda sales, analysts: [
            change(sales, "testapp.Customer", 0, PULL),
            change(sales, "testapp.Customer", 0, PUSH),
        ],
    ),
    ("more than its kind", lambda sales, analysts: [change(analysts, "testapp.Customer", 0, PUSH)]),
]


@pytest.mark.parametrize(("name", "make"), REFUSED, ids=[name for name, _ in REFUSED])
def test_what_cannot_be_is_refused_whole(acme: Organization, name: str, make: Any) -> None:
    sales, analysts = make_group("Sales"), make_group("Analysts")
    changes = make(sales, analysts)
    if changes:
        changes.append(change(sales, "testapp.Order", 0, PULL))
    with pytest.raises(Refused):
        change_rights(acme.pk, changes)
    assert read(acme) == {}


def test_a_right_beyond_the_kind_can_be_taken_away(acme: Organization) -> None:
    analysts = make_group("Analysts")
    grant(acme, group="Analysts", models=["testapp.Customer"])
    change_rights(acme.pk, [change(analysts, "testapp.Customer", BOTH, PULL)])
    assert read(acme) == {("Analysts", "testapp.Customer"): (False, True)}


def test_shared_models_that_are_granted_are_named(acme: Organization) -> None:
    sales = make_group("Sales")
    report = change_rights(
        acme.pk,
        [change(sales, "testapp.Product", NO_RIGHT, PULL), change(sales, "testapp.Customer", NO_RIGHT, PULL)],
    )
    assert report.shared == ("testapp.Product",)
    assert change_rights(acme.pk, [change(sales, "testapp.Product", PULL, NO_RIGHT)]).shared == ()
