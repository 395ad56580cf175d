"""Values: every type of field, what is refused, and that no shape of JSON is an error of the server."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from decimal import Decimal
from typing import Any, Dict, List

import pytest

from sb_sync.access import resolve_scope, scoped_queryset
from sb_sync.catalog import synced_models
from sb_sync.errors import SyncError
from sb_sync.wire import read_records, schema_of
from tests.integration.push.world import World
from tests.testapp.models import Customer, OrderLine, Product, Region, Shelf, Specimen

EVERY: Dict[str, Any] = {
    "big": "9223372036854775807",
    "small": -32768,
    "positive": "45",
    "flag": True,
    "maybe": False,
    "text": "Zeile\n2 ✓",
    "short": 12345,
    "slug": "a-b_c",
    "url": "https://example.com/x",
    "amount": "123456789.125",
    "ratio": 0.1,
    "day": "2024-02-29",
    "clock": "23:59:59.5",
    "moment": "2024-01-15T10:30:00.123456Z",
    "span": "P1DT2H",
    "blob": "AAEC/w==",
    "document": {"a": [1, True, None, "x"], "": 1.5},
    "token": "6f1f7f4c-8e5f-4b8e-9d0b-0f6a6b1d2c3e",
    "address": "2001:db8::1",
    "path": "",
}


def test_every_type_is_stored_as_it_was_sent(world: World) -> None:
    result = world.one(model="testapp.Specimen", **EVERY)
    assert result["status"] == "created", result
    stored = Specimen.objects.get()
    assert (stored.big, stored.small, stored.positive, stored.short) == (2**63 - 1, -32768, 45, "12345")
    assert (stored.amount, stored.ratio, stored.day) == (Decimal("123456789.125"), 0.1, dt.date(2024, 2, 29))
    assert stored.moment == dt.datetime(2024, 1, 15, 10, 30, 0, 123456, tzinfo=dt.timezone.utc)
    assert (stored.span, bytes(stored.blob or b"")) == (dt.timedelta(days=1, hours=2), b"\x00\x01\x02\xff")
    assert (stored.document, stored.token) == (EVERY["document"], uuid.UUID(EVERY["token"]))
    again = world.one(model="testapp.Specimen", id=result["id"], **EVERY)
    assert (again["status"], again["_version"]) == ("unchanged", result["_version"])


def test_every_type_is_changed_as_it_was_sent(world: World) -> None:
    """Goes by the statement for updates, whose values need types of their own."""
    first = world.one(model="testapp.Specimen", flag=False)
    second = world.one(model="testapp.Specimen", **EVERY)
    nothing = {name: None for name, value in EVERY.items() if name not in ("flag", "text", "short", "slug", "url")}
    del nothing["path"]
    results = world.results(
        {"_model": "testapp.Specimen", "id": first["id"], **EVERY},
        {"_model": "testapp.Specimen", "id": second["id"], **nothing},
    )
    assert [result["status"] for result in results] == ["updated"] * 2, results
    one, two = Specimen.objects.order_by("pk")
    for field in Specimen._meta.concrete_fields:
        if field.attname in nothing:
            assert getattr(two, field.attname) is None, field.attname
    assert (one.amount, one.document, bytes(one.blob or b"")) == (
        Decimal("123456789.125"),
        EVERY["document"],
        b"\x00\x01\x02\xff",
    )
    assert (one.address, one.span, one.maybe) == ("2001:db8::1", dt.timedelta(days=1, hours=2), False)


def test_what_was_pulled_is_unchanged_when_it_is_pushed_back(world: World) -> None:
    world.one(model="testapp.Specimen", **EVERY)
    world.one(model="testapp.Customer", name="A", email="a@x.yz")
    # Stored values that no longer pass: a blank name, a mail address that is none, a choice that is gone.
    Customer.objects.create(organization=world.acme, name="", email="nonsense", department="GONE")
    scope = resolve_scope(world.user, None)
    for label in ("testapp.Specimen", "testapp.Customer"):
        synced = synced_models()[label]
        records = json.loads(json.dumps(read_records(schema_of(synced), scoped_queryset(scope, synced), "default")))
        assert {result["status"] for result in world.results(*records)} == {"unchanged"}
    odd = Customer.objects.get(name="")
    assert world.one(model="testapp.Customer", id=str(odd.pk), name="", age=4)["status"] == "updated"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("big", 2**63),
        ("big", 10**400),
        ("big", 45.5),
        ("big", True),
        ("big", {}),
        ("big", "forty"),
        ("small", 32768),
        ("positive", -1),
        ("flag", 1),
        ("flag", "true"),
        ("flag", None),
        ("maybe", "no"),
        ("text", True),
        ("text", ["x"]),
        ("text", "a\x00b"),
        ("text", "\ud800"),
        ("short", "x" * 11),
        ("slug", "no slug"),
        ("url", "javascript:alert(1)"),
        ("amount", "1234567890.1"),
        ("amount", "0.1234"),
        ("amount", "NaN"),
        ("amount", "1e400"),
        ("ratio", "NaN"),
        ("ratio", float("inf")),
        ("day", "2024-02-30"),
        ("day", 5),
        ("clock", "25:00"),
        ("moment", "yesterday"),
        ("moment", "9999-12-31T23:59:59-23:59"),
        ("span", "long"),
        ("blob", "***"),
        ("document", {"a": "\x00"}),
        ("document", {"a": float("nan")}),
        ("token", "no uuid"),
        ("address", "256.1.1.1"),
    ],
)
def test_a_value_that_the_field_does_not_take_is_invalid(world: World, name: str, value: Any) -> None:
    made = world.one(model="testapp.Specimen", flag=True)
    for extra in ({}, {"id": made["id"]}):
        result = world.one(model="testapp.Specimen", **{"flag": True, **extra, name: value})
        assert (result.get("code"), list(result.get("errors", ()))) == ("invalid", [name]), result
    assert Specimen.objects.count() == 1


def test_a_file_is_read_only(world: World) -> None:
    result = world.one(model="testapp.Specimen", flag=True, attachment="/etc/passwd")
    assert (result["status"], result["ignored"]) == ("created", ["attachment"])
    assert not Specimen.objects.get().attachment


def test_choices_validators_and_missing_fields_are_checked(world: World) -> None:
    assert set(world.one(model="testapp.Customer", name="A", department="NONE")["errors"]) == {"department"}
    assert set(world.one(model="testapp.Order", number="1")["errors"]) == {"customer_id"}
    assert set(world.one(model="testapp.Customer")["errors"]) == {"name"}
    assert world.one(model="testapp.Shelf", title="x")["code"] == "invalid"


def test_unknown_fields_are_named(world: World) -> None:
    result = world.one(model="testapp.Region", name="x", colour="red", _mystery=1)
    assert (result["code"], list(result["errors"])) == ("unknown_field", ["_mystery"])
    result = world.one(model="testapp.Region", name="x", colour="red", size=1)
    assert (result["code"], set(result["errors"])) == ("unknown_field", {"colour", "size"})


def test_constraints_of_the_database_are_told_per_record(world: World) -> None:
    product = Product.objects.create(sku="p", name="P")
    customer = world.one(model="testapp.Customer", name="C")
    order = world.one(model="testapp.Order", customer=customer["id"], number="1")
    line = {"_model": "testapp.OrderLine", "order": order["id"], "product": product.pk}
    results = world.results(*[{**line, "quantity": 10**6 if place % 3 == 0 else place} for place in range(40)])
    for place, result in enumerate(results):
        assert result.get("code") == ("invalid" if place % 3 == 0 else None), (place, result)
    assert OrderLine.objects.count() == 26
    again = world.results(
        {"_model": "testapp.Order", "customer": customer["id"], "number": "1"},
        {"_model": "testapp.Order", "customer": customer["id"], "number": "2"},
        {"_model": "testapp.Order", "customer": customer["id"], "number": "2"},
    )
    assert [result.get("code") for result in again] == ["duplicate", None, "duplicate"]
    assert set(again[0]["errors"]) == {"customer_id", "number"}


def test_an_integer_key_that_the_client_chooses_has_a_range(world: World) -> None:
    for key in (2**31, -(2**40), 10**30, "x", 1.5, True, [], {}, {"_client_id": "x"}, "1\x00"):
        assert world.one(model="testapp.Shelf", id=key, title="t")["status"] == "error", key
        assert world.one(model="testapp.Shelf", id=key, _deleted=True)["status"] in ("error", "unchanged"), key
    assert not Shelf.objects.exists()


WEIRD: List[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    1e308,
    float("inf"),
    float("nan"),
    "",
    "x" * 5000,
    "\x00",
    "\ud800",
    "1",
    [],
    [[]],
    [None],
    [{"_client_id": "x"}],
    ["\x00"],
    [[[[[[[[1]]]]]]]],
    {},
    {"_client_id": "nobody"},
    {"_client_id": 5},
    {"_client_id": ""},
    {"_client_id": "x" * 65},
    {"_client_id": "a", "more": 1},
    {"id": 1},
    {"a": {"b": {"c": "\x00"}}},
]


def test_no_shape_of_json_in_any_place_breaks_the_push(world: World) -> None:
    Region.objects.create(site_id=world.acme.pk, name="R")
    for synced in synced_models().values():
        schema = schema_of(synced)
        names = ["_model", "_client_id", "_version", "_deleted", "_base", "_reason", *schema.by_name]
        for name in names:
            records = [
                {"_model": synced.label, "_client_id": f"{name}-{place}", name: value}
                for place, value in enumerate(WEIRD)
            ]
            body = world.push(*records).body
            assert len(body["results"]) == len(WEIRD)
            assert not [result for result in body["results"] if result.get("code") == "internal"], name


@pytest.mark.parametrize("seed", range(6))
def test_random_json_never_breaks_the_push(world: World, seed: int) -> None:
    chance = random.Random(seed)
    labels = [*synced_models(), "auth.User", "x", None]
    names = sorted({name for synced in synced_models().values() for name in schema_of(synced).by_name})

    def make() -> Any:
        if chance.random() < 0.05:
            return chance.choice(WEIRD)
        label = chance.choice(labels)
        synced = synced_models().get(label) if label else None
        own = list(schema_of(synced).by_name) if synced else names
        record: Dict[str, Any] = {"_model": label}
        for name in chance.sample(own, min(len(own), chance.randint(0, 5))):
            record[name] = chance.choice(WEIRD)
        for name in ("_client_id", "_version", "_deleted"):
            if chance.random() < 0.2:
                record[name] = chance.choice(WEIRD)
        return record

    for _ in range(5):
        body = {"data": [make() for _ in range(60)], "atomic": chance.random() < 0.3}
        try:
            answer = world.send(body)
        except SyncError:
            continue
        assert "internal" not in {result.get("code") for result in answer.body["results"]}
