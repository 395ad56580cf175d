"""Times as the feed passes them on, aware and in UTC, and as the host's settings store them."""

from __future__ import annotations

from datetime import datetime, timezone

from django.conf import settings
from django.utils.timezone import get_default_timezone, is_naive, make_aware, make_naive

__all__ = ["to_stored", "to_utc"]


def to_utc(moment: datetime) -> datetime:
    """Return a time that came from the database as an aware one in UTC."""
    aware = make_aware(moment, get_default_timezone()) if is_naive(moment) else moment
    return aware.astimezone(timezone.utc)


def to_stored(moment: datetime) -> datetime:
    """Return an aware time as fields of the host's project hold it."""
    return moment if settings.USE_TZ else make_naive(moment, get_default_timezone())
