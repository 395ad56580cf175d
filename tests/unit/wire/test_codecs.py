"""Values of every type of field: round trips, and what is refused in whose words."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from sb_sync import catalog, wire
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Specimen

UTC = dt.timezone.utc
ROUND_TRIPS = [
    ("big", 45, 45),
    ("big", 2**53 - 1, 2**53 - 1),
    ("big", 2**53, "9007199254740992"),
    ("big", -(2**63), "-9223372036854775808"),
    ("small", -32768, -32768),
    ("positive", 2**63 - 1, "9223372036854775807"),
    ("flag", True, True),
    ("maybe", None, None),
    ("maybe", False, False),
    ("text", "Zürich 🚲\n", "Zürich 🚲\n"),
    ("short", "", ""),
    ("slug", "a-b", "a-b"),
    ("url", "https://example.org/", "https://example.org/"),
    ("amount", Decimal("12.500"), "12.500"),
    ("amount", Decimal("-0.001"), "-0.001"),
    ("ratio", 0.1, 0.1),
    ("ratio", 1e300, 1e300),
    ("day", dt.date(2024, 1, 14), "2024-01-14"),
    ("clock", dt.time(10, 30, 1, 5), "10:30:01.000005"),
    ("moment", dt.datetime(2024, 1, 14, 10, tzinfo=UTC), "2024-01-14T10:00:00Z"),
    ("moment", dt.datetime(2024, 1, 14, 10, 0, 0, 5, tzinfo=UTC), "2024-01-14T10:00:00.000005Z"),
    ("moment", dt.datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ("span", dt.timedelta(days=1, hours=2, microseconds=7), "P1DT02H00M00.000007S"),
    ("span", -dt.timedelta(minutes=5), "-P0DT00H05M00S"),
    ("blob", b"\x00\xff", "AP8="),
    ("blob", b"", ""),
    ("document", {"a": [1, None, "x", 1.5]}, {"a": [1, None, "x", 1.5]}),
    ("document", "text", "text"),
    ("document", None, None),
    ("token", uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("address", "::1", "::1"),
    ("address", "10.0.0.1", "10.0.0.1"),
    ("path", "/tmp", "/tmp"),
]
ACCEPTED = [
    ("big", "45", 45),
    ("big", "-45", -45),
    ("big", 45.0, 45),
    ("text", 45, "45"),
    ("short", 1.5, "1.5"),
    ("amount", 12, Decimal(12)),
    ("amount", 12.1, Decimal("12.1")),
    ("amount", "1e2", Decimal(100)),
    ("ratio", 2, 2.0),
    ("ratio", "2.5", 2.5),
    ("moment", "2024-01-14T12:00:00+02:00", dt.datetime(2024, 1, 14, 10, tzinfo=UTC)),
    ("moment", "2024-01-14 10:00:00", dt.datetime(2024, 1, 14, 10, tzinfo=UTC)),
    ("span", "00:05:00", dt.timedelta(minutes=5)),
    ("token", "0" * 31 + "1", uuid.UUID(int=1)),
    ("address", "2001:DB8::1", "2001:db8::1"),
]
REFUSED = [
    *[("big", value) for value in (45.5, True, {}, [], "45.5", "abc", "", "4_5", "٤٥", "9" * 5000, 1e300, math.nan)],
    *[("big", value) for value in (2**63, -(2**63) - 1, str(2**63), 2**4000)],
    *[("small", value) for value in (32768, -32769)],
    *[("positive", value) for value in (-1, 2**63)],
    *[("flag", value) for value in (0, 1, "true", "false", "", [], {}, 1.0)],
    *[("maybe", value) for value in (0, "null", "")],
    *[("text", value) for value in (True, [], {}, "a\x00b", "\ud800", math.nan, math.inf)],
    *[("short", value) for value in (False, [1], "\x00")],
    *[("amount", value) for value in ("NaN", "Infinity", "sNaN", math.nan, True, "abc", "", [], {}, "1_0", "1e9999")],
    *[("ratio", value) for value in ("nan", "inf", math.nan, -math.inf, True, "abc", "", [], {}, 10**400, "1e999")],
    *[("day", value) for value in ("2024-13-01", "yesterday", "", 20240101, True, [], "2024-01-14T10:00:00")],
    *[("clock", value) for value in ("25:00", "", 10, "10:00+02:00", "10:00Z", [])],
    *[("moment", value) for value in ("2024-01-14T25:00:00", "", 5, True, {}, "0001-01-01T00:00:00+14:00")],
    *[("span", value) for value in ("soon", "", 5, True, [], "P999999999D")],
    *[("blob", value) for value in ("AP8", "ä", "%%%%", 5, True, [])],
    *[("document", value) for value in (math.nan, {"a": [math.inf]}, {"a": "\x00"}, {"\x00": 1}, ["\udfff"])],
    *[("token", value) for value in ("abc", "", 1, True, [], "0" * 31)],
    *[("address", value) for value in ("2001:::1", 1, True, [], "\x00")],
    *[("attachment", value) for value in ("file.txt", "", 1)],
]


def field_of(name: str, label: str = "testapp.Specimen") -> wire.WireField:
    synced = catalog.find(label)
    assert synced is not None
    return wire.schema_of(synced).by_name[name]


@pytest.mark.parametrize(("name", "value", "expected"), ROUND_TRIPS)
def test_a_value_travels_there_and_back(name: str, value: Any, expected: Any) -> None:
    field = field_of(name)
    encoded = field.encode(value)
    assert (type(encoded), encoded) == (type(expected), expected)
    decoded = field.decode(encoded)
    assert (type(decoded), decoded) == (type(value), value)
    assert field.echoes(value, encoded)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "value", "expected"), ROUND_TRIPS)
def test_a_value_survives_the_database(name: str, value: Any, expected: Any) -> None:
    acme = make_organization("acme")
    field = field_of(name)
    row = Specimen.objects.create(organization=acme, **{name: field.decode(expected)})
    synced = catalog.find("testapp.Specimen")
    assert synced is not None
    record = wire.read_records(wire.schema_of(synced), Specimen.objects.filter(pk=row.pk), "default")[0]
    assert (type(record[name]), record[name]) == (type(expected), expected)


@pytest.mark.parametrize(("name", "value", "expected"), ACCEPTED)
def test_other_ways_of_writing_a_value_are_read(name: str, value: Any, expected: Any) -> None:
    decoded = field_of(name).decode(value)
    assert (type(decoded), decoded) == (type(expected), expected)


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_what_is_no_value_of_the_field_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        field_of(name).decode(value)
    assert all(len(message) < 400 for message in caught.value.messages)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("big", 45.5, "“45.5” value must be an integer."),
        ("small", 40000, "Ensure this value is less than or equal to 32767."),
        ("flag", 1, "“1” value must be either True or False."),
        ("maybe", 1, "“1” value must be either True, False, or None."),
        ("token", "abc", "“abc” is not a valid UUID."),
        ("text", "\x00", "Null characters are not allowed."),
    ],
)
def test_a_refusal_speaks_in_the_words_of_the_field(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        field_of(name).decode(value)
    assert caught.value.messages == [message]


@pytest.mark.parametrize(
    ("name", "stored", "sent"),
    [
        ("ratio", math.nan, "NaN"),
        ("ratio", math.inf, "Infinity"),
        ("ratio", -math.inf, "-Infinity"),
        ("amount", Decimal("NaN"), "NaN"),
        ("text", "\x00", "\x00"),
    ],
)
def test_a_stored_value_that_no_client_may_make_comes_back_unchanged(name: str, stored: Any, sent: Any) -> None:
    field = field_of(name)
    assert field.encode(stored) == sent
    assert field.echoes(stored, sent)
    with pytest.raises(ValidationError):
        field.decode(sent)


@pytest.mark.parametrize(
    ("name", "stored", "sent"), [("big", 1, True), ("flag", True, 1), ("document", {"a": [1]}, {"a": [True]})]
)
def test_true_is_not_one(name: str, stored: Any, sent: Any) -> None:
    assert not field_of(name).echoes(stored, sent)


def test_a_document_shows_no_number_that_json_lacks() -> None:
    assert field_of("document").encode({"a": [math.inf, {"b": math.nan}]}) == {"a": ["Infinity", {"b": "NaN"}]}


def test_null_is_null() -> None:
    for name, *_ in ROUND_TRIPS:
        assert field_of(name).decode(None) is None
        assert field_of(name).encode(None) is None


def test_a_file_is_its_address() -> None:
    assert field_of("attachment").encode("attachments/a b.txt") == "/media/attachments/a%20b.txt"
    assert field_of("attachment").encode("") is None


def test_a_reference_is_a_value_of_the_key_it_names() -> None:
    manager, customer = field_of("assigned_manager", "testapp.Customer"), field_of("customer", "testapp.Order")
    assert manager.decode("7") == 7
    assert customer.decode(str(uuid.UUID(int=1))) == uuid.UUID(int=1)
    with pytest.raises(ValidationError):
        customer.decode(1)
    with pytest.raises(ValidationError):
        manager.decode(2**70)


def test_a_list_of_keys_is_sorted_and_without_repetitions() -> None:
    tags = field_of("tags", "testapp.Customer")
    assert tags.encode({"b", "a"}) == ["a", "b"]
    assert tags.decode(["b", "a", "b"]) == ["b", "a"]
    for refused in (None, "a", {"a": 1}, [None], [["a"]], [True]):
        with pytest.raises(ValidationError):
            tags.decode(refused)


def zone(name: str) -> Any:
    return override_settings(USE_TZ=False, TIME_ZONE=name)


# The connection takes up a change of the time zone.
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("local", "sent"),
    [("2024-01-14T10:00:00", "2024-01-14T09:00:00Z"), ("2024-07-14T10:00:00", "2024-07-14T08:00:00Z")],
)
def test_a_naive_project_speaks_utc(local: str, sent: str) -> None:
    with zone("Europe/Berlin"):
        field, stored = field_of("moment"), dt.datetime.fromisoformat(local)
        assert field.encode(stored) == sent
        assert field.decode(sent) == stored


@pytest.mark.django_db
@pytest.mark.parametrize("local", ["2024-03-31T02:30:00", "2024-10-27T02:30:00", "0001-01-01", "9999-12-31T23:59:59"])
def test_a_time_that_the_clock_skips_or_repeats_is_written(local: str) -> None:
    with zone("Europe/Berlin"):
        field, stored = field_of("moment"), dt.datetime.fromisoformat(local)
        assert field.echoes(stored, field.encode(stored))
