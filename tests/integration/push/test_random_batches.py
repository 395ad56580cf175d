"""A batch gives the same rows and results as its records pushed one at a time."""

from __future__ import annotations

import os
import random
import uuid
from typing import Any, Dict, List, Set, Tuple

import pytest

from sb_sync.models import ClientRecord
from sb_sync.push import order, reach
from tests.integration.push.world import World
from tests.testapp.models import Customer, Folder, Member, Order, OrderLine, Product, Region, Tag, Team, Visit

SEEDS = int(os.environ.get("SB_SYNC_TEST_SEEDS", "8"))
NAMES = ["a", "b", "c", "d"]


class Batch:
    """Random records, told with symbols that each organization reads in its own way."""

    def __init__(self, seed: int, *, deletes: bool) -> None:
        self.chance = random.Random(seed)
        self.share_of_deletes = 0.3 if deletes else 0.0
        self.may_delete_children = True
        self.records = [self.make() for _ in range(self.chance.randint(2, 40))]

    def make(self) -> Dict[str, Any]:
        chance = self.chance
        label, fields = chance.choice(
            [
                ("Customer", {"name": self.text, "email": self.mail, "region": self.region, "tags": self.tags}),
                ("Order", {"customer": self.customer, "number": self.number}),
                ("OrderLine", {"order": self.named, "product": self.named, "quantity": self.quantity}),
                ("Product", {"sku": self.unique, "name": self.text}),
                ("Region", {"name": self.text}),
                ("Tag", {}),
                ("Team", {"name": self.unique, "lead": self.named_or_none}),
                ("Member", {"name": self.text, "team": self.named}),
                ("Visit", {"customer": self.customer, "previous": self.named_or_none, "products": self.products}),
                ("Folder", {"name": self.text, "parent": self.named_or_none}),
                ("Folder", {"name": self.text, "parent": self.named_or_none}),
            ]
        )
        record: Dict[str, Any] = {"_model": f"testapp.{label}", **self.identity(label)}
        if chance.random() < self.share_of_deletes and self.may_delete(label):
            return {**record, "_deleted": True}
        if chance.random() < 0.03:
            record["_version"] = "stale"
        share = chance.choice([0.4, 1])
        for name, make in fields.items():
            if chance.random() < share:
                record[name] = make()
        return record

    def may_delete(self, label: str) -> bool:
        """Leave out the one difference there may be: what a later deletion takes protects nothing."""
        if label == "Product":
            self.may_delete_children = False
        return label not in ("OrderLine", "Order", "Customer") or self.may_delete_children

    def identity(self, label: str) -> Dict[str, Any]:
        name = self.chance.choice(NAMES)
        if label == "Tag":
            return {"id": ("text", name)}
        if label == "Customer" and self.chance.random() < 0.5:
            return {"id": ("uuid", name)}
        return {"_client_id": name}

    def named(self) -> Any:
        return {"_client_id": self.chance.choice(NAMES)}

    def named_or_none(self) -> Any:
        return self.chance.choice([None, self.named(), self.named()])

    def text(self) -> str:
        return self.chance.choice(["x", "y", "z", "y" * 39, "x", "y", "" if self.chance.random() < 0.3 else "y" * 120])

    def mail(self) -> str:
        return self.chance.choice(["", "a@x.yz", "b@x.yz", "c@x.yz", "d@x.yz", "no"])

    def unique(self) -> Any:
        return ("text", self.chance.choice(["k", "l", "m", "n", "o"]))

    def number(self) -> str:
        return self.chance.choice(["1", "2", "3"])

    def quantity(self) -> Any:
        return self.chance.choice([1, 2, 3, 4, "3", self.chance.choice([0, 1_000_000, "many"])])

    def region(self) -> Any:
        return self.chance.choice([None, self.named(), self.named()])

    def customer(self) -> Any:
        return self.chance.choice([self.named(), ("uuid", self.chance.choice(NAMES))])

    def tags(self) -> Any:
        return [("text", name) for name in self.chance.sample(NAMES, self.chance.randint(0, 2))]

    def products(self) -> Any:
        return [{"_client_id": name} for name in self.chance.sample(NAMES, self.chance.randint(0, 2))]


