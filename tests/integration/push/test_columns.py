"""Rows written by columns hold what Django itself would have written."""

from __future__ import annotations

import math
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Dict, List

import pytest
from django.db import DataError, connection, transaction

from sb_sync.feed import backend_for
from sb_sync.feed.backends.base import Column
from sb_sync.feed.backends.postgresql_columns import write_array
from sb_sync.push.columns import is_known, make_column, prepare
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Customer, Specimen

FULL: Dict[str, Any] = {
    "big": 2**62, "small": -3, "positive": 2**62, "flag": True, "maybe": False, "text": "Ärger, 'so' \\ \"{}\" %s NULL",
    "short": "NULL", "slug": "a-b", "url": "http://a.bc/", "amount": Decimal("-123456789.125"), "ratio": -1.5e300,
    "day": date(1, 1, 1), "clock": time(23, 59, 59, 999999), "moment": datetime(2020, 2, 29, 12, 0, 0, 5, timezone.utc),
    "span": timedelta(days=-3, microseconds=7), "blob": b"\x00\xff", "document": {"a": [1, None, "%s"]},
    "token": uuid.UUID(int=7), "path": "/a",
}  # fmt: skip
EMPTY = {name: None for name in FULL if Specimen._meta.get_field(name).null}
SMALL = {**FULL, "big": 1, "positive": 70000, "document": "text", "amount": Decimal("0.001"), "short": ""}


@pytest.mark.django_db
def test_every_known_field_is_written_as_django_writes_it() -> None:
    backend = backend_for("default")
    organization = make_organization("acme")
    rows = [Specimen(organization=organization, **values) for values in (FULL, EMPTY, SMALL, EMPTY)]
    Specimen.objects.bulk_create(rows)
    expected = list(Specimen.objects.order_by("pk").values())
    fields = [field for field in Specimen._meta.concrete_fields if not field.primary_key]
    others = {"address", "attachment"}
    assert {field.name for field in fields if not is_known(field)} == others
    Specimen.objects.all().delete()
    known = [field for field in fields if field.name not in others]
    if not backend.supports_columns:
        for field in known:
            values = [getattr(row, field.attname) for row in rows]
            assert prepare(field, values, connection) == [field.get_db_prep_save(each, connection) for each in values]
        return
    columns = [make_column(field, [getattr(row, field.attname) for row in rows], connection) for field in known]
    columns += [Column("address", "inet", [None] * 4), Column("attachment", "text", [""] * 4)]
    keys = backend.insert_columns("testapp_specimen", columns, returning="id")
    written = list(Specimen.objects.order_by("pk").values())
    assert [row.pop("id") for row in written] == keys
    assert [{**row, "attachment": ""} for row in written] == [_without_key(row) for row in expected]


def _without_key(row: Dict[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def test_texts_and_choices_of_other_classes_are_written_as_plain_ones(db: None) -> None:
    class Text(str):
        __slots__ = ()

    field = Customer._meta.get_field("name")
    assert list(map(type, prepare(field, [Text("a"), "b", None], connection))) == [str, str, type(None)]


ARRAYS: Dict[str, List[Any]] = {
    "text": [
        "",
        " ",
        "NULL",
        "null",
        None,
        "{}",
        "{a,b}",
        '"',
        '""',
        "\\",
        '\\"',
        "a,b",
        "'",
        "%s",
        "\t\n\r\v\x7f",
        "Ä😀",
        "\x01",
    ],
    "bigint": [0, -1, None, 2**63 - 1, -(2**63)],
    "numeric": [Decimal(text) for text in ("0", "-0", "0.000", "1E+5", "1.50E-7", "-123456789.125", "9" * 60)],
    "double precision": [0.1, -0.0, 1e-300, 1.7976931348623157e308, 5e-324, math.inf, -math.inf, None],
    "uuid": [uuid.UUID(int=0), None, uuid.UUID(int=2**128 - 1)],
    "date": [date(1, 1, 1), date(9999, 12, 31), None, date(2020, 2, 29)],
    "time": [time(0), time(23, 59, 59, 999999), None],
    "timestamptz": [datetime(1, 1, 2, tzinfo=timezone.utc), datetime(2020, 2, 29, 12, 0, 0, 5, timezone.utc), None],
}


@pytest.mark.only_on("postgresql", reason="written by columns there alone")
@pytest.mark.django_db
@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("style", ["ISO, DMY", "ISO, MDY"])
def test_an_array_as_text_holds_the_very_values(kind: str, style: str) -> None:
    backend, values = backend_for("default"), ARRAYS[kind]
    backend.execute("SELECT set_config('datestyle', %s, true)", [style])
    for given in (values, [value for value in values if value is not None], values[:1], [None]):
        written, driven = (
            backend.execute(f"SELECT v FROM unnest(%s::{kind}[]) v", [array]) for array in (write_array(given), given)
        )
        # psycopg2 loses the sign of -0.0 on the way: of such numbers the given ones are the measure.
        measure = [(value,) for value in given] if kind == "double precision" else driven
        assert list(map(repr, written)) == list(map(repr, measure))
        assert [value for (value,) in written] == given


def test_values_of_several_kinds_are_left_to_the_driver() -> None:
    for values in (
        [1, True],
        ["a", 1],
        [date(1, 1, 1), datetime(1, 1, 1, tzinfo=timezone.utc)],
        [b"a"],
        [timedelta(1)],
        [True],
        [{}],
    ):
        assert write_array(values) is None


@pytest.mark.only_on("postgresql", reason="written by columns there alone")
@pytest.mark.django_db
def test_what_is_too_long_for_a_column_is_refused_and_not_cut() -> None:
    backend = backend_for("default")
    specimen = Specimen.objects.create(organization=make_organization("acme"))
    short, key = Specimen._meta.get_field("short"), Specimen._meta.pk
    columns = [make_column(key, [specimen.pk], connection), make_column(short, ["x" * 11], connection)]
    with pytest.raises(DataError), transaction.atomic():
        backend.update_columns("testapp_specimen", columns, ("'%%' = %s", ("%",)))
    columns = [columns[0], make_column(short, ["x" * 10], connection)]
    backend.update_columns("testapp_specimen", columns, ("id = %s", (0,)))
    assert Specimen.objects.get().short == ""
    backend.update_columns("testapp_specimen", columns, (f"id IN ({backend.new_keys})", ()))
    assert Specimen.objects.get().short == "x" * 10
