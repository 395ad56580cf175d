"""Dates, times and durations: ISO 8601, moments in UTC."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from django.conf import settings
from django.utils import timezone as django_timezone
from django.utils.duration import duration_iso_string, duration_microseconds

from sb_sync import compat
from sb_sync.wire.codecs.codec import Codec, refuse, take_short_text

__all__ = ["day", "duration", "encode_moment", "moment", "time_of_day"]

# Databases without a type for durations keep microseconds in 64 bits.
MAX_MICROSECONDS = 2**63 - 1


def encode_moment(value: datetime) -> str:
    """Return a moment in UTC; a naive one stands in the project's time zone."""
    aware = value if value.tzinfo is not None else compat.localize(value)
    try:
        aware = aware.astimezone(timezone.utc)
    except OverflowError:
        # The first or last day of the calendar has no neighbour in UTC: its own offset is as exact.
        return aware.isoformat()
    return aware.replace(tzinfo=None).isoformat() + "Z"


def moment(field: Any) -> Codec:
    """Make the codec of a date with time. What names no offset is UTC."""

    def decode(value: Any) -> datetime:
        parsed = field.to_python(take_short_text(field, value))
        if parsed is None:
            refuse(field, value)
        aware = parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=timezone.utc)
        try:
            if settings.USE_TZ:
                return aware.astimezone(timezone.utc)  # type: ignore[no-any-return]  # to_python is untyped
            return django_timezone.make_naive(aware, django_timezone.get_default_timezone())
        except (OverflowError, ValueError):
            refuse(field, value)

    return Codec("datetime", encode_moment, decode)


def day(field: Any) -> Codec:
    """Make the codec of a date."""

    def decode(value: Any) -> date:
        parsed = field.to_python(take_short_text(field, value))
        if parsed is None:
            refuse(field, value)
        return parsed  # type: ignore[no-any-return]  # to_python is untyped

    return Codec("date", date.isoformat, decode)


def time_of_day(field: Any) -> Codec:
    """Make the codec of a time; one with an offset is refused, as the field would drop it."""

    def decode(value: Any) -> time:
        is_local = not any(mark in take_short_text(field, value) for mark in "+-Zz")
        parsed = field.to_python(value) if is_local else None
        if parsed is None:
            refuse(field, value)
        return parsed  # type: ignore[no-any-return]  # to_python is untyped

    return Codec("time", time.isoformat, decode)


def duration(field: Any) -> Codec:
    """Make the codec of a duration."""

    def decode(value: Any) -> timedelta:
        parsed = field.to_python(take_short_text(field, value))
        if parsed is None or abs(duration_microseconds(parsed)) > MAX_MICROSECONDS:
            refuse(field, value)
        return parsed  # type: ignore[no-any-return]  # to_python is untyped

    return Codec("duration", duration_iso_string, decode)
