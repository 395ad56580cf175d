"""Random sheets for two organizations, and how to compare what became of them."""

from __future__ import annotations

import random
import uuid
from typing import Any, Dict, List, Tuple

from sb_sync.models import ClientRecord
from tests.testapp.models import Customer, Order, Product, Region, Tag

NAMES = "abcdefgh"
LONG = "y" * 120


def key_of(organization: Any, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{organization.pk}-{name}"))


class Sheets:
    """Random sheets, each for two organizations that know their rows by the same names."""

    def __init__(self, seed: int, places: Tuple[Any, Any]) -> None:
        self.chance = random.Random(seed)
        self.places = places
        self.evil = self.chance.choice([0, 0, 0, 0.02, 0.2])
        self.versions: Dict[Tuple[Any, str], str] = {}

    def make(self) -> Tuple[List[Dict[str, Any]], ...]:
        """Return a sheet as each of the two would send it."""
        make = self.chance.choice([self.customers, self.customers, self.orders, self.products, self.regions, self.tags])
        rows = make()
        return tuple([self.read(place, row) for row in rows] for place in self.places)

    def lose(self) -> None:
        """Delete a row of each, behind the back of those who named it."""
        name = self.chance.choice("abcdef")
        is_order = self.chance.random() < 0.5
        for place in self.places:
            key = key_of(place, name)
            rows: Any = Order.objects.filter(customer=key) if is_order else Customer.objects.filter(pk=key)
            rows.delete()

    def customers(self) -> List[Dict[str, Any]]:
        columns = {"name": self.text, "email": self.mail, "age": self.age, "department": self.department}
        columns["region_id"] = self.region
        chosen = [name for name in columns if self.chance.random() < 0.6]
        envelope = self.chance.choice([(), ("_version",), ("_client_id",), ("organization", "updated_at")])
        return [
            {
                "_model": "testapp.Customer",
                "id": ("key", name),
                **{each: self.say(each, name) for each in envelope},
                **{each: columns[each]() for each in chosen},
            }
            for name in self.pick()
        ]

    def orders(self) -> List[Dict[str, Any]]:
        is_named = self.chance.random() < 0.5
        return [
            {
                "_model": "TESTAPP.order",
                **({"_client_id": f"order {name}"} if is_named else {}),
                "customer": ("key", self.chance.choice("abcd" if self.chance.random() < self.evil else "ab")),
                "number": self.chance.choice("123456") + name,
            }
            for name in self.pick()
        ]

    def products(self) -> List[Dict[str, Any]]:
        price = self.chance.random() < 0.5
        return [
            {
                "_model": "testapp.Product",
                "sku": ("own", name),
                "name": self.text(),
                **({"price": self.chance.choice([1, "2.50", 3.5])} if price else {}),
            }
            for name in self.pick()
        ]

    def regions(self) -> List[Dict[str, Any]]:
        return [
            {"_model": "testapp.Region", "_client_id": f"region {name}", "name": self.text()} for name in self.pick()
        ]

    def tags(self) -> List[Dict[str, Any]]:
        return [{"_model": "testapp.Tag", "id": ("own", name)} for name in self.pick()]

    def pick(self) -> List[str]:
        names = self.chance.sample(NAMES, self.chance.randint(1, len(NAMES)))
        return [*names, names[0]] if self.chance.random() < self.evil else names

    def say(self, what: str, name: str) -> Any:
        if what == "_version":
            return ("version", name) if self.chance.random() >= self.evil else "stale"
        if what == "_client_id":
            return f"customer {name}"
        return None if what == "organization" else "2020-01-01T00:00:00Z"

    def text(self) -> Any:
        return self.bad([LONG, "", "a\x00b", {}, "\ud800"]) or self.chance.choice(["x", "y", "z", "ü", 5])

    def mail(self) -> Any:
        return self.bad(["no", 5]) or self.chance.choice(["", "a@x.yz", "b@x.yz", "c@x.yz"])

    def age(self) -> Any:
        return self.bad([-1, 2**40, "x", True, 4.5]) or self.chance.choice([None, 1, 2, "3", 4.0])

    def department(self) -> Any:
        return self.bad(["SHOP"]) or self.chance.choice(["", "SALES", "SUPPORT"])

    def region(self) -> Any:
        return self.bad([10**9, {"_client_id": "nowhere"}, "x"]) or self.chance.choice([None, None, ("region", "one")])

    def bad(self, values: List[Any]) -> Any:
        return self.chance.choice(values) if self.chance.random() < self.evil else None

    def read(self, place: Any, row: Dict[str, Any]) -> Dict[str, Any]:
        return {name: self.read_value(place, value) for name, value in row.items()}

    def read_value(self, place: Any, value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        kind, name = value
        if kind == "version":
            return self.versions.get((place, key_of(place, name)))
        if kind == "region":
            return Region.objects.get(site=place.pk, name="first").pk
        return key_of(place, name) if kind == "key" else f"{place.slug[0]}-{name}"


def tell(result: Dict[str, Any]) -> Dict[str, Any]:
    """Return a result without what differs from organization to organization."""
    told = {**result, "errors": sorted(result.get("errors", ()))}
    told.pop("id", None)
    if "server" in told:
        told["server"] = told["server"] is not None
    return {**told, "_version": bool(told.pop("_version", None)), "order": list(result)}


def describe(place: Any) -> Dict[str, Any]:
    """Return all rows of an organization, with nothing that differs from one to the other."""
    own = {key_of(place, name): name for name in NAMES}
    names = {
        (each.model_name, each.object_key): each.client_id for each in ClientRecord.objects.filter(site_id=place.pk)
    }
    return {
        "customers": sorted(
            (own[str(each.pk)], each.name, each.email, str(each.age), each.department, each.region_id is None)
            for each in Customer.objects.filter(organization=place)
        ),
        "orders": sorted(
            (own[str(each.customer_id)], each.number, names.get(("testapp.Order", str(each.pk))))
            for each in Order.objects.filter(customer__organization=place)
        ),
        "products": sorted(
            (each.sku[2:], each.name, each.price)
            for each in Product.objects.filter(sku__startswith=place.slug[0] + "-")
        ),
        "regions": sorted((each.name, names.get(("testapp.Region", str(each.pk)), "")) for each in regions_of(place)),
        "tags": sorted(tag.pk[2:] for tag in Tag.objects.filter(organization=place)),
        "names": sorted(names.values()),
    }


def regions_of(place: Any) -> Any:
    return Region.objects.filter(site=place.pk)
