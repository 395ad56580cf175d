"""A group's rights given to another, or to a group of another organization."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import pytest
from django.contrib.auth.models import Group

from sb_sync.maintenance.copied_rights import OutdatedCopy, RightsHolder, copy_rights, plan_copy
from sb_sync.maintenance.rights import PULL, PUSH
from sb_sync.models import DataFilter, ModelPermission, Organization
from sb_sync.testing.factories import grant, make_organization

pytestmark = pytest.mark.django_db
NORTH = {"field": "name", "operator": "startswith", "value": "N"}


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def hold(organization: Organization, name: str) -> RightsHolder:
    return RightsHolder(organization.pk, Group.objects.get_or_create(name=name)[0])


def read(holder: RightsHolder) -> Dict[str, Tuple[bool, bool, Any]]:
    rows = ModelPermission.objects.filter(site=holder.site_id, group=holder.group)
    return {row.model_name: (row.can_push, row.can_pull, row.filters) for row in rows}


def test_another_group_gets_the_same_and_loses_the_rest(acme: Organization) -> None:
    sales, clerks = hold(acme, "Sales"), hold(acme, "Clerks")
    grant(acme, group="Sales", models=["testapp.Customer", "testapp.Order"])
    ModelPermission.objects.filter(model_name="testapp.Customer").update(filters=NORTH)
    grant(acme, group="Clerks", models=["testapp.Visit"])
    plan = plan_copy(sales, clerks)
    assert (plan.count(PUSH, granted=True), plan.count(PULL, granted=False), plan.filter_count) == (2, 1, 1)
    copy_rights(sales, clerks, seen=plan.version)
    assert read(clerks) == {
        "testapp.Customer": (True, True, NORTH),
        "testapp.Order": (True, True, None),
        "testapp.Visit": (False, False, None),
    }
    assert plan_copy(sales, clerks).is_empty


def test_named_filters_go_along(acme: Organization) -> None:
    other = make_organization("other")
    sales, theirs = hold(acme, "Sales"), hold(other, "Sales")
    common = {"model_name": "testapp.Customer", "filter_condition": NORTH}
    DataFilter.objects.create(site_id=acme.pk, group=sales.group, filter_name="north", is_active=False, **common)
    DataFilter.objects.create(site_id=other.pk, group=sales.group, filter_name="old", **common)
    plan = plan_copy(sales, theirs)
    assert plan.filter_count == 2
    copy_rights(sales, theirs, seen=plan.version)
    rows = DataFilter.objects.order_by("site", "pk").values_list("site", "filter_name", "is_active")
    assert list(rows) == [(acme.pk, "north", False), (other.pk, "north", False)]


def test_a_common_group_gets_no_more_than_its_kind(acme: Organization) -> None:
    sales, analysts = hold(acme, "Sales"), hold(acme, "Analysts")
    grant(acme, group="Sales", models=["testapp.Customer"])
    plan = plan_copy(sales, analysts)
    assert plan.withheld == ("testapp.Customer",)
    copy_rights(sales, analysts, seen=plan.version)
    assert read(analysts) == {"testapp.Customer": (False, True, None)}


def test_who_saw_something_else_changes_nothing(acme: Organization) -> None:
    sales, clerks = hold(acme, "Sales"), hold(acme, "Clerks")
    grant(acme, group="Sales", models=["testapp.Customer"])
    seen = plan_copy(sales, clerks).version
    grant(acme, group="Sales", models=["testapp.Order"])
    with pytest.raises(OutdatedCopy) as raised:
        copy_rights(sales, clerks, seen=seen)
    assert set(raised.value.plan.rights) == {"testapp.Customer", "testapp.Order"}
    assert read(clerks) == {}
