"""Paths to the organization that cannot be followed."""

from __future__ import annotations

import pytest
from django.db import models
from django.test.utils import isolate_apps

from sb_sync.models import Organization
from sb_sync.tenancy import InvalidTenant, resolve_tenant
from tests.testapp.models import Customer, Order


@isolate_apps("tests.testapp")
def test_a_key_that_holds_no_primary_key_is_refused() -> None:
    class Sluggish(models.Model):
        organization = models.ForeignKey(Organization, to_field="slug", on_delete=models.CASCADE)

        class Meta:
            app_label = "testapp"

    with pytest.raises(InvalidTenant):
        resolve_tenant(Sluggish)


@pytest.mark.parametrize(
    "path", ["customer", "customer__region", "number", "nothing", "customer__organization__site", ""]
)
def test_a_declared_path_that_does_not_end_at_an_organization_is_refused(path: str) -> None:
    with pytest.raises(InvalidTenant):
        resolve_tenant(Order, path)


def test_a_declared_path_wins() -> None:
    found = resolve_tenant(Customer, "region__site")
    assert found is not None
    assert found.lookup == "region__site_id"
