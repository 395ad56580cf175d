"""Values of filters: which kind of field reads what, exactly."""

from __future__ import annotations

import re
from datetime import timezone
from decimal import Context, Decimal
from typing import Any, Callable, FrozenSet, Mapping, Tuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator
from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations
from django.utils import timezone as django_timezone
from django.utils.duration import duration_microseconds

from sb_sync.access.filters.parse import LONGEST_TEXT, InvalidFilter, shorten

__all__ = ["kind_of", "list_key", "operators_of", "read_value", "root_field"]

EQUALITY = frozenset(["exact", "ne", "in", "not_in", "isnull"])
ORDER = frozenset(["gt", "gte", "lt", "lte", "range"])
TEXT = frozenset(["iexact", "contains", "icontains", "startswith"])
OPERATORS: Mapping[str, FrozenSet[str]] = {
    "text": EQUALITY | ORDER | TEXT,
    "integer": EQUALITY | ORDER,
    "float": EQUALITY | ORDER,
    "decimal": EQUALITY | ORDER,
    "datetime": EQUALITY | ORDER,
    "date": EQUALITY | ORDER,
    "time": EQUALITY | ORDER,
    "duration": EQUALITY | ORDER,
    "boolean": EQUALITY,
    "uuid": EQUALITY,
    "address": EQUALITY,
    "own": EQUALITY,
    "opaque": frozenset(["isnull"]),
}
KINDS: Tuple[Tuple[Tuple[Any, ...], str], ...] = (
    ((models.JSONField, models.BinaryField), "opaque"),
    ((models.BooleanField,), "boolean"),
    ((models.DateTimeField,), "datetime"),
    ((models.DateField,), "date"),
    ((models.TimeField,), "time"),
    ((models.DurationField,), "duration"),
    ((models.UUIDField,), "uuid"),
    ((models.GenericIPAddressField,), "address"),
    ((models.DecimalField,), "decimal"),
    ((models.FloatField,), "float"),
    ((models.IntegerField,), "integer"),
    ((models.CharField, models.TextField, models.FileField, models.FilePathField), "text"),
)
WHOLE = re.compile(r"-?[0-9]{1,20}")
LARGEST = (-(2**63), 2**63 - 1)
# Dates, times, durations, UUIDs and addresses are no longer than this as texts.
LONGEST_WORD = 64
# So that no digit of a decimal is rounded off.
EXACTLY = Context(prec=LONGEST_WORD)
FAULTS = (ValidationError, TypeError, ValueError, ArithmeticError)


def root_field(field: Any) -> Any:
    """Return the field whose values a foreign key or a many-to-many field holds."""
    while isinstance(field, (models.ForeignKey, models.ManyToManyField)):
        if isinstance(field, models.ManyToManyField):
            field = list_key(field)
        field = field.target_field
    return field


def list_key(field: Any) -> Any:
    """Return the foreign key by which the rows of a many-to-many field name what they list."""
    return field.remote_field.through._meta.get_field(field.m2m_reverse_field_name())


def kind_of(field: Any) -> str:
    """Return which kind of values a field holds; "own" for a class of the project's or another package's own."""
    root = root_field(field)
    return next((kind for classes, kind in KINDS if isinstance(root, classes)), "own")


def operators_of(field: Any) -> FrozenSet[str]:
    """Return the operators that fit a field; keys are compared for nothing but being the same."""
    fitting = OPERATORS[kind_of(field)]
    return fitting & EQUALITY if field.is_relation else fitting


def read_value(field: Any, operator: str, value: Any) -> Any:
    """Return a value of JSON as the field holds it. Raises `InvalidFilter` where it reads none exactly."""
    if operator == "isnull":
        if not isinstance(value, bool):
            raise InvalidFilter("`isnull` takes true or false.")
        return value
    try:
        read = READERS[kind_of(field)](root_field(field), value)
    except FAULTS:
        read = None
    if read is None:
        raise InvalidFilter(f"{shorten(value)!r} is no value of {field.name}.")
    if operator in TEXT and not read:
        raise InvalidFilter(f"`{operator}` takes a text that is not empty.")
    return read


def _read_boolean(field: Any, value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _read_integer(field: Any, value: Any) -> Any:
    if isinstance(value, str) and WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    low, high = BaseDatabaseOperations.integer_field_ranges.get(field.get_internal_type(), LARGEST)
    return field.to_python(value) if low <= value <= high else None


def _read_float(field: Any, value: Any) -> Any:
    number = None if isinstance(value, bool) else float(value)
    return number if number is not None and abs(number) < float("inf") else None


def _read_decimal(field: Any, value: Any) -> Any:
    if isinstance(value, bool) or len(str(value)) > LONGEST_WORD:
        return None
    number = Decimal(str(value))
    if not number.is_finite():
        return None
    number = number.normalize(EXACTLY) if number else Decimal(0)
    DecimalValidator(field.max_digits, field.decimal_places)(number)
    return number


def _read_text(field: Any, value: Any) -> Any:
    if isinstance(value, bool):
        return None
    text = str(value)
    # Neither NUL nor half a pair of surrogates can be sent to a database.
    text.encode("utf-8")
    return text if len(text) <= LONGEST_TEXT and "\x00" not in text else None


def _read_word(field: Any, value: Any) -> Any:
    return field.to_python(value) if isinstance(value, str) and len(value) <= LONGEST_WORD else None


def _read_time(field: Any, value: Any) -> Any:
    # The field would drop an offset.
    return None if any(mark in str(value) for mark in "+-Zz") else _read_word(field, value)


def _read_moment(field: Any, value: Any) -> Any:
    """Return a date with time; what names no offset is UTC."""
    moment = _read_word(field, value)
    if moment is None:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
    if settings.USE_TZ:
        return aware.astimezone(timezone.utc)
    return django_timezone.make_naive(aware, django_timezone.get_default_timezone())


def _read_duration(field: Any, value: Any) -> Any:
    span = _read_word(field, value)
    return span if span is not None and abs(duration_microseconds(span)) <= LARGEST[1] else None


def _read_own(field: Any, value: Any) -> Any:
    read = field.to_python(value)
    # What no database could take shows now, not in the midst of a pull.
    field.get_prep_value(read)
    return read


READERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "boolean": _read_boolean,
    "integer": _read_integer,
    "float": _read_float,
    "decimal": _read_decimal,
    "text": _read_text,
    "date": _read_word,
    "datetime": _read_moment,
    "time": _read_time,
    "duration": _read_duration,
    "uuid": _read_word,
    "address": _read_word,
    "own": _read_own,
}
