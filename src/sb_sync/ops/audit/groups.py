"""Entries that one request made, together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Iterable, List, Tuple

from sb_sync.ops.audit.entries import AuditEntry

__all__ = ["AuditGroup", "group_entries"]

#: How long one request may write, from entry to entry.
PAUSE = timedelta(seconds=5)


@dataclass(frozen=True)
class AuditGroup:
    """Entries of one user, one reason and one time, the newest first."""

    entries: Tuple[AuditEntry, ...]

    @property
    def moment(self) -> datetime:
        """Return when it ended."""
        return self.entries[0].moment

    @property
    def username(self) -> str:
        """Return who it was."""
        return self.entries[0].username

    @property
    def reason(self) -> str:
        """Return why, which is the address of a request or the line of a command."""
        return self.entries[0].reason


def group_entries(entries: Iterable[AuditEntry]) -> List[AuditGroup]:
    """Return entries, which come in the order of a page, by what made them; what tells no reason stands by itself.

    Histories know of no requests: whoever asks for the same twice within a few seconds has made one group.
    """
    groups: List[List[AuditEntry]] = []
    for entry in entries:
        if groups and _belongs(entry, groups[-1][-1]):
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return [AuditGroup(tuple(each)) for each in groups]


def _belongs(entry: AuditEntry, newer: AuditEntry) -> bool:
    is_same = bool(entry.reason) and (entry.username, entry.reason) == (newer.username, newer.reason)
    return is_same and newer.moment - entry.moment <= PAUSE
