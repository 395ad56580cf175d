"""Why a user may do what: the steps beside what a request would get."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.db.models.functions import Concat

from sb_sync.access import explain, preview_rows
from sb_sync.access.filters import InvalidFilter, find_faults, list_fields
from sb_sync.catalog import synced_models
from sb_sync.models import ModelPermission, Organization, UserSite
from sb_sync.optimizations.limited_count import LimitedCount, count_rows
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.testapp.models import Customer, Region

pytestmark = pytest.mark.django_db
LABEL = "testapp.Customer"
OWN = {"field": "assigned_manager", "operator": "exact", "value": "$user.id"}


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def test_a_member_with_rights(acme: Organization) -> None:
    anna = make_member(acme, username="anna", group="Sales")
    grant(acme, group="Sales", models=[LABEL], push=False)
    ModelPermission.objects.update(filters=OWN)
    found = explain(anna, acme, "TESTAPP.customer")
    assert (found.label, found.rights.can_push, found.rights.can_pull) == (LABEL, False, True)
    assert found.group is not None
    assert found.group.name == "Sales"
    assert [json.loads(each.text) for each in found.filters] == [OWN]


def test_a_stranger_has_no_scope(acme: Organization) -> None:
    bob = make_member(make_organization("other"), username="bob")
    found = explain(bob, acme, LABEL)
    assert (found.scope, found.membership, found.rights.can_pull) == (None, None, False)


@pytest.mark.parametrize("what", ["user", "organization", "membership"])
def test_what_is_not_active_opens_nothing(acme: Organization, what: str) -> None:
    anna = make_member(acme, username="anna", group="Sales")
    grant(acme, group="Sales", models=[LABEL])
    get_user_model().objects.update(is_active=what != "user")
    Organization.objects.update(is_active=what != "organization")
    UserSite.objects.update(is_active=what != "membership")
    anna.refresh_from_db()
    acme.refresh_from_db()
    found = explain(anna, acme, LABEL)
    assert found.scope is None
    assert found.granted == (True, True)


def test_a_superuser_passes_everything(acme: Organization) -> None:
    chief = get_user_model().objects.create_superuser("chief")
    found = explain(chief, acme, LABEL)
    assert found.is_superuser
    assert (found.rights.can_push, found.rights.can_pull) == (True, True)


def test_a_model_that_is_out_says_why(acme: Organization) -> None:
    anna = make_member(acme, username="anna")
    assert explain(anna, acme, "auth.user").absence
    assert explain(anna, acme, "no.Model").absence == ""


def test_a_filter_that_does_not_fit_is_named(acme: Organization) -> None:
    anna = make_member(acme, username="anna", group="Sales")
    grant(acme, group="Sales", models=[LABEL])
    ModelPermission.objects.update(filters={"field": "gone", "operator": "exact", "value": 1})
    assert "gone" in explain(anna, acme, LABEL).filters[0].fault


def test_a_condition_shows_rows_before_it_is_saved(acme: Organization) -> None:
    anna, bob = make_member(acme, username="anna"), make_member(acme, username="bob")
    Customer.objects.create(organization=acme, name="A", email="a@example.com", assigned_manager=anna)
    Customer.objects.create(organization=acme, name="B", email="b@example.com", assigned_manager=bob)
    Customer.objects.create(organization=make_organization("other"), name="A", assigned_manager=anna)
    synced = synced_models()[LABEL]
    assert preview_rows(synced, acme, []).count() == 2
    assert [row.name for row in preview_rows(synced, acme, [OWN], user=anna)] == ["A"]
    with pytest.raises(InvalidFilter):
        preview_rows(synced, acme, [{"not": OWN}])


def test_every_fault_is_told_where_it_stands() -> None:
    synced = synced_models()[LABEL]
    wrong = {"field": "gone", "operator": "exact", "value": 1}
    condition = {"and": [OWN, {"or": [wrong, {"not": {"field": "name", "operator": "gt"}}]}, {"or": []}]}
    places = [fault.place for fault in find_faults(synced, condition)]
    assert places == [("and", 1, "or", 0), ("and", 1, "or", 1, "not"), ("and", 2)]
    assert find_faults(synced, OWN) == []
    assert [fault.place for fault in find_faults(synced, None)] == [()]


def test_conditions_of_any_depth_are_told_wrong() -> None:
    deep = OWN
    for _ in range(300):
        deep = {"not": deep}
    assert find_faults(synced_models()[LABEL], deep)


def test_every_field_that_is_offered_can_be_used() -> None:
    for synced in synced_models().values():
        choices = list_fields(synced)
        assert choices
        for choice in choices:
            assert choice.operators
            condition = {"field": choice.path, "operator": "isnull", "value": True}
            assert find_faults(synced, condition) == []


def test_fields_of_related_rows_are_offered_where_they_are_captured() -> None:
    paths = {choice.path for choice in list_fields(synced_models()[LABEL])}
    assert "region__name" in paths
    assert not any(path.startswith("assigned_manager__") for path in paths)


def test_rows_are_counted_no_further_than_asked() -> None:
    site = make_organization("acme")
    Region.objects.bulk_create(Region(site_id=site.pk, name=str(number)) for number in range(5))
    assert count_rows(Region.objects.all(), most=5) == (LimitedCount(5),)
    assert count_rows(Region.objects.all(), most=4) == (LimitedCount(4, is_more=True),)
    assert count_rows(Region.objects.none()) == (LimitedCount(0),)


def test_a_count_that_takes_too_long_is_given_up() -> None:
    site = make_organization("acme")
    Region.objects.bulk_create((Region(site_id=site.pk, name=str(number)) for number in range(3000)), batch_size=500)
    # Every name beside every other one, and those beside every other one again: no database knows without looking.
    beside = Concat("name", "site__region__name", "site__region__site__region__name")
    rows = Region.objects.annotate(names=beside).filter(names="no such names")
    counts = count_rows(rows, Region.objects.all(), rows, seconds=0.1)
    assert counts == (LimitedCount(None), LimitedCount(3000), LimitedCount(None))
    assert count_rows(Region.objects.all(), seconds=5) == (LimitedCount(3000),)
