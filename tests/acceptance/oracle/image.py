"""All rows of the models in play, read plainly: no scope, no feed, no wire."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Dict, List, Optional, Tuple
from uuid import UUID

from django.apps import apps

Row = Dict[str, Any]
#: Rows by label and key; values by attribute name, many-to-many fields as sets of keys.
Image = Dict[str, Dict[Any, Row]]

#: The way from a row to its organization, by label; None where rows are everybody's.
TENANTS: Dict[str, Any] = {
    "testapp.Region": "site",
    "testapp.Tag": "organization",
    "testapp.Product": None,
    "testapp.Customer": "organization",
    "testapp.Order": "customer__organization",
    "testapp.OrderLine": "order__customer__organization",
    "testapp.Visit": "organization",
    "testapp.Badge": "customer__organization",
    "testapp.Place": "organization",
    "testapp.Restaurant": "organization",
    "testapp.Shelf": "organization",
}
LABELS: Tuple[str, ...] = tuple(TENANTS)
#: Fields that the server writes by itself.
UNSTABLE = frozenset({"updated_at"})


def model_of(label: str) -> Any:
    """Return the model class of a label."""
    return apps.get_model(label)


def take_image() -> Image:
    """Read every row."""
    image: Image = {}
    for label in LABELS:
        model = model_of(label)
        names = [field.attname for field in model._meta.concrete_fields]
        image[label] = {row["pk"]: row for row in model._base_manager.order_by().values("pk", *names)}
        for field in model._meta.many_to_many:
            for row in image[label].values():
                row[field.name] = set()
            through = field.remote_field.through
            owner = through._meta.get_field(field.m2m_field_name()).attname
            named = through._meta.get_field(field.m2m_reverse_field_name()).attname
            for own, key in through._base_manager.values_list(owner, named):
                image[label][own][field.name].add(key)
    return image


def organization_of(image: Image, label: str, row: Row) -> Optional[int]:
    """Follow the way from a row to the key of its organization."""
    for name in TENANTS[label].split("__"):
        field = model_of(label)._meta.get_field(name)
        key = row[field.attname]
        label = field.related_model._meta.label
        if label not in image:
            return None if key is None else int(key)
        row = image[label][key]
    raise AssertionError("the way does not end at an organization")


def wire_fields(label: str) -> List[Any]:
    """Return the fields that travel, without keys, the key to the organization and what the server writes."""
    model = model_of(label)
    tenant = TENANTS[label]
    return [
        field
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if not getattr(field, "primary_key", False) and field.name != tenant and field.name not in UNSTABLE
    ]


def encode_row(label: str, row: Row) -> Row:
    """Return the stable values of a row as they stand on the wire."""
    encoded: Row = {}
    for field in wire_fields(label):
        if field.many_to_many:
            encoded[field.name] = sorted(encode(key) for key in row[field.name])
        else:
            value = row[field.attname]
            places = getattr(field, "decimal_places", None)
            encoded[field.attname] = f"{value:.{places}f}" if isinstance(value, Decimal) else encode(value)
    return encoded


def encode(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
