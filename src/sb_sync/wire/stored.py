"""Values as SQLite stores them, written for the wire with no Python value in between.

It has no types for them, so that Django keeps texts and numbers. Those of the one form in which Django keeps them are
told by that form; whatever else stands there is for Django to read.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Optional

from django.db import models

__all__ = ["Writer", "find_writer", "read_stored"]

#: Returns the text for a stored value, None where it is not of the one form.
Writer = Callable[[Any], Optional[str]]

# The last day of February in leap years is none of these.
DAY = (
    r"(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.(?!000000)[0-9]{6})?"
is_day = re.compile(DAY).fullmatch
is_time = re.compile(TIME).fullmatch
is_moment = re.compile(f"{DAY} {TIME}").fullmatch
is_uuid = re.compile(r"[0-9a-f]{32}").fullmatch
# Of a number with more digits SQLite may have lost some: Django rounds it.
EXACT_DIGITS = 15
TYPE = re.compile(r"[^ (]*")


def find_writer(field: Any, connection: Any) -> Optional[Writer]:
    """Return what writes the stored values of a column of one of Django's own classes, None where Django must."""
    kind = type(field)
    if kind is models.DateTimeField:
        return _write_moment if connection.timezone_name == "UTC" else None
    if kind is models.DecimalField:
        return _make_decimal_writer(field)
    return {models.DateField: _write_day, models.TimeField: _write_time, models.UUIDField: _write_uuid}.get(kind)


def read_stored(field: Any, value: Any, connection: Any) -> Any:
    """Return a stored value as the driver gives it, once it knows the type of the column."""
    kind = TYPE.match(field.db_type(connection) or "")
    convert = connection.Database.converters.get("" if kind is None else kind[0].upper())
    if value is None or convert is None:
        return value
    # As the driver has it: the text of whatever is stored, and nothing for an empty one.
    text = value if isinstance(value, bytes) else str(value).encode()
    return convert(text) if text else None


def _write_moment(value: Any) -> Optional[str]:
    return f"{value[:10]}T{value[11:]}Z" if type(value) is str and is_moment(value) else None


def _write_day(value: Any) -> Optional[str]:
    return value if type(value) is str and is_day(value) else None


def _write_time(value: Any) -> Optional[str]:
    return value if type(value) is str and is_time(value) else None


def _write_uuid(value: Any) -> Optional[str]:
    if type(value) is str and is_uuid(value):
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
    return None


def _make_decimal_writer(field: Any) -> Optional[Writer]:
    """Return what writes whole numbers, as which SQLite keeps all that are."""
    if field.max_digits is None or field.decimal_places is None:
        return None
    bound = 10 ** min(field.max_digits - field.decimal_places, EXACT_DIGITS)
    fraction = "." + "0" * field.decimal_places if field.decimal_places else ""

    def write(value: Any) -> Optional[str]:
        return f"{value}{fraction}" if type(value) is int and -bound < value < bound else None

    return write
