"""What databases write for the wire themselves is what Python would have written."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from decimal import Decimal
from typing import Any, Callable, List, Mapping, Sequence

import pytest
from django.db import DataError, connection, models, transaction
from django.db.models import Count, F
from django.test import override_settings
from django.test.utils import isolate_apps

from sb_sync import catalog, wire
from sb_sync.testing.factories import make_organization
from sb_sync.wire.columns import select
from tests.testapp.models import Badge, Customer, Specimen, Tag

UTC = dt.timezone.utc
ROWS = 300
MOMENTS = (
    dt.datetime(1, 1, 1, tzinfo=UTC),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    dt.datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
    dt.datetime(2024, 10, 27, 1, 30, 0, 100000, tzinfo=UTC),
)


def schema(label: str) -> wire.ModelSchema:
    synced = catalog.find(label)
    assert synced is not None
    return wire.schema_of(synced)


def make_specimens(seed: int) -> None:
    """Make rows at random, with the ends of every range among them."""
    dice = random.Random(seed)
    acme = make_organization("acme")
    moments = [*MOMENTS]
    while len(moments) < ROWS:
        seconds = dice.randrange(-62_135_596_800, 253_402_300_799)
        fraction = dice.choice([0, 1, 10, 500_000, dice.randrange(1_000_000)])
        moments.append(dt.datetime(1970, 1, 1, tzinfo=UTC) + dt.timedelta(seconds=seconds, microseconds=fraction))
    Specimen.objects.bulk_create(
        Specimen(
            organization=acme,
            moment=dice.choice([None, moment]) if number >= len(MOMENTS) else moment,
            day=dice.choice([None, moment.date()]),
            clock=dice.choice([None, moment.time(), dt.time(0), dt.time(23, 59, 59, 999999)]),
            amount=dice.choice([None, Decimal(dice.randrange(-(10**12) + 1, 10**12)).scaleb(-3), Decimal(0)]),
            token=dice.choice([None, uuid.UUID(int=dice.getrandbits(128), version=4)]),
            big=dice.choice([None, dice.randrange(-(2**63), 2**63)]),
        )
        for number, moment in enumerate(moments)
    )


def encode_slowly(found: wire.ModelSchema, rows: Any) -> List[Any]:
    """Return each row as the codecs write what Django reads."""
    fields = found.fields
    values = rows.values_list(*(field.attname for field in fields))
    return [{field.name: field.encode(value) for field, value in zip(fields, row)} for row in values]


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Kiritimati"])
def test_every_value_is_written_as_its_codec_writes_it(zone: str) -> None:
    make_specimens(seed=7)
    found = schema("testapp.Specimen")
    rows = Specimen.objects.order_by("pk")
    with override_settings(TIME_ZONE=zone):
        records = wire.read_records(found, rows, "default")
        expected = encode_slowly(found, rows)
    assert len(records) == ROWS
    for record, slow in zip(records, expected):
        assert {name: record[name] for name in slow} == slow
        assert record["_version"] == wire.version_of(found, {**slow, "id": record["id"]})


@pytest.mark.only_on("postgresql", reason="other databases know one way of writing dates")
@pytest.mark.django_db
def test_the_session_may_write_dates_in_its_own_way() -> None:
    make_specimens(seed=8)
    found, rows = schema("testapp.Specimen"), Specimen.objects.order_by("pk")
    expected = wire.read_records(found, rows, "default")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL datestyle TO 'German'; SET LOCAL intervalstyle TO 'iso_8601'")
        cursor.execute("SET LOCAL timezone TO 'Asia/Kathmandu'")
    assert wire.read_records(found, rows, "default") == expected


@pytest.mark.only_on("postgresql", reason="other databases hold no such values")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("moment", "infinity"),
        ("moment", "-infinity"),
        ("moment", "0044-03-15 12:00:00+00 BC"),
        ("moment", "10000-01-01 00:00:00+00"),
        ("day", "infinity"),
        ("day", "0044-03-15 BC"),
        ("day", "10000-01-01"),
        ("clock", "24:00:00"),
    ],
)
def test_what_no_calendar_of_python_holds_is_never_written(column: str, value: str) -> None:
    row = Specimen.objects.create(organization=make_organization("acme"))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE testapp_specimen SET {column} = %s WHERE id = %s", [value, row.pk])
    with pytest.raises(DataError), transaction.atomic():
        wire.read_records(schema("testapp.Specimen"), Specimen.objects.all(), "default")


STORED: Mapping[str, Sequence[Any]] = {
    "moment": [
        "2024-02-28 12:00:00", "2024-02-29 12:00:00.000001", "2024-02-28 12:00:00.000000", "2024-02-28 12:00:00.5",
        "2024-02-28 12:00:00.500", "2024-02-28 12:00:00.123456", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999",
        "2024-02-28T12:00:00", "2024-02-28 12:00", "2024-02-28 12:00:00+02:00", "2024-02-28 12:00:00Z", "2024-02-28",
        "20240228T120000", "no time", "", "24:00", 20240228, 2460369.5, 0, b"2024-02-28 12:00:00",
        " 2024-02-28 12:00:00",
        "2024-02-28 12:00:00 ", "2024-02-28 12:00:00\n", "\uff12024-02-28 12:00:00",
    ],
    "day": [
        "2024-02-28", "2024-02-29", "0001-01-01", "9999-12-31", "2024-2-8", "20240228", "2024-W09-3", "no day", "",
        20240228, 2460369.5, 0, b"2024-02-28", "2024-02-28\n", "2024-02-28 12:00:00", "\uff12024-02-28",
    ],
    "clock": [
        "12:00:00", "00:00:00", "23:59:59.999999", "12:00:00.000000", "12:00:00.5", "12:00", "1:02:03", "120000",
        "12:00:00+01:00", "no time", "", 0, 12, b"12:00:00", "12:00:00\n",
    ],
    "amount": [
        0, 1, -1, 12, 100, 999999999999, -999999999999, 0.0, -0.0, 0.1, -0.125, 1e-3, 0.0005, 0.0015, 123456789.125,
        99999999999.999, 1e3, "1e3", "12.50", 2.5e-7, 1000000000000, -(10**15), 1e15, 123456789012345678, "",
        "no number",
        "NaN", b"12",
    ],
    "token": [
        "c0ffee00000040008000000000000000", "C0FFEE00000040008000000000000000", "c0ffee00-0000-4000-8000-000000000000",
        "{c0ffee00-0000-4000-8000-000000000000}", "urn:uuid:c0ffee00-0000-4000-8000-000000000000", "c0ffee00", "", 7,
        b"c0ffee00000040008000000000000000", "c0ffee00000040008000000000000000\n",
    ],
}  # fmt: skip


def catch(read: Callable[[], Any]) -> Any:
    """Return what is read, or the class of the error with which that fails."""
    try:
        return read()
    except Exception as error:
        return type(error)


@pytest.mark.only_on("sqlite", reason="other databases hold no values of other types")
@pytest.mark.django_db
@pytest.mark.parametrize("column", STORED)
def test_whatever_is_stored_is_written_as_django_reads_it(column: str) -> None:
    found = schema("testapp.Specimen")
    row = Specimen.objects.create(organization=make_organization("acme"))
    read = 0
    with connection.cursor() as cursor:
        for value in STORED[column]:
            cursor.execute(f"UPDATE testapp_specimen SET {column} = %s WHERE id = %s", [value, row.pk])
            rows = Specimen.objects.filter(pk=row.pk)
            expected = catch(lambda: encode_slowly(found, rows))  # noqa: B023 - called at once
            records = catch(lambda: wire.read_records(found, rows, "default"))  # noqa: B023
            if isinstance(expected, list):
                read += 1
                assert {name: records[0][name] for name in expected[0]} == expected[0], value
                assert records[0]["_version"] == wire.version_of(found, {**expected[0], "id": row.pk})
            else:
                assert records is expected, value
    assert read > 4


@pytest.mark.only_on("sqlite", reason="other databases hold no values of other types")
@pytest.mark.django_db
def test_equal_values_of_several_types_are_each_written_as_they_are() -> None:
    acme, found = make_organization("acme"), schema("testapp.Specimen")
    for value in (0, -0.0, 1, 1.0, None, 0.5, "2.5") * 3:
        row = Specimen.objects.create(organization=acme)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE testapp_specimen SET amount = %s WHERE id = %s", [value, row.pk])
    rows = Specimen.objects.order_by("pk")
    expected = [row["amount"] for row in encode_slowly(found, rows)]
    assert [record["amount"] for record in wire.read_records(found, rows, "default")] == expected


@pytest.mark.django_db
def test_querysets_of_any_shape_are_read() -> None:
    acme = make_organization("acme")
    customers = [Customer.objects.create(organization=acme, name=str(number)) for number in range(3)]
    tags = [Tag.objects.create(slug=slug, organization=acme) for slug in "ab"]
    for customer in customers:
        customer.tags.set(tags)
    found = schema("testapp.Customer")
    plain = wire.read_records(found, Customer.objects.order_by("pk"), "default")
    assert [record["tags"] for record in plain] == [["a", "b"]] * 3
    for rows in (
        Customer.objects.filter(tags__in=tags).distinct().order_by("pk"),
        Customer.objects.annotate(count=Count("tags")).filter(count=2).order_by("pk"),
        Customer.objects.annotate(text=F("name")).order_by("pk")[:10],
        Customer.objects.filter(pk__in=Customer.objects.filter(tags="a").values("pk")).order_by("pk"),
        Customer.objects.select_related("organization").defer("name").order_by("pk"),
    ):
        assert wire.read_records(found, rows, "default") == plain


@pytest.mark.django_db
def test_a_key_that_is_a_reference_is_written_like_the_key_it_names() -> None:
    customer = Customer.objects.create(organization=make_organization("acme"), name="John")
    Badge.objects.create(customer=customer, code="1")
    (record,) = wire.read_records(schema("testapp.Badge"), Badge.objects.all(), "default")
    assert record["id"] == str(customer.pk)


def test_times_without_zones_are_read_by_python() -> None:
    moment = schema("testapp.Specimen").by_name["moment"]
    assert select(moment) != "moment"
    with override_settings(USE_TZ=False):
        assert select(moment) == "moment"


@isolate_apps("tests.testapp")
def test_columns_that_django_did_not_make_are_read_by_python() -> None:
    class Own(models.DateField):  # type: ignore[type-arg]  # not generic at run time
        """A field of the project's own."""

    class OwnKey(models.ForeignKey):  # type: ignore[type-arg]  # not generic at run time
        """A reference of the project's own."""

    class Target(models.Model):
        """A row with a key that the database writes as text."""

        id = models.UUIDField(primary_key=True)
        day = models.DateField()
        own = Own()
        ours = OwnKey("self", models.CASCADE, related_name="+")
        plain = models.ForeignKey("self", models.CASCADE, related_name="+")

        class Meta:
            app_label = "testapp"

    class Legacy(models.Model):
        """A table that others made."""

        day = models.DateField()
        target = models.ForeignKey(Target, models.CASCADE, related_name="+")

        class Meta:
            app_label = "testapp"
            managed = False

    def is_asked_for_text(model: Any, name: str) -> bool:
        field = model._meta.get_field(name)
        some: Any = schema("testapp.Specimen").key
        return select(type(some)(name, field, field.attname, False, "", some.codec)) != field.attname

    asked = {name: is_asked_for_text(Target, name) for name in ("id", "day", "own", "ours", "plain")}
    assert asked == {"id": True, "day": True, "own": False, "ours": False, "plain": True}
    assert not any(is_asked_for_text(Legacy, name) for name in ("day", "target"))
