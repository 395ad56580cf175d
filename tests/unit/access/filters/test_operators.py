"""What each operator means for each kind of field, as the database answers it."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any, Dict, List, Set

import pytest
from django.db import models

from sb_sync import catalog
from sb_sync.access.filters import check_condition, compile_filter
from sb_sync.access.filters.resolve import RowFilter
from sb_sync.access.filters.values import read_value
from sb_sync.testing.factories import make_member, make_organization
from tests.testapp.models import Customer, Order, Region, Restaurant, Specimen, Tag, Visit

pytestmark = pytest.mark.django_db

TOKENS = [uuid.UUID(int=number) for number in (1, 2, 3)]
#: The values of three rows, least first; a fourth row holds NULL where the field takes it.
KINDS: Dict[str, List[Any]] = {
    "big": [-(2**60), 5, 2**60],
    "small": [-3, 0, 7],
    "positive": [0, 1, 2**62],
    "amount": [Decimal("-1.500"), Decimal("0.125"), Decimal("1000.000")],
    "ratio": [-0.5, 0.25, 1e10],
    "day": [date(1999, 12, 31), date(2024, 2, 29), date(2031, 1, 1)],
    "clock": [time(0, 0), time(9, 30), time(23, 59, 59)],
    "moment": [
        datetime(2020, 1, 1, tzinfo=timezone.utc),
        datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=timezone.utc),
        datetime(2030, 1, 1, tzinfo=timezone.utc),
    ],
    "span": [timedelta(seconds=-1), timedelta(hours=1), timedelta(days=400)],
}
#: How the values may be written, beside what `str` makes of them.
SPELLINGS: Dict[str, List[Any]] = {
    "big": [-(2**60), 5, str(2**60)],
    "small": [-3, "0", 7],
    "positive": [0, 1, 2**62],
    "amount": ["-1.5", 0.125, 1000],
    "ratio": [-0.5, "0.25", 10000000000],
    "day": ["1999-12-31", "2024-02-29", "2031-01-01"],
    "clock": ["00:00", "09:30", "23:59:59"],
    "moment": ["2020-01-01T00:00:00Z", "2024-05-06T09:08:09.123456+02:00", "2030-01-01T00:00:00"],
    "span": ["-00:00:01", "01:00:00", "P400D"],
}


def leaf(field: str, operator: str, value: Any) -> Dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


class Shelf:
    """Rows by short names, and which of them a condition lets through."""

    def __init__(self, model: Any, **rows: Any) -> None:
        self.model = model
        self.names = {row.pk: name for name, row in rows.items()}
        self.site = make_organization("other").pk

    def select(self, condition: Any, site: Any = None) -> Set[str]:
        synced = catalog.find(self.model._meta.label)
        assert synced is not None
        tree = check_condition(synced, condition)
        found = self.model.objects.filter(compile_filter(RowFilter((tree,)), site or self.site))
        keys = list(found.values_list("pk", flat=True))
        assert len(keys) == len(set(keys)), "rows are doubled"
        rest = self.model.objects.filter(
            compile_filter(RowFilter((check_condition(synced, {"not": condition}),)), site or self.site)
        )
        # A condition and its opposite part the rows: nothing is in both, nothing in neither.
        assert sorted([*keys, *rest.values_list("pk", flat=True)], key=str) == sorted(self.names, key=str)
        return {self.names[key] for key in keys}


@pytest.mark.parametrize("field", sorted(KINDS))
def test_ordered_values_compare_as_such_and_null_is_false(field: str) -> None:
    acme = make_organization("acme")
    names = ["low", "mid", "top"]
    rows = {
        name: Specimen.objects.create(organization=acme, **{field: value}) for name, value in zip(names, KINDS[field])
    }
    rows["null"] = Specimen.objects.create(organization=acme, **{field: None})
    shelf = Shelf(Specimen, **rows)
    low, mid, top = SPELLINGS[field]
    expected = {
        ("exact", mid): {"mid"},
        ("ne", mid): {"low", "top", "null"},
        ("gt", mid): {"top"},
        ("gte", mid): {"mid", "top"},
        ("lt", mid): {"low"},
        ("lte", mid): {"low", "mid"},
        ("isnull", True): {"null"},
        ("isnull", False): {"low", "mid", "top"},
    }
    for (operator, value), selected in expected.items():
        assert shelf.select(leaf(field, operator, value)) == selected, operator
    assert shelf.select(leaf(field, "in", [low, top])) == {"low", "top"}
    assert shelf.select(leaf(field, "not_in", [low, top])) == {"mid", "null"}
    assert shelf.select(leaf(field, "range", [low, mid])) == {"low", "mid"}
    assert shelf.select(leaf(field, "range", [mid, low])) == set()


def write(organization: Any, text: str) -> Specimen:
    return Specimen.objects.create(organization=organization, text=text)


def test_no_digit_of_a_long_decimal_is_lost() -> None:
    field = models.DecimalField(name="amount", max_digits=40, decimal_places=2)
    written = "12345678901234567890123456789012345678.91"
    assert read_value(field, "exact", written) == Decimal(written)
    assert repr(read_value(field, "exact", "1.50")) == repr(read_value(field, "exact", 1.5))


def test_texts_compare_in_their_case_and_nothing_in_them_is_special() -> None:
    acme = make_organization("acme")
    texts = {"plain": "Oak", "small": "oak", "empty": "", "percent": "100%", "under": "1_0", "long": "an Oak tree"}
    shelf = Shelf(
        Specimen, **{name: Specimen.objects.create(organization=acme, text=text) for name, text in texts.items()}
    )
    select = shelf.select
    assert select(leaf("text", "exact", "Oak")) == {"plain"}
    assert select(leaf("text", "iexact", "OAK")) == {"plain", "small"}
    assert select(leaf("text", "contains", "Oak")) == {"plain", "long"}
    assert select(leaf("text", "icontains", "OAK")) == {"plain", "small", "long"}
    assert select(leaf("text", "startswith", "Oa")) == {"plain"}
    assert select(leaf("text", "startswith", "an Oak trees")) == set()
    assert select(leaf("text", "contains", "%")) == {"percent"}
    assert select(leaf("text", "icontains", "0%")) == {"percent"}
    assert select(leaf("text", "contains", "_")) == {"under"}
    assert select(leaf("text", "startswith", "1_")) == {"under"}
    assert select(leaf("text", "startswith", ".*")) == set()
    assert select(leaf("text", "contains", "' OR 1=1 --")) == set()
    assert select(leaf("text", "exact", "")) == {"empty"}
    assert select(leaf("text", "in", ["Oak", ""])) == {"plain", "empty"}
    assert select(leaf("text", "ne", "Oak")) == set(texts) - {"plain"}
    assert select(leaf("text", "exact", 100)) == set()


def test_letters_beyond_ascii_are_found_in_their_case() -> None:
    acme = make_organization("acme")
    texts = {"upper": "Ärzte", "lower": "ärzte", "wide": "x😀y"}
    shelf = Shelf(
        Specimen, **{name: Specimen.objects.create(organization=acme, text=text) for name, text in texts.items()}
    )
    assert shelf.select(leaf("text", "startswith", "Är")) == {"upper"}
    assert shelf.select(leaf("text", "contains", "är")) == {"lower"}
    assert shelf.select(leaf("text", "startswith", "x😀")) == {"wide"}


def test_truth_values_uuids_and_addresses_are_the_same_or_not() -> None:
    acme = make_organization("acme")
    shelf = Shelf(
        Specimen,
        yes=Specimen.objects.create(organization=acme, flag=True, maybe=True, token=TOKENS[0], address="10.0.0.1"),
        no=Specimen.objects.create(organization=acme, flag=False, maybe=False, token=TOKENS[1], address="::1"),
        null=Specimen.objects.create(organization=acme, maybe=None),
    )
    assert shelf.select(leaf("flag", "exact", True)) == {"yes"}
    assert shelf.select(leaf("maybe", "exact", False)) == {"no"}
    assert shelf.select(leaf("maybe", "ne", False)) == {"yes", "null"}
    assert shelf.select(leaf("maybe", "in", [True, False])) == {"yes", "no"}
    assert shelf.select(leaf("token", "exact", str(TOKENS[0]))) == {"yes"}
    assert shelf.select(leaf("token", "not_in", [TOKENS[0].hex])) == {"no", "null"}
    assert shelf.select(leaf("address", "in", ["10.0.0.1", "0:0:0:0:0:0:0:1"])) == {"yes", "no"}
    assert shelf.select(leaf("blob", "isnull", True)) == {"yes", "no", "null"}
    assert shelf.select(leaf("document", "isnull", True)) == {"yes", "no", "null"}


def test_keys_compare_without_a_look_at_what_they_name() -> None:
    acme = make_organization("acme")
    manager = make_member(acme)
    north = Region.objects.create(site_id=acme.pk, name="North")
    rows = {
        "both": Customer.objects.create(organization=acme, assigned_manager=manager, region=north),
        "none": Customer.objects.create(organization=acme),
    }
    shelf = Shelf(Customer, **rows)
    for name in ("assigned_manager", "assigned_manager_id", "assigned_manager__id", "assigned_manager__pk"):
        assert shelf.select(leaf(name, "exact", manager.pk)) == {"both"}
        assert shelf.select(leaf(name, "ne", str(manager.pk))) == {"none"}
    assert shelf.select(leaf("region", "in", [north.pk, 999999])) == {"both"}
    assert shelf.select(leaf("region__id", "isnull", True)) == {"none"}
    assert shelf.select(leaf("id", "exact", str(rows["both"].pk))) == {"both"}
    assert shelf.select(leaf("pk", "ne", rows["both"].pk.hex)) == {"none"}


def test_a_relation_that_names_no_row_is_a_missing_value() -> None:
    acme = make_organization("acme")
    north, south = (Region.objects.create(site_id=acme.pk, name=name) for name in ("North", "South"))
    far = Region.objects.create(site_id=make_organization("rival").pk, name="North")
    rows = {
        name: Customer.objects.create(organization=acme, region=region)
        for name, region in {"north": north, "south": south, "none": None, "foreign": far}.items()
    }
    shelf = Shelf(Customer, **rows)
    site = acme.pk
    assert shelf.select(leaf("region__name", "exact", "North"), site) == {"north"}
    assert shelf.select(leaf("region__name", "ne", "North"), site) == {"south", "none", "foreign"}
    assert shelf.select(leaf("region__name", "not_in", ["North", "South"]), site) == {"none", "foreign"}
    assert shelf.select(leaf("region__name", "isnull", True), site) == {"none", "foreign"}
    assert shelf.select(leaf("region__name", "contains", "orth"), site) == {"north"}
    # The key itself is the row's own.
    assert shelf.select(leaf("region", "isnull", True), site) == {"none"}


def test_a_list_is_asked_for_any_of_its_rows_and_never_doubles_one() -> None:
    acme = make_organization("acme")
    tags = [Tag.objects.create(slug=slug, organization=acme) for slug in ("a", "ab", "b")]
    rows = {name: Customer.objects.create(organization=acme) for name in ("all", "one", "none")}
    rows["all"].tags.set(tags)
    rows["one"].tags.set(tags[:1])
    shelf = Shelf(Customer, **rows)
    site = acme.pk
    assert shelf.select(leaf("tags", "exact", "a")) == {"all", "one"}
    assert shelf.select(leaf("tags", "ne", "a")) == {"none"}
    assert shelf.select(leaf("tags", "in", ["a", "ab"])) == {"all", "one"}
    assert shelf.select(leaf("tags", "not_in", ["ab", "b"])) == {"one", "none"}
    assert shelf.select(leaf("tags", "isnull", True)) == {"none"}
    assert shelf.select(leaf("tags", "isnull", False)) == {"all", "one"}
    assert shelf.select(leaf("tags__slug", "exact", "b")) == {"all"}
    assert shelf.select(leaf("tags__organization", "exact", acme.pk), site) == {"all", "one"}
    assert shelf.select(leaf("tags__organization", "ne", acme.pk), site) == {"none"}
    both = {"and": [leaf("tags", "exact", "a"), leaf("tags", "exact", "b")]}
    assert shelf.select(both) == {"all"}
    assert shelf.select({"not": {"or": [leaf("tags", "exact", "b"), leaf("tags", "isnull", True)]}}) == {"one"}


def test_and_or_and_not_nest_and_keep_null_false() -> None:
    acme = make_organization("acme")
    ages = {"young": 20, "old": 70, "unknown": None}
    shelf = Shelf(
        Customer, **{name: Customer.objects.create(organization=acme, age=age, name=name) for name, age in ages.items()}
    )
    young, old = leaf("age", "lt", 30), leaf("age", "gt", 60)
    assert shelf.select({"or": [young, old]}) == {"young", "old"}
    assert shelf.select({"and": [young, old]}) == set()
    assert shelf.select({"not": {"or": [young, old]}}) == {"unknown"}
    assert shelf.select({"not": {"not": young}}) == {"young"}
    assert shelf.select({"not": {"and": [{"not": young}, {"not": old}]}}) == {"young", "old"}
    assert shelf.select({"not": {"and": [leaf("age", "ne", 20), leaf("name", "ne", "old")]}}) == {"young", "old"}


def test_rows_that_inherit_are_filtered_by_what_they_inherit() -> None:
    acme = make_organization("acme")
    shelf = Shelf(
        Restaurant,
        good=Restaurant.objects.create(organization=acme, name="Good", stars=5),
        bad=Restaurant.objects.create(organization=acme, name="Bad", stars=1),
    )
    assert shelf.select(leaf("name", "exact", "Good")) == {"good"}
    assert shelf.select(leaf("stars", "lt", 3)) == {"bad"}
    assert shelf.select(leaf("place_ptr__name", "startswith", "B"), acme.pk) == {"bad"}


def test_a_model_that_refers_to_itself_is_followed_as_far_as_the_path_says() -> None:
    acme = make_organization("acme")
    first = Visit.objects.create(organization=acme, note="first")
    second = Visit.objects.create(organization=acme, note="second", previous=first)
    third = Visit.objects.create(organization=acme, note="third", previous=second)
    shelf = Shelf(Visit, first=first, second=second, third=third)
    assert shelf.select(leaf("previous__note", "exact", "first"), acme.pk) == {"second"}
    assert shelf.select(leaf("previous__previous__note", "exact", "first"), acme.pk) == {"third"}
    assert shelf.select(leaf("previous__previous__note", "isnull", True), acme.pk) == {"first", "second"}


def test_a_relation_asked_both_ways_still_takes_no_row_for_a_missing_value() -> None:
    """Were both asked of one join, Django would forget for the second that it may find nothing."""
    acme = make_organization("acme")
    coast = Region.objects.create(site_id=acme.pk, name="Coast")
    customers = {
        "placed": Customer.objects.create(organization=acme, name="placed", region=coast),
        "homeless": Customer.objects.create(organization=acme, name="homeless"),
    }
    shelf = Shelf(
        Order, **{name: Order.objects.create(customer=customer, number="1") for name, customer in customers.items()}
    )
    coastal = {"and": [leaf("customer__name", "ne", "x"), leaf("customer__region__name", "icontains", "COA")]}
    elsewhere = {"not": leaf("customer__region__name", "contains", "oas")}
    assert shelf.select({"or": [coastal, elsewhere]}, acme.pk) == {"placed", "homeless"}
    assert shelf.select(elsewhere, acme.pk) == {"homeless"}


def test_conditions_made_by_chance_mean_what_python_makes_of_them() -> None:
    chance = Random(7)
    acme = make_organization("acme")
    regions = [Region.objects.create(site_id=acme.pk, name=name) for name in ("North", "South")]
    regions.append(Region.objects.create(site_id=make_organization("rival").pk, name="North"))
    tags = [Tag.objects.create(slug=slug, organization=acme) for slug in ("a", "b")]
    rows: Dict[str, Customer] = {}
    held: Dict[str, Dict[str, List[Any]]] = {}
    for number in range(24):
        region, age = chance.choice([None, *regions]), chance.choice([None, 1, 2])
        row = Customer.objects.create(organization=acme, name=str(number), region=region, age=age)
        own = [tag for tag in tags if chance.random() < 0.5]
        row.tags.set(own)
        rows[row.name] = row
        near = region is not None and region.site_id == acme.pk
        held[row.name] = {
            "age": [] if age is None else [age],
            "region__name": [region.name] if near and region is not None else [],
            "region": [] if region is None else [region.pk],
            "tags__slug": [tag.slug for tag in own],
            "tags__organization": [acme.pk for _ in own],
        }
    values = {
        "age": [1, 2],
        "region__name": ["North", "South"],
        "region": [region.pk for region in regions],
        "tags__slug": ["a", "b"],
        "tags__organization": [acme.pk],
    }
    shelf = Shelf(Customer, **rows)
    for _ in range(150):
        condition = make_condition(chance, values, 3)
        expected = {name for name, own_values in held.items() if holds(condition, own_values)}
        assert shelf.select(condition, acme.pk) == expected, condition


def make_condition(chance: Random, values: Dict[str, List[Any]], depth: int) -> Dict[str, Any]:
    """Make a condition of comparisons with these values."""
    if depth and chance.random() < 0.7:
        word = chance.choice(["and", "or", "not"])
        parts = [make_condition(chance, values, depth - 1) for _ in range(chance.randint(1, 3))]
        return {word: parts[0] if word == "not" else parts}
    field = chance.choice(sorted(values))
    operator = chance.choice(["exact", "ne", "in", "not_in", "isnull"])
    if operator == "isnull":
        return leaf(field, operator, chance.random() < 0.5)
    value = chance.choice(values[field])
    return leaf(field, operator, [value] if operator in ("in", "not_in") else value)


def holds(condition: Dict[str, Any], held: Dict[str, List[Any]]) -> bool:
    """Judge a condition by the values that a row has at the end of each path."""
    if "not" in condition:
        return not holds(condition["not"], held)
    for word, join in (("and", all), ("or", any)):
        if word in condition:
            return join(holds(part, held) for part in condition[word])
    found, operator, value = held[condition["field"]], condition["operator"], condition["value"]
    if operator == "isnull":
        return (not found) is bool(value)
    is_there = any(item in (value if isinstance(value, list) else [value]) for item in found)
    return is_there is (operator in ("exact", "in"))
