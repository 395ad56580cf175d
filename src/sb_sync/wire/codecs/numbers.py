"""Numbers and truth values."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, Optional, Sequence

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.backends.base.operations import BaseDatabaseOperations

from sb_sync.protocol import MAX_SAFE_INTEGER
from sb_sync.wire.codecs.codec import Codec, refuse

__all__ = [
    "are_safe",
    "boolean",
    "check_range",
    "decimal",
    "encode_decimal",
    "encode_float",
    "encode_integer",
    "floating",
    "integer",
    "is_finite",
]

# Longer than any number that a column holds; int() and Decimal() take time that grows with the square.
MAX_DIGITS = 400
LONGEST = (-(2**63), 2**63 - 1)
INTEGER = re.compile(r"[+-]?[0-9]+")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def encode_integer(value: int) -> Any:
    """Return a number, or text where a client whose numbers are doubles would lose digits."""
    return value if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else str(value)


def are_safe(values: Sequence[Optional[int]]) -> bool:
    """Tell whether all of many numbers are good as they are."""
    given = list(filter(None, values))
    return not given or (min(given) >= -MAX_SAFE_INTEGER and max(given) <= MAX_SAFE_INTEGER)


def encode_float(value: float) -> Any:
    """Return a number, or text where JSON has no number."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def encode_decimal(value: Decimal) -> str:
    """Return all digits, without an exponent."""
    return format(value, "f")


def integer(field: Any) -> Codec:
    """Make the codec of an integer; its range is that of the column on every database."""

    def decode(value: Any) -> int:
        number = _read_integer(value)
        if number is None:
            refuse(field, value)
        check_range(field, number)
        return number

    return Codec("integer", encode_integer, decode)


def check_range(field: Any, number: int) -> None:
    """Refuse an integer beyond the column, also where SQLite would take it."""
    low, high = BaseDatabaseOperations.integer_field_ranges.get(field.get_internal_type(), LONGEST)
    if number < low:
        MinValueValidator(low)(number)
    if number > high:
        MaxValueValidator(high)(number)


def is_finite(value: Any) -> bool:
    """Tell whether a float or decimal is a number."""
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def _read_integer(value: Any) -> Optional[int]:
    """Return the integer that a JSON value is exactly, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        # 45.0 is how some clients write 45.
        return int(value) if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER else None
    is_text = isinstance(value, str) and len(value) <= MAX_DIGITS and INTEGER.fullmatch(value.strip())
    return int(value) if is_text else None


def floating(field: Any) -> Codec:
    """Make the codec of a floating-point number."""

    def decode(value: Any) -> float:
        if not _is_number(value):
            refuse(field, value)
        try:
            number = float(value)
        except OverflowError:
            refuse(field, value)
        if not math.isfinite(number):
            refuse(field, value)
        return number

    return Codec("float", encode_float, decode)


def decimal(field: Any) -> Codec:
    """Make the codec of a decimal: text, so that no digit is lost; numbers are read by their shortest text."""

    def decode(value: Any) -> Decimal:
        if not _is_number(value):
            refuse(field, value)
        return Decimal(repr(value) if isinstance(value, float) else value)

    return Codec("decimal", encode_decimal, decode)


def _is_number(value: Any) -> bool:
    """Tell whether a JSON value is a finite number, or the text of one."""
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return len(value) <= MAX_DIGITS and NUMBER.fullmatch(value) is not None
    return isinstance(value, int)


def boolean(field: Any) -> Codec:
    """Make the codec of a truth value: true and false, and nothing that may mean them."""

    def decode(value: Any) -> bool:
        if not isinstance(value, bool):
            refuse(field, value, "invalid_nullable" if field.null else "invalid")
        return value

    return Codec("boolean", bool, decode)
