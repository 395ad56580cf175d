"""Fields of other packages: they speak for themselves, as with Django's own serializers."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal, DecimalException
from types import SimpleNamespace
from typing import Any, Callable, Mapping, Type

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.duration import duration_iso_string

from sb_sync.wire.codecs import moments, numbers
from sb_sync.wire.codecs.codec import Codec, check_text, refuse, unchanged

__all__ = ["foreign"]

# Values of exactly these types have one meaning, whatever field they stand in.
BY_TYPE: Mapping[Type[Any], Callable[[Any], Any]] = {
    bool: unchanged,
    int: numbers.encode_integer,
    float: numbers.encode_float,
    Decimal: numbers.encode_decimal,
    dt.datetime: moments.encode_moment,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    dt.timedelta: duration_iso_string,
    uuid.UUID: str,
}


def foreign(field: Any) -> Codec:
    """Make the codec of a field that Django does not know."""

    def encode(value: Any) -> Any:
        encoder = BY_TYPE.get(type(value))
        if encoder is not None:
            return encoder(value)
        return field.value_to_string(SimpleNamespace(**{field.attname: value}))

    def decode(value: Any) -> Any:
        _check_kind(field, value)
        try:
            python = field.to_python(value)
            prepared = field.get_prep_value(python)
        except ValidationError:
            raise
        except (ValueError, TypeError, OverflowError, DecimalException):
            refuse(field, value)
        _check_prepared(field, prepared)
        return python

    return Codec(field.get_internal_type(), encode, decode)


def _check_kind(field: Any, value: Any) -> None:
    """Refuse a JSON type that the field would read as something else."""
    if isinstance(value, str):
        check_text(value)
    if isinstance(value, bool) != isinstance(field, models.BooleanField):
        refuse(field, value)
    if isinstance(value, (list, dict)) and isinstance(field, (models.CharField, models.TextField)):
        refuse(field, value)
    if isinstance(field, models.IntegerField) and isinstance(value, float) and not value.is_integer():
        refuse(field, value)


def _check_prepared(field: Any, prepared: Any) -> None:
    """Refuse what the column could not hold."""
    if isinstance(prepared, str):
        check_text(prepared)
    elif isinstance(prepared, (float, Decimal)) and not numbers.is_finite(prepared):
        refuse(field, prepared)
    elif isinstance(prepared, int) and not isinstance(prepared, bool):
        numbers.check_range(field, prepared)
