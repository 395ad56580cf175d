"""What was changed last, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, List

from sb_sync import feed
from sb_sync.config import SECTIONS
from sb_sync.dashboard.sections.model_discovery.rows import describe_value, title_of
from sb_sync.models import SyncConfiguration

__all__ = ["Entry", "newest_by_key", "read_recent"]

READ = 30


@dataclass(frozen=True)
class Entry:
    """One change of a key; `value` is what it was set to, as people read it, empty where it was reset."""

    key: str
    title: str
    value: str
    is_reset: bool
    moment: datetime
    username: str
    reason: str


def read_recent(section: str) -> List[Entry]:
    """Return the last changes of a section, the newest first."""
    history: Any = SyncConfiguration.history.model
    rows = history._base_manager.filter(section=section).order_by("-history_date", "-history_id")[:READ]
    return [_describe(section, row) for row in rows]


def newest_by_key(entries: List[Entry]) -> Dict[str, Entry]:
    """Return the newest change of each key."""
    found: Dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(entry.key, entry)
    return found


def _describe(section: str, row: Any) -> Entry:
    declared = SECTIONS[section].get(row.key)
    value = row.value if declared is None else declared.from_json(row.value)
    is_reset = row.history_type == "-"
    return Entry(
        key=row.key,
        title=title_of(section, row.key),
        value="" if is_reset else describe_value(value),
        is_reset=is_reset,
        moment=feed.to_utc(row.history_date),
        username=row.history_username,
        reason=row.history_change_reason or "",
    )
