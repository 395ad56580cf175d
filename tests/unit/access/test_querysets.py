"""Querysets that hold what a user may see."""

from __future__ import annotations

import dataclasses
from typing import Any, Set

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models
from django.test.utils import isolate_apps

from sb_sync import catalog
from sb_sync.access import fingerprint, organization_queryset, resolve_scope, scoped_queryset, visible_users
from sb_sync.models import Organization, UserSite
from sb_sync.registry import ModelSync
from sb_sync.tenancy import resolve_tenant
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.testapp.models import Badge, Contract, Customer, Order, OrderLine, Product, Restaurant, Shelf

pytestmark = pytest.mark.django_db


class World:
    """Two organizations with rows of every kind."""

    def __init__(self) -> None:
        self.acme, self.other = make_organization("acme"), make_organization("other")
        self.user = make_member(self.acme)
        grant(self.acme)
        self.scope = resolve_scope(self.user, None)
        self.product = Product.objects.create(sku="1", name="One")
        for organization in (self.acme, self.other):
            customer = Customer.objects.create(organization=organization, name=organization.slug)
            order = Order.objects.create(customer=customer, number="1")
            OrderLine.objects.create(order=order, product=self.product)
            Badge.objects.create(customer=customer, code=organization.slug)
            Restaurant.objects.create(organization=organization, name=organization.slug)
        Shelf.objects.create(number=1, organization=self.acme)
        Shelf.objects.create(number=2)

    def seen(self, label: str) -> Any:
        synced = catalog.find(label)
        assert synced is not None
        return scoped_queryset(self.scope, synced)


def test_rows_of_the_organization_are_seen_and_no_others() -> None:
    world = World()
    assert [row.name for row in world.seen("testapp.Customer")] == ["acme"]
    assert [row.customer.name for row in world.seen("testapp.Order")] == ["acme"]
    assert [row.order.customer.name for row in world.seen("testapp.OrderLine")] == ["acme"]
    assert [row.code for row in world.seen("testapp.Badge")] == ["acme"]
    assert [row.name for row in world.seen("testapp.Restaurant")] == ["acme"]


def test_a_row_without_an_organization_is_nobodys() -> None:
    assert [row.number for row in World().seen("testapp.Shelf")] == [1]


def test_shared_rows_are_seen_by_all() -> None:
    assert [row.sku for row in World().seen("testapp.Product")] == ["1"]


def test_the_rows_of_an_organization_are_found_for_any_model() -> None:
    world = World()
    synced = catalog.find("testapp.Order")
    assert synced is not None
    assert organization_queryset(world.scope, synced).get().customer.name == "acme"
    assert organization_queryset(world.scope, OrderLine).get().order.customer.name == "acme"
    assert organization_queryset(world.scope, Product).count() == 1


def test_a_model_whose_organization_is_ambiguous_has_no_rows_of_it() -> None:
    world = World()
    Contract.objects.create(seller=world.acme, buyer=world.acme)
    assert not organization_queryset(world.scope, Contract).exists()


def test_users_are_the_active_members() -> None:
    world = World()
    make_member(world.other)
    gone = make_member(world.acme)
    get_user_model().objects.filter(pk=gone.pk).update(is_active=False)
    left = make_member(world.acme)
    UserSite.objects.filter(user=left).update(is_active=False)
    # A membership that ended beside one elsewhere that lasts is no membership here.
    moved = make_member(world.acme)
    UserSite.objects.filter(user=moved).update(is_active=False)
    UserSite.objects.create(user=moved, site_id=world.other.pk, group=Group.objects.get(name="Users"))
    assert [user.pk for user in visible_users(world.scope)] == [world.user.pk]


def test_a_fingerprint_is_of_the_rules_and_not_of_the_rights() -> None:
    world = World()
    synced = catalog.find("testapp.Order")
    assert synced is not None
    before = fingerprint(world.scope, synced)
    assert before == fingerprint(dataclasses.replace(world.scope, rights={}, group_id=5), synced)
    others: Set[str] = {
        fingerprint(dataclasses.replace(world.scope, site_id=world.other.pk), synced),
        fingerprint(world.scope, dataclasses.replace(synced, tenant=None)),
    }
    assert before not in others
    assert len(others) == 2


@isolate_apps("tests.testapp")
def test_a_manager_that_hides_rows_is_one_of_the_rules() -> None:
    class Living(models.Manager):  # type: ignore[type-arg]  # not generic at run time
        def get_queryset(self) -> Any:
            return super().get_queryset().filter(is_gone=False)

    class Paper(models.Model):
        organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
        is_gone = models.BooleanField()

        class Meta:
            app_label = "testapp"
            abstract = True

    class Letter(Paper):
        objects = Living()

    class Card(Paper):
        pass

    scope = World().scope
    hiding, showing = (
        catalog.SyncedModel(
            "testapp.Paper", model, ModelSync(), resolve_tenant(model), catalog.AUTOMATIC, "default", "testapp.Paper"
        )
        for model in (Letter, Card)
    )
    assert fingerprint(scope, hiding) != fingerprint(scope, showing)
    assert "is_gone" in str(scoped_queryset(scope, hiding).values("pk").query)
    assert "is_gone" not in str(organization_queryset(scope, hiding).values("pk").query)
