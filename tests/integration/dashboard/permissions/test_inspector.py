"""Why a user may do what: the steps say the same as a request would find."""

from __future__ import annotations

import itertools
import re
from typing import List, Tuple

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from sb_sync.access import explain
from sb_sync.dashboard.sections.permissions.steps import FAIL, PASS, list_steps
from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite
from sb_sync.testing.factories import grant, make_member
from tests.integration.dashboard import ON_SQLITE
from tests.integration.dashboard.permissions.addresses import PERMISSIONS
from tests.staff import make_chief, make_client
from tests.testapp.models import Customer

pytestmark = [pytest.mark.django_db, ON_SQLITE]
CUSTOMER = "testapp.Customer"


def ask(client: Client, user: str, model: str = CUSTOMER, *, organization: str = "acme", status: int = 200) -> str:
    answer = client.get(PERMISSIONS + "why/", {"organization": organization, "user": user, "model": model})
    assert answer.status_code == status, answer.content.decode()
    return str(answer.content.decode())


def outcomes_of(page: str) -> List[str]:
    return re.findall(r'class="tile-value (?:good|bad)">(\w+)<', page)


def steps_of(page: str) -> List[Tuple[str, str]]:
    return re.findall(r'class="step step-(\w+)">.*?<h3>(.*?)</h3>', page, re.DOTALL)


def test_each_step_is_told_with_what_comes_of_it(client: Client, acme: Organization) -> None:
    anna = make_member(acme, username="anna", group="Sales")
    grant(acme, group="Sales", models=[CUSTOMER], push=False)
    ModelPermission.objects.update(filters={"field": "assigned_manager", "operator": "exact", "value": "$user.id"})
    Customer.objects.create(organization=acme, name="A", assigned_manager=anna)
    Customer.objects.create(organization=acme, name="B")
    page = ask(client, "anna")
    assert outcomes_of(page) == ["no", "yes", "no"]
    assert steps_of(page) == [
        ("pass", "Account"), ("pass", "Organization"), ("pass", "Membership"), ("pass", "Model"),
        ("note", "Rights of the group"), ("note", "Row filters"), ("note", "Deleting"),
    ]  # fmt: skip
    assert "A member in the group Sales." in page
    assert re.search(r"Rows pulled.*?>\s*1\s*<.*?of the organization's\s+2", page, re.DOTALL)


def test_a_model_that_is_out_says_why(client: Client, acme: Organization) -> None:
    make_member(acme, username="anna")
    assert "auth.User is not synchronised" in ask(client, "anna", "auth.User")
    assert "No installed model has this label." in ask(client, "anna", "no.Model")


def test_a_shared_model_is_told_of(client: Client, acme: Organization) -> None:
    make_member(acme, username="anna")
    assert ("note", "Shared") in steps_of(ask(client, "anna", "testapp.Product"))


def test_a_filter_that_does_not_fit_stops(client: Client, acme: Organization) -> None:
    make_member(acme, username="anna", group="Sales")
    grant(acme, group="Sales", models=[CUSTOMER])
    ModelPermission.objects.update(filters={"field": "gone", "operator": "exact", "value": 1})
    page = ask(client, "anna")
    assert ("fail", "Row filters") in steps_of(page)
    assert "has no field" in page


@pytest.mark.parametrize("name", ["gina", "nobody", "chief"])
def test_users_of_others_are_as_users_that_are_not_there(
    client: Client, acme: Organization, globex: Organization, name: str
) -> None:
    make_member(globex, username="gina")
    make_chief()
    page = ask(client, name, status=400)
    assert "no such user among those" in page
    assert "gina@" not in page


def test_a_superuser_may_ask_about_anybody(acme: Organization, globex: Organization) -> None:
    make_member(globex, username="gina")
    client = make_client(make_chief())
    page = ask(client, "gina")
    assert ("fail", "Membership") in steps_of(page)
    assert outcomes_of(ask(client, "chief")) == ["yes", "yes", "yes"]


def test_steps_and_outcome_agree_in_every_case(acme: Organization) -> None:
    """The last word is the scope's; no step may say otherwise."""
    user = make_member(acme, username="anna", group="Sales")
    rights = [None, (False, False), (True, False), (False, True), (True, True)]
    for is_active, is_open, member, right in itertools.product(
        [True, False], [True, False], [None, True, False], rights
    ):
        get_user_model().objects.filter(pk=user.pk).update(is_active=is_active)
        Organization.objects.filter(pk=acme.pk).update(is_active=is_open)
        UserSite.objects.all().delete()
        ModelPermission.objects.all().delete()
        if member is not None:
            again = make_member(acme, username="anna", group="Sales")
            UserSite.objects.filter(user=again).update(is_active=member)
        if right is not None:
            grant(acme, group="Sales", models=[CUSTOMER], push=right[0], pull=right[1])
        user.refresh_from_db()
        acme.refresh_from_db()
        found = explain(user, acme, CUSTOMER)
        steps = list_steps(found)
        for kind, granted in (("push", found.rights.can_push), ("pull", found.rights.can_pull)):
            outcomes = [getattr(step, kind) or step.outcome for step in steps if step.title != "Deleting"]
            assert granted is (FAIL not in outcomes), (is_active, is_open, member, right, steps)
            assert not granted or PASS in outcomes
    assert not DataFilter.objects.exists()
