"""Rows as records, and their versions."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from decimal import Decimal
from typing import Any, Dict, Sequence

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from sb_sync import catalog, wire
from sb_sync.protocol import REASON_DELETED, REASON_OUT_OF_SCOPE
from sb_sync.testing.factories import make_organization
from sb_sync.wire import version
from tests.testapp.models import Badge, Customer, Product, Restaurant, Tag, Visit

pytestmark = pytest.mark.django_db


def schema(label: str) -> wire.ModelSchema:
    synced = catalog.find(label)
    assert synced is not None
    return wire.schema_of(synced)


def read(label: str, rows: Any) -> Any:
    return wire.read_records(schema(label), rows, "default")


def make_customer(**values: Any) -> Customer:
    return Customer.objects.create(organization=make_organization(uuid.uuid4().hex[:10]), name="John Doe", **values)


def test_a_record_shows_a_row() -> None:
    manager = get_user_model().objects.create_user("manager")
    customer = make_customer(age=45, department="SALES", assigned_manager=manager)
    customer.tags.set([Tag.objects.create(slug=slug, organization=customer.organization) for slug in ("b", "a")])
    record = read("testapp.Customer", Customer.objects.all())[0]
    assert record == {
        "_model": "testapp.Customer",
        "id": str(customer.pk),
        "name": "John Doe",
        "email": "",
        "age": 45,
        "department": "SALES",
        "assigned_manager_id": manager.pk,
        "region_id": None,
        "updated_at": customer.updated_at.isoformat().replace("+00:00", "Z"),
        "organization": customer.organization.pk,
        "tags": ["a", "b"],
        "_version": record["_version"],
    }
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_records_come_in_the_order_of_the_queryset() -> None:
    for number in range(5):
        Product.objects.create(sku=str(number), name="")
    records = read("testapp.Product", Product.objects.order_by("-sku"))
    assert [record["sku"] for record in records] == ["4", "3", "2", "1", "0"]


def test_a_page_takes_one_statement_and_one_per_list(django_assert_num_queries: Any) -> None:
    organization = make_organization("acme")
    product = Product.objects.create(sku="1", name="")
    for _ in range(20):
        Visit.objects.create(organization=organization).products.add(product)
    with django_assert_num_queries(2):
        records = read("testapp.Visit", Visit.objects.all())
    assert [record["products"] for record in records] == [[product.pk]] * 20
    with django_assert_num_queries(1):
        assert read("testapp.Visit", Visit.objects.filter(note="none")) == []


def test_more_owners_than_the_database_takes_parameters_are_read() -> None:
    organization = make_organization("acme")
    product = Product.objects.create(sku="1", name="")
    Visit.objects.bulk_create(Visit(organization=organization) for _ in range(1100))
    Visit.products.through.objects.bulk_create(
        Visit.products.through(visit=visit, product=product) for visit in Visit.objects.all()
    )
    assert {tuple(record["products"]) for record in read("testapp.Visit", Visit.objects.all())} == {(product.pk,)}


def test_an_inherited_row_is_one_record() -> None:
    restaurant = Restaurant.objects.create(organization=make_organization("acme"), name="Roma", stars=2)
    record = read("testapp.Restaurant", Restaurant.objects.all())[0]
    assert (record["id"], record["name"], record["stars"]) == (restaurant.pk, "Roma", 2)


def test_a_version_is_of_the_values_that_clients_write() -> None:
    customer = make_customer()

    def version() -> str:
        return str(read("testapp.Customer", Customer.objects.filter(pk=customer.pk))[0]["_version"])

    first = version()
    tag, _, digest = first.partition(".")
    assert tag == schema("testapp.Customer").tag
    assert len(digest) * 4 >= 96
    # The time of writing is no value of the client's.
    customer.save()
    assert version() == first
    customer.age = 5
    customer.save()
    second = version()
    assert second != first
    customer.tags.add(Tag.objects.create(slug="a", organization=customer.organization))
    assert version() not in (first, second)
    customer.tags.clear()
    assert version() == second
    customer.age = None
    customer.save()
    assert version() == first


def test_rows_with_equal_values_have_versions_of_their_own() -> None:
    make_customer()
    make_customer()
    assert len({record["_version"] for record in read("testapp.Customer", Customer.objects.all())}) == 2


def test_a_version_does_not_depend_on_the_order_in_a_document() -> None:
    found = schema("testapp.Product")
    record = {"id": 1, "sku": {"a": 1, "b": 2}, "name": "", "price": "1"}
    assert wire.version_of(found, record) == wire.version_of(found, {**record, "sku": {"b": 2, "a": 1}})


def test_a_tombstone_shows_nothing_but_the_key() -> None:
    found = schema("testapp.Customer")
    key = uuid.uuid4()
    stone = wire.tombstone(found, str(key), REASON_DELETED)
    assert stone == {
        "_model": "testapp.Customer",
        "id": str(key),
        "_deleted": True,
        "_reason": "deleted",
        "_version": stone["_version"],
    }
    # As SQLite writes it into its log.
    other = wire.tombstone(found, key.hex, REASON_OUT_OF_SCOPE)
    assert (other["id"], other["_version"]) == (stone["id"], stone["_version"])
    assert wire.tombstone(schema("testapp.Product"), "17", REASON_DELETED)["id"] == 17


def test_the_text_of_a_key_in_the_database_names_the_row() -> None:
    customer = make_customer()
    Badge.objects.create(customer=customer, code="1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(customer_id AS varchar(64)) FROM testapp_badge")
        text = cursor.fetchone()[0]
    assert schema("testapp.Badge").key_from_text(text) == customer.pk
    assert schema("testapp.Badge").key_text(customer.pk) == str(customer.pk)


ODD_TEXTS = ("", "Zürich 🚲", "\x7f", "\u2028", '\x01\b\t\n\f\r"\\/', "a\ud800", "<&>", "\x80", "\x1f", "1e5")


@pytest.mark.parametrize("is_quick", [True, False])
def test_versions_of_many_rows_are_those_of_each(is_quick: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_quick:
        monkeypatch.setattr(version, "orjson", None)
    dice = random.Random(11)
    texts = [*ODD_TEXTS, *(chr(code) for code in range(1, 256))]
    texts += ["".join(chr(dice.choice([dice.randrange(1, 128), dice.randrange(1, 0xD800)])) for _ in range(5))] * 50
    found = schema("testapp.Product")
    for prices in (texts, [*range(-3, 3), None, True, False, 2**53, 2**64, -(2**70)], [1e300, 0.1, 1e22, -0.0, 1.0],
                   [[1, 2], [], ["ä"]], [[1e300], ["x"]], [{"b": 1, "a": [1e22]}, None, 5]):  # fmt: skip
        columns: Dict[str, Sequence[Any]] = {"id": range(len(prices)), "sku": texts, "name": texts, "price": prices}
        columns = {name: column[: len(prices)] for name, column in columns.items()}
        records = [dict(zip(columns, row)) for row in zip(*columns.values())]
        assert len(records) == len(prices)
        assert version.versions_of(found, columns) == [wire.version_of(found, record) for record in records]


def test_the_version_of_a_row_stays_the_same_from_release_to_release() -> None:
    product = Product(pk=5, sku="a-5", name="Café", price=Decimal("12.50"))
    product.save()
    (record,) = read("testapp.Product", Product.objects.all())
    parts = '["testapp.Product",5,["a-5","Caf\\u00e9","12.50"]]'
    digest = hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()
    assert record["_version"] == f"{schema('testapp.Product').tag}.{digest}"
