"""Many rows at once, by their keys."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any, Dict, List

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from sb_sync.models import Organization
from sb_sync.optimizations import BulkOperations, measure
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Customer, Product, Region, Tag

pytestmark = pytest.mark.django_db

write = BulkOperations.bulk_create_or_update


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def test_rows_without_a_known_key_are_created_and_the_others_changed(acme: Organization) -> None:
    standing = Customer.objects.create(organization=acme, name="Old", age=40)
    fresh = uuid.uuid4()
    done = write(
        Customer,
        [
            {"id": str(standing.pk), "name": "New"},
            {"pk": fresh, "name": "Keyed", "organization": acme},
            {"name": "Keyless", "organization_id": acme.pk},
            {"id": None, "name": "Null", "organization": acme.pk},
        ],
    )
    assert done == {"created": 3, "updated": 1}
    assert set(Customer.objects.values_list("name", "age")) == {
        ("New", 40), ("Keyed", None), ("Keyless", None), ("Null", None)
    }  # fmt: skip
    assert Customer.objects.get(name="Keyed").pk == fresh


def test_only_the_fields_that_are_named_change_and_the_time_of_the_change(acme: Organization) -> None:
    one, two = (Customer.objects.create(organization=acme, name=name, age=1) for name in ("one", "two"))
    before = timezone.now() - timedelta(days=1)
    Customer.objects.update(updated_at=before)
    assert write(Customer, [{"id": one.pk, "age": 2}, {"id": two.pk, "name": "2"}, {"id": uuid.uuid4(), "name": "x", "organization": acme}]) == {"created": 1, "updated": 2}  # fmt: skip # noqa: E501
    one.refresh_from_db()
    two.refresh_from_db()
    assert ((one.name, one.age), (two.name, two.age)) == (("one", 2), ("2", 1))
    assert min(one.updated_at, two.updated_at) > before


def test_a_key_alone_changes_nothing(acme: Organization) -> None:
    Tag.objects.create(slug="a", organization=acme)
    assert write(Tag, [{"slug": "a"}]) == {"created": 0, "updated": 1}


def test_nothing_to_do_is_done() -> None:
    assert write(Tag, []) == {"created": 0, "updated": 0}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"sku": "a", "name": "x" * 81}, "row 1, name: Ensure this value has at most 80 characters"),
        ({"sku": "a", "price": "dear"}, "row 1, price: “dear” value must be a decimal number."),
        ({"sku": None}, "row 1, sku: This field cannot be null."),
        ({"sku": "a", "colour": "red"}, "row 1: there is no field 'colour' that can be written"),
        ({"sku": "a", "id": 7, "pk": 7}, "row 1: id is given twice"),
        ({"id": 2**70}, "row 1, id: "),
        ({"id": 999_999, "sku": "a"}, "row 1: no row has its key, and the database chooses"),
    ],
)
def test_what_is_wrong_is_told_by_row_and_nothing_is_written(data: Dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as raised:
        write(Product, [{"sku": "fine", "name": "Fine"}, data])
    assert any(message.startswith(told) for message in raised.value.messages), raised.value.messages
    assert not Product.objects.exists()


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as raised:
        write(Product, [{"price": "x", "name": ""}, {"nothing": 1}])
    assert len(raised.value.messages) == 3


def test_a_foreign_key_must_be_a_key(acme: Organization) -> None:
    for value in ("north", None, [1], object(), 2**70):
        with pytest.raises(ValidationError, match="row 0, site"):
            write(Region, [{"name": "x", "site": value}])
    assert write(Region, [{"name": "x", "site_id": str(acme.pk)}])["created"] == 1


def test_a_key_that_comes_twice_is_refused(acme: Organization) -> None:
    key = uuid.uuid4()
    rows: List[Dict[str, Any]] = [{"id": key, "name": "a"}, {"name": "b"}, {"id": str(key), "name": "c"}]
    with pytest.raises(ValidationError, match="row 2: its key is that of row 0 too"):
        write(Customer, [{**row, "organization": acme} for row in rows])
    assert not Customer.objects.exists()


def test_what_the_database_refuses_leaves_nothing_behind(transactional_db: None) -> None:
    standing = Product.objects.create(sku="taken", name="Old")
    with pytest.raises(IntegrityError):
        write(Product, [{"id": standing.pk, "name": "New"}, {"sku": "free"}, {"sku": "taken"}], batch_size=1)
    with pytest.raises(IntegrityError):
        write(Region, [{"name": "nowhere", "site": 999_999}])
    assert [(row.sku, row.name) for row in Product.objects.all()] == [("taken", "Old")]


def test_many_rows_take_few_statements(acme: Organization) -> None:
    keys = [uuid.uuid4() for _ in range(1000)]
    rows = [{"id": key, "name": "first", "organization": acme} for key in keys]
    with measure() as creating:
        assert write(Customer, rows) == {"created": 1000, "updated": 0}
    with measure() as changing:
        assert write(Customer, [{"id": key, "name": "second"} for key in keys]) == {"created": 0, "updated": 1000}
    assert Customer.objects.filter(name="second").count() == 1000
    # SQLite takes 999 values in a statement where it is old, 250,000 where it is new.
    assert max(creating.queries, changing.queries) < 40


def test_a_batch_has_at_least_one_row() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        write(Product, [], batch_size=0)


def test_values_are_those_that_the_fields_hold() -> None:
    write(Product, [{"sku": 12, "name": "Twelve", "price": "1.50"}])
    assert Product.objects.values_list("sku", "price").get() == ("12", Decimal("1.50"))
