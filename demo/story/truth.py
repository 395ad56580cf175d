"""What the database holds, asked with plain Django and nothing of sb_sync."""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from typing import Any, Dict, List, Mapping, Sequence

from django.db import connection
from django.db.models import Field, QuerySet

from demo.sales.models import Customer, Order, OrderLine, Product, Visit
from demo.story.device import Device

MODELS = (Product, Customer, Order, OrderLine, Visit)
ENVELOPE = ("_model", "_version", "_client_id")
# How a model's rows lead to their organization.
PATHS = {
    Customer: "organization",
    Order: "customer__organization",
    OrderLine: "order__customer__organization",
    Visit: "customer__organization",
}


def rows_of(model: Any, slug: str) -> QuerySet:
    """Return the rows of a model that an organization should see."""
    path = PATHS.get(model)
    return model.objects.filter(**{path + "__slug": slug}) if path else model.objects.all()


def count(slug: str) -> int:
    """Return how many rows an organization should see."""
    return sum(rows_of(model, slug).count() for model in MODELS)


def rows_below(customers: Sequence[Any]) -> int:
    """Return how many rows hang on customers: orders, their lines, visits."""
    return (
        Order.objects.filter(customer__in=customers).count()
        + OrderLine.objects.filter(order__customer__in=customers).count()
        + Visit.objects.filter(customer__in=customers).count()
    )


def differences(device: Device, slug: str) -> List[str]:
    """Return in what a device differs from the rows of its organization: row by row, value by value."""
    found = [f"unknown model {label}" for label in device.rows if label not in {m._meta.label for m in MODELS}]
    for model in MODELS:
        label = model._meta.label
        held, expected = device.rows.get(label, {}), _expected(model, slug)
        found += [f"{label} {key} is missing" for key in expected.keys() - held.keys()]
        found += [f"{label} {key} should not be there" for key in held.keys() - expected.keys()]
        for key in expected.keys() & held.keys():
            found += [
                "{} {}.{}: {!r} in the database, {!r} on the device".format(label, key, name, *values)
                for name, values in _unequal(model, expected[key], held[key]).items()
            ]
    return sorted(found)


def contents(slug: str) -> Dict[str, Dict[str, Dict[str, Any]]]:
    """Return all rows of an organization, to be compared with themselves later."""
    return {model._meta.label: _expected(model, slug) for model in MODELS}


def run_sql(statement: str, parameters: Sequence[Any]) -> int:
    """Run a statement on a bare connection that Django knows nothing of; return the rows it touched."""
    if connection.vendor == "sqlite":
        bare: Any = sqlite3.connect(str(connection.settings_dict["NAME"]), timeout=20)
        statement = statement.replace("%s", "?")
    else:
        bare = connection.get_new_connection(connection.get_connection_params())
    try:
        cursor = bare.cursor()
        cursor.execute(statement, parameters)
        bare.commit()
        return int(cursor.rowcount)
    finally:
        bare.close()


def tables_with_triggers() -> int:
    """Return how many tables have triggers, as the database itself lists them."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT count(DISTINCT tbl_name) FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT count(DISTINCT tgrelid) FROM pg_trigger WHERE NOT tgisinternal")
        return int(cursor.fetchone()[0])


def _expected(model: Any, slug: str) -> Dict[str, Dict[str, Any]]:
    """Return an organization's rows of a model by key, under the names that they bear on the wire."""
    names = {field.attname: _wire_name(field) for field in model._meta.concrete_fields}
    rows = {
        str(row[model._meta.pk.attname]): {names[attname]: value for attname, value in row.items()}
        for row in rows_of(model, slug).values(*names)
    }
    for many in model._meta.many_to_many:
        source, target = many.m2m_column_name(), many.m2m_reverse_name()
        for row in rows.values():
            row[many.name] = []
        pairs = many.remote_field.through.objects.values_list(source, target)
        for owner, key in pairs:
            if str(owner) in rows:
                rows[str(owner)][many.name].append(key)
        for row in rows.values():
            row[many.name].sort()
    return rows


def _wire_name(field: Field) -> str:
    """Return what a field is called on the wire."""
    if field.primary_key:
        return "id"
    return "organization" if field.name == "organization" else field.attname


def _unequal(model: Any, expected: Mapping[str, Any], held: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the values that differ, by name, as (expected, held)."""
    fields = _fields(model)
    unequal: Dict[str, Any] = {}
    for name in expected.keys() | {name for name in held if name not in ENVELOPE}:
        ours, theirs = expected.get(name, "nothing"), held.get(name, "nothing")
        if name in fields and name in held:
            theirs = fields[name].to_python(theirs)
        elif isinstance(ours, list) and isinstance(theirs, list):
            theirs = sorted(theirs)
        if ours != theirs:
            unequal[name] = (ours, theirs)
    return unequal


@lru_cache(maxsize=None)
def _fields(model: Any) -> Mapping[str, Any]:
    """Return the fields of a model by their names on the wire; a reference stands as the key that it names."""
    return {_wire_name(field): _root(field) for field in model._meta.concrete_fields}


def _root(field: Any) -> Any:
    return field if field.remote_field is None else _root(field.target_field)
