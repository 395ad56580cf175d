"""Places in the log as addresses name them."""

from __future__ import annotations

from typing import Optional

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from sb_sync.dashboard.sections.logs.candidates import Position
from sb_sync.feed import to_stored, to_utc
from sb_sync.refusal import Refused

__all__ = ["read_position", "write_position"]

LARGEST_KEY = 2**63 - 1
SEPARATOR = "~"


def write_position(position: Optional[Position]) -> str:
    """Return a position as text, an empty one for none."""
    if position is None:
        return ""
    moment = to_utc(position.moment).replace(tzinfo=None)
    return f"{moment.isoformat()}Z{SEPARATOR}{position.key}"


def read_position(text: Optional[str]) -> Optional[Position]:
    """Return the position that a text stands for, None for an empty one. Raises `Refused`."""
    if not text:
        return None
    moment, _separator, key = text.partition(SEPARATOR)
    try:
        found = parse_datetime(moment)
        if found is not None and found.tzinfo is not None and key.isascii() and key.isdecimal():
            return Position(to_stored(to_utc(found)), min(int(key[:19]), LARGEST_KEY))
    except (ValueError, OverflowError):
        pass
    raise Refused(_("This address names no page of the list. Begin again at its first page."))
