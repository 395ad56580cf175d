"""Queries that are put together once and asked with other values."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from decimal import Decimal
from typing import Any, List

import pytest
from django.db import connection, connections
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast
from django.test import override_settings

from sb_sync.optimizations.prepared import Parameter, Prepared
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Customer, Product, Specimen

COLUMNS = ("id", "moment", "day", "clock", "span", "amount", "flag", "maybe", "token", "big", "text", "blob")


class Query:
    """A prepared query that counts how often it was put together."""

    def __init__(self, make: Any) -> None:
        self.made = 0
        self._make = make
        self.prepared = Prepared(self._count)

    def _count(self, using: str) -> Any:
        self.made += 1
        return self._make(using)


@pytest.mark.django_db
def test_rows_are_those_that_django_reads() -> None:
    acme = make_organization("acme")
    values = {
        "moment": dt.datetime(2024, 1, 14, 10, tzinfo=dt.timezone.utc),
        "day": dt.date(2024, 1, 14),
        "clock": dt.time(10, 30, 1, 5),
        "span": dt.timedelta(days=1, microseconds=7),
        "amount": Decimal("12.500"),
        "maybe": True,
        "token": uuid.uuid4(),
        "big": 2**62,
        "text": "100 %s",
    }
    Specimen.objects.create(organization=acme, **values)
    Specimen.objects.create(organization=acme)
    organization = Parameter("organization", Specimen._meta.get_field("organization"))
    query = Query(lambda using: Specimen.objects.filter(organization=organization).order_by("id").values_list(*COLUMNS))
    expected = [tuple(row) for row in Specimen.objects.order_by("id").values_list(*COLUMNS)]
    for _ in range(2):
        found = query.prepared.ask("default", organization=acme.pk)
        assert [(type(row), list(map(type, row))) for row in found] == [(tuple, list(map(type, r))) for r in expected]
        assert [row[:-1] for row in found] == [row[:-1] for row in expected]
    assert query.prepared.ask("default", organization=acme.pk + 1) == []
    assert query.made == 1


@pytest.mark.django_db
def test_values_are_made_fit_for_the_column_and_never_part_of_the_statement() -> None:
    customer = Customer.objects.create(organization=make_organization("acme"), name="' OR 1=1 --")
    by_key = Prepared(lambda using: Customer.objects.filter(pk=Parameter("key", Customer._meta.pk)).values_list("name"))
    assert by_key.ask("default", key=customer.pk) == by_key.ask("default", key=str(customer.pk)) == [(customer.name,)]
    assert by_key.ask("default", key=uuid.uuid4()) == []
    by_name = Prepared(
        lambda using: Customer.objects.filter(name=Parameter("name", Customer._meta.get_field("name"))).values_list(
            "pk"
        )
    )
    assert by_name.ask("default", name=customer.name) == [(customer.pk,)]
    assert by_name.ask("default", name="' OR ''='") == by_name.ask("default", name="%s") == []
    # A comparison with nothing is not a question for rows without a value.
    assert by_name.ask("default", name=None) == []


@pytest.mark.django_db
def test_each_answer_is_of_the_moment_in_which_it_is_asked() -> None:
    query = Prepared(
        lambda using: Product.objects.filter(sku=Parameter("sku", Product._meta.get_field("sku"))).values_list("name")
    )
    assert query.ask("default", sku="1") == []
    Product.objects.create(sku="1", name="old")
    assert query.ask("default", sku="1") == [("old",)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE testapp_product SET name = 'new'")
    assert query.ask("default", sku="1") == [("new",)]


@pytest.mark.django_db
def test_a_union_takes_one_value_in_several_places() -> None:
    def make(using: str) -> Any:
        sku = Parameter("sku", Product._meta.get_field("sku"))
        columns = {"label": F("name"), "kind": Value("a", TextField())}
        others = {"label": Cast("price", TextField()), "kind": Value("b", TextField())}
        names = Product.objects.filter(sku=sku).order_by().annotate(**columns).values_list(*columns)
        prices = Product.objects.filter(sku=sku).order_by().annotate(**others).values_list(*others)
        return names.union(prices, all=True)

    Product.objects.create(sku="1", name="one", price=5)
    Product.objects.create(sku="2", name="two", price=6)
    found = sorted(Prepared(make).ask("default", sku="2"), key=lambda row: str(row[1]))
    assert [(label, kind) for label, kind in found if kind == "a"] == [("two", "a")]
    assert len(found) == 2


@pytest.mark.django_db(transaction=True)
def test_what_one_thread_put_together_serves_the_others() -> None:
    make_organization("acme")
    Product.objects.create(sku="1", name="one")
    query = Query(
        lambda using: Product.objects.filter(sku=Parameter("sku", Product._meta.get_field("sku"))).values_list("name")
    )
    answers: List[Any] = [query.prepared.ask("default", sku="1")]

    def ask() -> None:
        answers.append(query.prepared.ask("default", sku="1"))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, query.made) == ([[("one",)]] * 4, 1)


@pytest.mark.django_db
def test_times_are_read_as_the_project_has_them_whenever_a_query_was_put_together() -> None:
    acme = make_organization("acme")
    Specimen.objects.create(organization=acme, moment=dt.datetime(2024, 1, 14, 10, tzinfo=dt.timezone.utc))
    query = Query(lambda using: Specimen.objects.values_list("moment"))

    def has_zone() -> bool:
        ((moment,),) = query.prepared.ask("default")
        return moment.tzinfo is not None

    with override_settings(USE_TZ=False):
        assert not has_zone()
    assert has_zone()
