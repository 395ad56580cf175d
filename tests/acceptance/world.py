"""Two organizations with rows, members and devices; and what each device ought to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Set

from django.db.models import Q

from sb_sync import catalog
from sb_sync.models import Organization
from sb_sync.testing.device import Device
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.testapp.models import (
    Badge,
    Customer,
    Order,
    OrderLine,
    Place,
    Product,
    Region,
    Restaurant,
    Tag,
    Visit,
)


@dataclass
class World:
    """What a test plays with: `north` and `south` hold the same kinds of rows."""

    north: Organization
    south: Organization
    north_user: Any
    south_user: Any
    north_device: Device
    south_device: Device
    products: List[Product]

    def customer(self, organization: Organization) -> Customer:
        """Return the first customer of an organization."""
        return Customer.objects.filter(organization=organization).order_by("name").first()  # type: ignore[return-value]

    def pull_all(self) -> None:
        """Bring both devices up to date."""
        self.north_device.pull()
        self.south_device.pull()

    def check(self) -> None:
        """Compare both devices with the tables, and with a device that begins afresh."""
        for user, organization, device in [
            (self.north_user, self.north, self.north_device),
            (self.south_user, self.south, self.south_device),
        ]:
            fresh = Device(user, organization.slug)
            fresh.pull()
            for label, synced in catalog.synced_models().items():
                expected = expected_keys(synced, organization)
                assert set(device.rows.get(label, {})) == expected, label
                assert device.rows.get(label, {}) == fresh.rows.get(label, {}), label


def expected_keys(synced: catalog.SyncedModel, organization: Organization) -> Set[str]:
    """Return the keys of an organization's rows, found without the package's own scope."""
    rule = Q() if synced.tenant is None else Q(**{synced.tenant.lookup: organization.pk})
    return {str(key) for key in synced.model._base_manager.filter(rule).values_list("pk", flat=True)}


def make_world(*, batch_size: int = 1000) -> World:
    """Fill two organizations, with a device of each that holds nothing yet."""
    organizations: Dict[str, Organization] = {slug: make_organization(slug) for slug in ("north", "south")}
    products = [Product.objects.create(sku=f"P{number}", name=f"Product {number}") for number in range(3)]
    users = {}
    for slug, organization in organizations.items():
        users[slug] = make_member(organization, username=f"{slug}-user")
        grant(organization, delete=True)
        _fill(organization, products)
    devices = {slug: Device(users[slug], slug, batch_size=batch_size) for slug in organizations}
    return World(
        north=organizations["north"],
        south=organizations["south"],
        north_user=users["north"],
        south_user=users["south"],
        north_device=devices["north"],
        south_device=devices["south"],
        products=products,
    )


def _fill(organization: Organization, products: List[Product]) -> None:
    """Give an organization a row or more of each kind."""
    region = Region.objects.create(site_id=organization.pk, name="Coast")
    tag = Tag.objects.create(slug=f"{organization.slug}-tag", organization=organization)
    for number in range(3):
        customer = Customer.objects.create(
            organization=organization, name=f"Customer {number}", email=f"c{number}@example.com", region=region
        )
        customer.tags.add(tag)
        order = Order.objects.create(customer=customer, number=f"O{number}")
        for product in products:
            OrderLine.objects.create(order=order, product=product, quantity=number + 1)
        visit = Visit.objects.create(organization=organization, customer=customer, note="first")
        visit.products.set(products[:2])
        Visit.objects.create(organization=organization, customer=customer, previous=visit)
    Badge.objects.create(customer=customer, code="B")
    Place.objects.create(organization=organization, name="Square")
    Restaurant.objects.create(organization=organization, name="Kitchen", stars=1)
