"""Rows by many keys, whatever the key is made of."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from sb_sync.optimizations.any_of import AnyOf
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Badge, Customer, Product, Region, Restaurant, Tag

pytestmark = pytest.mark.django_db


def test_keys_of_every_kind_find_their_rows() -> None:
    acme = make_organization("acme")
    customers = [Customer.objects.create(organization=acme, name=str(number)) for number in range(3)]
    rows = [
        *customers,
        *(Badge.objects.create(customer=customer, code="1") for customer in customers),
        *(Product.objects.create(sku=str(number), name="") for number in range(3)),
        *(Restaurant.objects.create(organization=acme, name=str(number), stars=1) for number in range(3)),
        *(Tag.objects.create(slug=slug, organization=acme) for slug in ("a", 'b"\\', "c,{}'")),
    ]
    for model in (Customer, Badge, Product, Restaurant, Tag):
        keys = [row.pk for row in rows if type(row) is model][1:]
        key: Any = model._meta.pk
        found = model._base_manager.filter(pk__in=AnyOf(key, keys))
        assert {row.pk for row in found} == set(keys)
        assert not model._base_manager.filter(pk__in=AnyOf(key, keys)).exclude(pk__in=AnyOf(key, keys)).exists()


def test_a_text_longer_than_its_column_finds_no_row() -> None:
    acme = make_organization("acme")
    slug = "x" * 30
    Tag.objects.create(slug=slug, organization=acme)
    assert not Tag.objects.filter(pk__in=AnyOf(Tag._meta.pk, [slug + "y"])).exists()


def test_a_number_beyond_its_column_finds_no_row() -> None:
    Product.objects.create(sku="1", name="")
    assert not Product.objects.filter(pk__in=AnyOf(Product._meta.pk, [2**40, 2**63 - 1])).exists()


def test_a_field_of_the_projects_own_is_asked_for_key_by_key() -> None:
    class Own(models.CharField):  # type: ignore[type-arg]  # not generic at run time
        """A field of the project's own."""

    Tag.objects.create(slug="a", organization=make_organization("acme"))
    with CaptureQueriesContext(connection) as captured:
        assert Tag.objects.filter(pk__in=AnyOf(Own(), ["a", "b"])).count() == 1
    assert "unnest" not in captured.captured_queries[0]["sql"]


def test_a_key_that_no_database_makes_can_be_asked_for() -> None:
    field = Region._meta.pk
    assert not Region.objects.filter(pk__in=AnyOf(field, [0, -1])).exists()
