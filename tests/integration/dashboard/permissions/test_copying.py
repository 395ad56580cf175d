"""The page that copies a group's rights."""

from __future__ import annotations

import re
from typing import Any, Dict

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from sb_sync.models import ModelPermission, Organization
from sb_sync.testing.factories import grant
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.integration.dashboard.permissions.addresses import PERMISSIONS
from tests.staff import make_chief, make_client, make_staff

pytestmark = [pytest.mark.django_db, NOT_ON_MARIADB]
CUSTOMER = "testapp.Customer"


def address(source: Any, target: Any, *, to: str = "acme") -> str:
    return f"{PERMISSIONS}copy/?organization=acme&source={source.pk}&target={target.pk}&to={to}"


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found is not None
    return found.group(1)


def read(organization: Organization) -> Dict[Any, Any]:
    rows = ModelPermission.objects.filter(site=organization.pk).select_related("group")
    return {(row.group.name, row.model_name): (row.can_push, row.can_pull) for row in rows}


@pytest.fixture
def clerks(acme: Organization) -> Any:
    grant(acme, group="Sales", models=[CUSTOMER, "testapp.Product"], push=False)
    return Group.objects.create(name="Clerks")


def test_what_was_shown_is_done(client: Client, acme: Organization, sales: Any, clerks: Any) -> None:
    page = client.get(address(sales, clerks)).content.decode()
    assert page.count("granted</span>") == 2
    answer = client.post(address(sales, clerks), {"seen": seen_on(page)}, follow=True)
    assert "Clerks in Acme Corporation has the same rights now." in answer.content.decode()
    assert read(acme)["Clerks", CUSTOMER] == (False, True)
    reasons = set(ModelPermission.history.filter(group=clerks).values_list("history_change_reason", flat=True))
    assert reasons == {"rights copied from Sales @ acme"}
    assert "Nothing to do" in client.get(address(sales, clerks)).content.decode()


def test_what_changed_in_the_meantime_is_shown_again(
    client: Client, acme: Organization, sales: Any, clerks: Any
) -> None:
    seen = seen_on(client.get(address(sales, clerks)).content.decode())
    grant(acme, group="Sales", models=["testapp.Order"])
    answer = client.post(address(sales, clerks), {"seen": seen})
    assert answer.status_code == 409
    assert ("Clerks", CUSTOMER) not in read(acme)
    assert client.post(address(sales, clerks), {"seen": seen_on(answer.content.decode())}).status_code == 302
    assert ("Clerks", "testapp.Order") in read(acme)


def test_another_organization_of_ones_own_can_be_given_rights(
    acme: Organization, globex: Organization, sales: Any, clerks: Any
) -> None:
    client = make_client(make_staff(acme, globex, username="both"))
    page = client.get(address(sales, sales, to="globex")).content.decode()
    assert client.post(address(sales, sales, to="globex"), {"seen": seen_on(page)}).status_code == 302
    assert read(globex)["Sales", CUSTOMER] == (False, True)
    # Its other staff may not know of Acme, and read the trail.
    reasons = set(ModelPermission.history.filter(site=globex.pk).values_list("history_change_reason", flat=True))
    assert reasons == {f"rights copied from Sales of organization #{acme.pk}"}


@pytest.mark.parametrize("forged", ["globex", "nowhere"])
def test_an_organization_of_others_is_as_one_that_is_not_there(
    client: Client, globex: Organization, sales: Any, clerks: Any, forged: str
) -> None:
    chief = make_client(make_chief())
    seen = seen_on(chief.get(address(sales, clerks, to="globex")).content.decode())
    for answer in (
        client.get(address(sales, clerks, to=forged)),
        client.post(address(sales, clerks, to=forged), {"seen": seen}),
    ):
        assert answer.status_code == 400
        page = answer.content.decode()
        assert "no such organization among those" in page
        assert "Globex" not in page
    assert read(globex) == {}


def test_nothing_is_copied_to_itself(client: Client, sales: Any, clerks: Any) -> None:
    answer = client.get(address(sales, sales))
    assert answer.status_code == 400
    assert "Choose another group" in answer.content.decode()


def test_a_group_that_takes_less_is_told_of(client: Client, acme: Organization, sales: Any, clerks: Any) -> None:
    grant(acme, group="Sales", models=[CUSTOMER])
    analysts = Group.objects.create(name="Analysts")
    assert "may not be given everything" in client.get(address(sales, analysts)).content.decode()


def test_a_row_filter_that_fits_no_more_is_refused(client: Client, acme: Organization, sales: Any, clerks: Any) -> None:
    broken = {"field": "gone", "operator": "exact", "value": 1}
    ModelPermission.objects.filter(model_name=CUSTOMER).update(filters=broken)
    page = client.get(address(sales, clerks)).content.decode()
    answer = client.post(address(sales, clerks), {"seen": seen_on(page)})
    assert answer.status_code == 400
    assert "gone" in answer.content.decode()
    assert ("Clerks", CUSTOMER) not in read(acme)
