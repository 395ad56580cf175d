"""Rows of a query, a run at a time, are those that Django reads."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, List

import pytest
from django.db.models import F, Value
from django.db.models.functions import Concat

from sb_sync.optimizations.rows import read_runs
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Product, Specimen

pytestmark = pytest.mark.django_db
COLUMNS = ("id", "moment", "day", "clock", "span", "amount", "flag", "token", "big", "text", "document")


def read(rows: Any, size: int) -> List[List[Any]]:
    return [list(zip(*run)) for run in read_runs(rows, "default", size=size)]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_runs_are_the_rows_in_order(size: int) -> None:
    acme = make_organization("acme")
    Specimen.objects.create(organization=acme)
    for number in range(5):
        Specimen.objects.create(
            organization=acme,
            moment=dt.datetime(2024, 1, number + 1, tzinfo=dt.timezone.utc),
            day=dt.date(2024, 1, number + 1),
            clock=dt.time(number),
            span=dt.timedelta(days=number),
            amount=Decimal(number) / 8,
            flag=bool(number % 2),
            token=uuid.uuid4(),
            big=2**62 + number,
            text="100 %s",
            document={"a": [number]},
        )
    rows = Specimen.objects.order_by("-id").values_list(*COLUMNS)
    expected = [tuple(row) for row in rows]
    assert len(expected) == 6
    runs = read(rows, size)
    assert [row for run in runs for row in run] == expected
    assert [len(run) for run in runs] == [min(size, 6 - start) for start in range(0, 6, size)]


def test_expressions_stand_behind_names() -> None:
    Product.objects.create(sku="1", name="a")
    rows = Product.objects.values_list("sku", Concat(F("name"), Value("!")))
    assert read(rows, 10) == [[("1", "a!")]]


def test_nothing_is_no_run() -> None:
    assert read(Product.objects.values_list("sku"), 10) == []


def test_what_django_knows_to_be_nothing_is_not_asked(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert read(Product.objects.none().values_list("sku"), 10) == []


def test_all_runs_are_one_statement(django_assert_num_queries: Any) -> None:
    Product.objects.bulk_create(Product(sku=str(number), name="") for number in range(10))
    with django_assert_num_queries(1):
        assert len(read(Product.objects.values_list("sku"), 3)) == 4
