"""Two organizations, a seller in one of them, and short ways to filter, push and pull."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from django.contrib.auth.models import Group
from django.db import connection

from sb_sync import catalog
from sb_sync.access import resolve_scope, scoped_queryset
from sb_sync.models import DataFilter
from sb_sync.testing.device import Device
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.testapp.models import Customer, Region

CUSTOMER = "testapp.Customer"
ORDER = "testapp.Order"
REGION = "testapp.Region"
VISIT = "testapp.Visit"


def leaf(field_name: str, operator: str, value: Any) -> Dict[str, Any]:
    """Return a comparison."""
    return {"field": field_name, "operator": operator, "value": value}


@dataclass
class World:
    """Ann sells for Acme, where Bob sells too; Rob is a stranger from Rival."""

    acme: Any
    rival: Any
    ann: Any
    bob: Any
    rob: Any
    devices: List[Device] = field(default_factory=list)

    def restrict(self, label: str, condition: Any, *, name: str = "first", group: str = "Sales") -> DataFilter:
        """Add a filter for a group of Acme."""
        return DataFilter.objects.create(
            site_id=self.acme.pk,
            group=Group.objects.get(name=group),
            model_name=label,
            filter_name=name,
            filter_condition=condition,
        )

    def device(self, *labels: str, user: Any = None, batch_size: Optional[int] = None) -> Device:
        """Return a device of Ann's, or of another user, that has pulled once."""
        device = Device(user or self.ann, models=labels or None, batch_size=batch_size)
        device.pull()
        self.devices.append(device)
        return device

    def customer(self, name: str, **values: Any) -> Customer:
        """Make a customer of Acme."""
        return Customer.objects.create(organization=values.pop("organization", self.acme), name=name, **values)

    def region(self, name: str, *, organization: Any = None) -> Region:
        """Make a region of Acme, or of another organization."""
        return Region.objects.create(site_id=(organization or self.acme).pk, name=name)

    def names(self, device: Device, label: str = CUSTOMER, attribute: str = "name") -> List[str]:
        """Return the sorted names of what a device holds of a model."""
        return sorted(record[attribute] for record in device.rows.get(label, {}).values())

    def check(self, device: Device) -> None:
        """Compare what a device holds with what its user may see."""
        scope = resolve_scope(device.user, None)
        for label in device.cursors:
            synced = catalog.synced_models()[label]
            visible = sorted(str(key) for key in scoped_queryset(scope, synced).values_list("pk", flat=True))
            assert device.keys(label) == visible, label


def run_sql(sql: str, *parameters: Any) -> None:
    """Write past the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def make_world() -> World:
    """Return a new world."""
    acme, rival = make_organization("acme"), make_organization("rival")
    for organization in (acme, rival):
        grant(organization, group="Sales", delete=True)
    return World(
        acme=acme,
        rival=rival,
        ann=make_member(acme, username="ann", group="Sales"),
        bob=make_member(acme, username="bob", group="Sales"),
        rob=make_member(rival, username="rob", group="Sales"),
    )
