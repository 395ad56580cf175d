"""From a user and the name of an organization to a scope."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sites.models import Site

from sb_sync import catalog
from sb_sync.access import Rights, Scope, resolve_scope
from sb_sync.errors import NotAuthenticated, OrganizationDenied, OrganizationRequired
from sb_sync.models import UserSite
from sb_sync.testing.factories import grant, make_member, make_organization

pytestmark = pytest.mark.django_db

NOT_THERE = ["nowhere", "0", "-1", 0, -1, 2**70, True, "x\x00y", "\ud800", "", "1" * 5000]


def make_superuser() -> Any:
    return get_user_model().objects.create_superuser("root", password=None)


def test_the_one_organization_of_a_user_needs_no_name() -> None:
    acme = make_organization("acme", name="Acme Corporation")
    user = make_member(acme, group="Sales")
    membership = UserSite.objects.get(user=user)
    assert resolve_scope(user, None) == Scope(
        user_id=str(user.pk),
        username=user.username,
        site_id=acme.pk,
        organization_slug="acme",
        organization_name="Acme Corporation",
        group_id=membership.group_id,
        is_superuser=False,
        rights={},
    )


def test_several_organizations_must_be_named() -> None:
    acme, other = make_organization("acme"), make_organization("other")
    user = make_member(acme, username="both")
    make_member(other, username="both")
    with pytest.raises(OrganizationRequired) as caught:
        resolve_scope(user, None)
    assert caught.value.extra == {"organizations": ["acme", "other"]}
    assert resolve_scope(user, "other").site_id == other.pk
    assert resolve_scope(user, other.pk).site_id == other.pk
    assert resolve_scope(user, str(other.pk)).site_id == other.pk


def test_a_slug_of_digits_goes_before_an_id() -> None:
    acme = make_organization("acme")
    digits = make_organization(str(acme.pk))
    user = make_member(acme, username="both")
    make_member(digits, username="both")
    assert resolve_scope(user, str(acme.pk)).site_id == digits.pk
    assert resolve_scope(user, acme.pk).site_id == acme.pk


@pytest.mark.parametrize("name", NOT_THERE)
def test_an_unknown_organization_is_refused_as_a_foreign_one(name: Any) -> None:
    user = make_member(make_organization("acme"))
    make_organization("foreign")
    with pytest.raises(OrganizationDenied) as foreign:
        resolve_scope(user, "foreign")
    with pytest.raises(OrganizationDenied) as unknown:
        resolve_scope(user, name)
    assert (unknown.value.detail, unknown.value.extra) == (foreign.value.detail, foreign.value.extra)


@pytest.mark.parametrize("name", NOT_THERE)
def test_a_superuser_is_refused_an_unknown_organization(name: Any) -> None:
    make_organization("acme")
    with pytest.raises(OrganizationDenied):
        resolve_scope(make_superuser(), name)


def test_what_is_not_active_is_refused() -> None:
    acme = make_organization("acme")
    user = make_member(acme)
    resolve_scope(user, "acme")
    UserSite.objects.update(is_active=False)
    with pytest.raises(OrganizationDenied):
        resolve_scope(user, "acme")
    UserSite.objects.update(is_active=True)
    acme.is_active = False
    acme.save()
    for named in ("acme", None):
        with pytest.raises(OrganizationDenied):
            resolve_scope(user, named)
        with pytest.raises(OrganizationDenied):
            resolve_scope(make_superuser() if named else get_user_model().objects.get(username="root"), named)
    acme.is_active = True
    acme.save()
    user.is_active = False
    with pytest.raises(OrganizationDenied):
        resolve_scope(user, "acme")


def test_nobody_has_no_scope() -> None:
    with pytest.raises(NotAuthenticated):
        resolve_scope(AnonymousUser(), None)


def test_a_site_that_is_no_organization_is_none() -> None:
    acme = make_organization("acme")
    user = make_member(acme)
    UserSite.objects.create(
        user=user, site=Site.objects.create(domain="plain", name="plain"), group=UserSite.objects.get(user=user).group
    )
    assert resolve_scope(user, None).site_id == acme.pk


def test_rights_are_those_of_the_group_in_this_organization() -> None:
    acme, other = make_organization("acme"), make_organization("other")
    user = make_member(acme, group="Sales")
    grant(acme, group="Sales", models=["testapp.Customer"], pull=False)
    grant(acme, group="Sales", models=["testapp.Order"], push=False, delete=True)
    grant(acme, group="Sales", models=["testapp.Visit"], delete=True)
    grant(acme, group="Sales", models=["testapp.Tag"], push=False, pull=False)
    grant(acme, group="Support", models=["testapp.Product"])
    grant(other, group="Sales", models=["testapp.Region"])
    scope = resolve_scope(user, None)
    assert dict(scope.rights) == {
        "testapp.Customer": Rights(can_push=True, can_pull=False, can_delete=False),
        # Deleting needs the right to push as well.
        "testapp.Order": Rights(can_push=False, can_pull=True, can_delete=False),
        "testapp.Visit": Rights(can_push=True, can_pull=True, can_delete=True),
    }
    assert scope.may_push("testapp.Customer")
    assert not scope.may_pull("testapp.Customer")
    assert not scope.may_delete("testapp.Customer")
    assert not scope.may_pull("testapp.Region")


def test_a_scope_without_deletions_is_the_same_for_who_only_reads(django_assert_num_queries: Any) -> None:
    acme = make_organization("acme")
    user = make_member(acme, group="Sales")
    grant(acme, group="Sales", models=["testapp.Customer"], delete=True)
    grant(acme, group="Sales", models=["testapp.Order"], push=False)
    whole = resolve_scope(user, None)
    assert whole.may_delete("testapp.Customer")
    with django_assert_num_queries(2):
        scope = resolve_scope(user, None, with_deletions=False)
    assert not scope.may_delete("testapp.Customer")
    assert {label: (rights.can_push, rights.can_pull) for label, rights in scope.rights.items()} == {
        label: (rights.can_push, rights.can_pull) for label, rights in whole.rights.items()
    }
    assert replace(scope, rights=whole.rights) == whole


def test_rights_on_what_is_not_synchronised_are_none() -> None:
    acme = make_organization("acme")
    user = make_member(acme, group="Sales")
    grant(acme, group="Sales", models=["auth.User", "testapp.Contract", "nowhere.Nothing"])
    assert dict(resolve_scope(user, None).rights) == {}


def test_a_label_is_granted_in_any_case() -> None:
    acme = make_organization("acme")
    user = make_member(acme, group="Sales")
    grant(acme, group="Sales", models=["TESTAPP.customer"])
    assert resolve_scope(user, None).may_pull("testapp.Customer")


def test_a_superuser_may_do_everything_in_one_organization() -> None:
    acme = make_organization("acme")
    root = make_superuser()
    scope = resolve_scope(root, None)
    assert (scope.site_id, scope.group_id, scope.is_superuser) == (acme.pk, None, True)
    assert list(scope.rights) == list(catalog.synced_models())
    assert scope.may_delete("testapp.Customer")
    other = make_organization("other")
    with pytest.raises(OrganizationRequired):
        resolve_scope(root, None)
    assert resolve_scope(root, "other").site_id == resolve_scope(root, other.pk).site_id == other.pk


def test_the_one_membership_of_a_superuser_is_meant() -> None:
    acme = make_organization("acme")
    make_organization("other")
    root = make_superuser()
    make_member(acme, username="root")
    assert resolve_scope(root, None).site_id == acme.pk


def test_a_scope_takes_three_queries(django_assert_max_num_queries: Any) -> None:
    acme = make_organization("acme")
    user = make_member(acme)
    grant(acme, delete=True)
    root = make_superuser()
    for asked in (None, "acme", acme.pk, str(acme.pk)):
        with django_assert_max_num_queries(3):
            assert resolve_scope(user, asked).may_delete("testapp.Customer")
        with django_assert_max_num_queries(3):
            resolve_scope(root, asked)
