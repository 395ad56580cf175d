"""What a reader lets pass, the field itself would: word for word the same, or it is left to the field."""

from __future__ import annotations

import random
from typing import Any, List

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
    validate_email,
)
from django.db import models

from sb_sync.push.batch import MISSING
from sb_sync.push.passing import EMAIL, _make_reader
from sb_sync.wire import WireField
from sb_sync.wire.codecs import codec_for

VALUES: List[Any] = [
    None, "", " ", "a", "abc", "abcd", "Ärger", "a\x00b", "\ud800", "A", "B", "x@example.com", "x@", "http://a.bc/",
    "http://",
    "2020-02-29", "2021-02-29", "12:30", "2020-01-01T00:00:00Z", "P1D", "1.5", "1.555", "99.99", "100.00", "0.001",
    "1e3",
    "-0",
    "c0ffee00-0000-4000-8000-000000000000", 0, 1, 5, 6, -1, 2**31, 2**70, 1.5, 1.0, True, False, [], {}, ["a"], "YWJj",
    "=",
]  # fmt: skip


class OwnField(models.CharField):
    """A field of the project's."""

    def validate(self, value: Any, model_instance: Any) -> None:
        raise ValidationError("never")


def refuse_all(value: Any) -> None:
    raise ValidationError("never")


FIELDS = [
    models.CharField(max_length=3),
    models.CharField(max_length=3, blank=True),
    models.CharField(max_length=3, null=True),
    models.CharField(max_length=3, null=True, blank=True, editable=False),
    models.CharField(max_length=9, choices=[("A", "a"), ("More", [("B", "b")])]),
    models.CharField(max_length=9, validators=[RegexValidator("^a")]),
    models.TextField(validators=[MaxLengthValidator(2)]),
    models.TextField(validators=[MaxLengthValidator(lambda: 2)]),
    models.EmailField(blank=True),
    models.SlugField(),
    models.URLField(),
    models.IntegerField(validators=[MinValueValidator(0), MaxValueValidator(5)]),
    models.PositiveSmallIntegerField(null=True),
    models.IntegerField(choices=[(1, "one"), (5, "five")]),
    models.DecimalField(max_digits=4, decimal_places=2),
    models.DecimalField(max_digits=4, decimal_places=2, validators=[MinValueValidator(0)]),
    models.FloatField(validators=[MaxValueValidator(2)]),
    models.BooleanField(),
    models.BooleanField(null=True, blank=True),
    models.DateField(),
    models.TimeField(blank=True, null=True),
    models.DateTimeField(),
    models.DurationField(),
    models.UUIDField(),
    models.BinaryField(editable=True),
    models.BinaryField(editable=True, blank=True, max_length=2),
    models.JSONField(),
    models.GenericIPAddressField(),
    OwnField(max_length=5),
    models.CharField(max_length=5, validators=[refuse_all]),
]


def describe(field: Any) -> WireField:
    field.set_attributes_from_name("value")
    codec = codec_for(field)
    return WireField("value", field, "value", read_only=False, type=codec.word, codec=codec)


@pytest.mark.django_db
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_what_passes_quickly_passes_the_field_itself_too(field: Any) -> None:
    wire_field = describe(field)
    reader = _make_reader(wire_field)
    passed = 0
    for value in VALUES:
        quick = MISSING if reader is None else reader.read(value)
        if quick is MISSING:
            continue
        passed += 1
        decoded = wire_field.decode(value)
        assert (type(quick), quick) == (type(decoded), decoded)
        assert decoded is not None or field.null
        field.validate(decoded, None)
        field.run_validators(decoded)
        assert reader.read_column([value, value]) == [quick, quick]  # type: ignore[union-attr]  # it read the value
    assert (passed > 0) is (reader is not None)


@pytest.mark.django_db
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_a_column_passes_where_each_of_its_values_does(field: Any) -> None:
    reader = _make_reader(describe(field))
    if reader is None:
        return
    chance = random.Random(1)
    for _ in range(300):
        kind = chance.choice([str, object])
        column = chance.choices([value for value in VALUES if isinstance(value, kind)], k=chance.randint(1, 3))
        single = [reader.read(value) for value in column]
        assert reader.read_column(column) == (None if any(value is MISSING for value in single) else single)


def test_half_a_character_does_not_hide_beside_its_other_half() -> None:
    reader = _make_reader(describe(models.TextField()))
    assert reader is not None
    assert reader.read_column(["\ud83d", "\ude00"]) is None


def test_plain_addresses_are_such_as_django_takes() -> None:
    """Made of what is likely to go wrong: dots and hyphens at the edges and beside each other."""
    chance = random.Random(2)
    taken = 0
    for _ in range(20_000):
        address = "".join(chance.choices("ab1.-_@", weights=[5, 5, 3, 3, 2, 1, 3], k=chance.randint(5, 14))) + ".yz"
        if EMAIL.fullmatch(address):
            taken += 1
            validate_email(address)
    assert taken > 100


@pytest.mark.parametrize(
    "field",
    [
        OwnField(max_length=5),
        models.CharField(max_length=5, validators=[refuse_all]),
        models.TextField(validators=[MaxLengthValidator(lambda: 2)]),
        models.JSONField(),
    ],
)
def test_fields_and_validators_of_others_are_asked_themselves(field: Any) -> None:
    assert _make_reader(describe(field)) is None