def first_rows() -> List[Dict[str, Any]]:
    """Return records that make the rows of most names."""
    records: List[Dict[str, Any]] = []
    for place, name in enumerate(NAMES[:3]):
        own = {"_client_id": name}
        records += [
            {"_model": "testapp.Region", **own, "name": name},
            {"_model": "testapp.Product", **own, "sku": ("text", "klm"[place]), "name": name},
            {"_model": "testapp.Tag", "id": ("text", name)},
            {"_model": "testapp.Customer", **own, "id": ("uuid", name), "name": name, "region": own},
            {"_model": "testapp.Order", **own, "customer": own, "number": "1"},
            {"_model": "testapp.OrderLine", **own, "order": own, "product": own},
            {"_model": "testapp.Team", **own, "name": ("text", "klm"[place])},
            {"_model": "testapp.Member", **own, "name": name, "team": own},
            {"_model": "testapp.Visit", **own, "customer": own, "products": [own]},
            {
                "_model": "testapp.Folder",
                **own,
                "name": name,
                "parent": {"_client_id": NAMES[place - 1]} if place else None,
            },
        ]
    return records


def read(value: Any, prefix: str) -> Any:
    """Return a symbol as one organization writes it."""
    if isinstance(value, tuple):
        kind, name = value
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, prefix + name)) if kind == "uuid" else prefix + name
    if isinstance(value, list):
        return [read(item, prefix) for item in value]
    if isinstance(value, dict):
        return {name: read(item, prefix) for name, item in value.items()}
    return value


def run_batch(world: World, user: Any, records: List[Dict[str, Any]]) -> List[Tuple[Any, ...]]:
    return [summarize(result) for result in world.results(*records, user=user)]


def run_each(world: World, user: Any, records: List[Dict[str, Any]]) -> List[Tuple[Any, ...]]:
    return [summarize(world.results(record, user=user)[0]) for record in records]


def summarize(result: Dict[str, Any]) -> Tuple[Any, ...]:
    return result["status"], result.get("code"), sorted(result.get("errors", ()))


class Names:
    """What clients of an organization call its rows."""

    def __init__(self, organization: Any, prefix: str) -> None:
        self.prefix = prefix
        self.keys = {str(uuid.uuid5(uuid.NAMESPACE_DNS, prefix + each)): "key " + each for each in NAMES}
        self.given = {
            (record.model_name, record.object_key): record.client_id
            for record in ClientRecord.objects.filter(site_id=organization.pk)
        }

    def of(self, label: str, key: Any) -> Any:
        """Return the name of a row."""
        if key is None:
            return None
        text = str(key)
        return self.keys.get(text) or self.given.get((f"testapp.{label}", text), "?")

    def bare(self, text: str) -> str:
        """Return a text as every organization writes it."""
        return text[len(self.prefix) :] if text.startswith(self.prefix) else text


def describe(organization: Any, prefix: str) -> Dict[str, List[Any]]:
    """Return all rows of an organization with nothing that differs from one to the next."""
    names = Names(organization, prefix)
    return {**describe_sales(organization, names), **describe_others(organization, names)}


def describe_sales(organization: Any, names: Names) -> Dict[str, List[Any]]:
    name, bare = names.of, names.bare
    own = {"organization": organization}
    return {
        "customers": sorted(
            [
                *(name("Customer", each.pk), each.name, each.email, str(name("Region", each.region_id))),
                *sorted(bare(tag.pk) for tag in each.tags.all()),
            ]
            for each in Customer.objects.filter(**own)
        ),
        "orders": sorted(
            [name("Order", each.pk), each.number, name("Customer", each.customer_id)]
            for each in Order.objects.filter(customer__organization=organization)
        ),
        "lines": sorted(
            [name("OrderLine", each.pk), each.quantity, name("Order", each.order_id), bare(each.product.sku)]
            for each in OrderLine.objects.filter(order__customer__organization=organization)
        ),
        "products": sorted(
            [bare(each.sku), each.name] for each in Product.objects.filter(sku__startswith=names.prefix)
        ),
    }


def describe_others(organization: Any, names: Names) -> Dict[str, List[Any]]:
    name, bare = names.of, names.bare
    own = {"organization": organization}
    return {
        "regions": sorted([name("Region", each.pk), each.name] for each in Region.objects.filter(site=organization.pk)),
        "tags": sorted(bare(each.pk) for each in Tag.objects.filter(**own)),
        "teams": sorted(
            [name("Team", each.pk), bare(each.name), str(name("Member", each.lead_id))]
            for each in Team.objects.filter(**own)
        ),
        "members": sorted(
            [name("Member", each.pk), each.name, name("Team", each.team_id)]
            for each in Member.objects.filter(team__organization=organization)
        ),
        "visits": sorted(
            [
                name("Visit", each.pk),
                str(name("Customer", each.customer_id)),
                str(name("Visit", each.previous_id)),
                *sorted(bare(product.sku) for product in each.products.all()),
            ]
            for each in Visit.objects.filter(**own)
        ),
        "folders": sorted(
            [name("Folder", each.pk), each.name, str(name("Folder", each.parent_id))]
            for each in Folder.objects.filter(**own)
        ),
    }


