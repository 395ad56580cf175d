"""How far back somebody may ask."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from sb_sync.refusal import Refused

__all__ = ["CENTURY", "days_ago"]

#: The longest period that a setting takes, and that may be asked for.
CENTURY = timedelta(days=36_500)


def days_ago(days: int) -> datetime:
    """Return the time that was so many days ago, as it is stored. Raises `Refused` outside 1 to 36,500.

    None at all, or a day to come, would mean everything to whoever deletes what is older.
    """
    if not 1 <= days <= CENTURY.days:
        raise Refused(f"A number of days is at least 1 and at most {CENTURY.days:,}, not {days:,}.")
    return timezone.now() - timedelta(days=days)