@pytest.mark.parametrize("seed", range(4))
def test_rows_that_need_each_other_travel_in_any_order(world: World, seed: int) -> None:
    records = read(first_rows(), "l-")
    straight = describe(world.acme, "l-")
    random.Random(seed).shuffle(records)
    assert {outcome[0] for outcome in run_batch(world, world.user, records)} == {"created"}
    run_batch(world, world.stranger, read(first_rows(), "r-"))
    assert straight != describe(world.acme, "l-") == describe(world.rival, "r-")


@pytest.fixture(params=["as it is", "every chain is long"])
def lengths(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what spares time with long chains to short ones too, which are easier to make at random."""
    if request.param != "as it is":
        monkeypatch.setattr(order, "DEEP", 0)
        monkeypatch.setattr(reach, "FEW", 0)


@pytest.mark.usefixtures("lengths")
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_batch_equals_its_records_one_by_one(world: World, seed: int) -> None:
    """References to later records are taken out first: those are the one thing that only a batch can do."""
    for user, prefix in ((world.user, "l-"), (world.stranger, "r-")):
        assert {outcome[0] for outcome in run_batch(world, user, read(first_rows(), prefix))} == {"created"}
    for step in range(3):
        batch = Batch(seed * 1000 + step, deletes=step != 0).records
        batch = without_later(batch, find_standing(world.acme))
        left, right = read(batch, "l-"), read(batch, "r-")
        together = run_batch(world, world.user, left)
        apart = [
            # Alone it cannot tell that a cascade of the same push took the row.
            one if one[0] == all_[0] or not record.get("_deleted") or one[0] != "unchanged" else ("deleted", None, [])
            for one, all_, record in zip(run_each(world, world.stranger, right), together, right)
        ]
        detail = "\n".join(f"{a} {b} {record}" for a, b, record in zip(together, apart, left))
        assert together == apart, f"seed {seed} step {step}:\n{detail}"
        assert describe(world.acme, "l-") == describe(world.rival, "r-"), f"seed {seed} step {step}:\n{detail}"


TARGETS = {
    "customer": "Customer",
    "region": "Region",
    "order": "Order",
    "product": "Product",
    "lead": "Member",
    "team": "Team",
    "previous": "Visit",
    "parent": "Folder",
    "products": "Product",
    "tags": "Tag",
}


def find_standing(organization: Any) -> Set[Tuple[str, str]]:
    """Return the names, by label, of rows that are there."""
    models = (Customer, Order, OrderLine, Product, Region, Team, Member, Visit, Folder)
    keys = {(model._meta.label, str(key)) for model in models for key in model.objects.values_list("pk", flat=True)}
    standing = {("testapp.Tag", tag.pk[2:]) for tag in Tag.objects.filter(organization=organization)}
    for record in ClientRecord.objects.filter(site_id=organization.pk):
        if (record.model_name, record.object_key) in keys:
            standing.add((record.model_name, record.client_id))
    return standing


def without_later(batch: List[Dict[str, Any]], standing: Set[Tuple[str, str]]) -> List[Dict[str, Any]]:
    """Return the records without references that only a later record of the batch can satisfy."""
    has_deletes = any("_deleted" in record for record in batch)
    makers: Dict[Tuple[str, str], List[int]] = {}
    for place, record in enumerate(batch):
        for name in ("_client_id", "id"):
            if name in record and "_deleted" not in record:
                makers.setdefault((record["_model"], name_of(record[name])), []).append(place)

    def is_later(place: int, name: str, value: Any) -> bool:
        if name not in TARGETS or value is None:
            return False
        for item in value if isinstance(value, list) else [value]:
            wanted = (f"testapp.{TARGETS[name]}", name_of(item))
            is_there = wanted in standing and not has_deletes
            if not is_there and any(maker >= place for maker in makers.get(wanted, [])):
                return True
        return False

    return [
        {name: value for name, value in record.items() if not is_later(place, name, value)}
        for place, record in enumerate(batch)
    ]


def name_of(item: Any) -> str:
    """Return the name in a symbol or reference."""
    if isinstance(item, dict):
        return str(item["_client_id"])
    return str(item[1]) if isinstance(item, tuple) else str(item)
