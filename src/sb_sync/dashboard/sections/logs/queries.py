"""Pages of the sync log, however long it is and whatever is asked of it.

No count is taken and nothing is skipped. Where few match, a page is not searched for without end: it says how far it
came, and the next one goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, Iterator, List, Optional, Sequence, Tuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from sb_sync.dashboard.sections.logs.candidates import (
    Branch,
    LogFilter,
    Position,
    choose_branches,
    is_covered,
    try_entries,
)
from sb_sync.models import SyncLog

__all__ = ["LogFilter", "LogPage", "Newer", "Position", "count_newer", "find_entry", "iterate_entries", "read_page"]

PAGE_LENGTH = 50
EXPORT_LENGTH = 500
#: Entries that are tried for one page: few at first, which mostly do.
STEPS = (500, 25_000)
#: To look for a text takes longer than to look at a column.
TEXT_STEPS = (500, 15_000)
#: Entries that are tried to say how many are new.
NEWER = 5_000
#: New entries that are counted.
MOST_COUNTED = 99


@dataclass(frozen=True)
class LogPage:
    """Entries, the newest first. `next` is where older ones begin, None at the end of the log.

    With `is_cut` more may match, also where there are few or none here: the search was stopped at `next`.
    """

    entries: Tuple[SyncLog, ...]
    next: Optional[Position]
    is_cut: bool = False


@dataclass(frozen=True)
class Newer:
    """How many entries are new: with `is_more` at least so many."""

    count: int
    is_more: bool


def read_page(wanted: LogFilter, *, after: Optional[Position] = None, length: int = PAGE_LENGTH) -> LogPage:
    """Return the entries after a position."""
    return _read(wanted, choose_branches(wanted, after), after, length)


def iterate_entries(wanted: LogFilter) -> Iterator[SyncLog]:
    """Yield all entries, the newest first, in constant memory."""
    branches, after = choose_branches(wanted, None), None
    while True:
        page = _read(wanted, branches, after, EXPORT_LENGTH)
        yield from page.entries
        if page.next is None:
            return
        after = page.next


def count_newer(wanted: LogFilter, than: Position) -> Newer:
    """Return how many entries came after a position."""
    tried = try_entries(wanted, choose_branches(wanted, None, newer_than=than), NEWER, newer_than=than)
    found = sum(is_match for _, is_match in tried)
    return Newer(min(found, MOST_COUNTED), found > MOST_COUNTED or (found > 0 and len(tried) == NEWER))


def find_entry(sites: Optional[Collection[int]], key: int) -> Optional[SyncLog]:
    """Return an entry, None where there is none or it is another organization's."""
    entries = _entries().filter(pk=key)
    return (entries if sites is None else entries.filter(site__in=sites)).first()


def _read(wanted: LogFilter, branches: Sequence[Branch], after: Optional[Position], length: int) -> LogPage:
    """Try entries until the page is full, the log ends, or enough were tried."""
    found: List[int] = []
    for step in _steps(wanted, branches, length):
        tried = try_entries(wanted, branches, step, after=after)
        found.extend(key for key, is_match in tried if is_match)
        if len(found) > length or len(tried) < step:
            return _make_page(found, length)
        after = _place(tried[-1][0])
        if after is None:
            # It was deleted meanwhile, and so was all that is older.
            return _make_page(found, length)
    return _make_page(found, length, stopped_at=after)


def _steps(wanted: LogFilter, branches: Sequence[Branch], length: int) -> Sequence[int]:
    """Return how many entries to try at a time: no more than are wanted where each will do."""
    if is_covered(wanted, branches):
        return (length + 1,)
    return TEXT_STEPS if wanted.text else STEPS


def _make_page(found: List[int], length: int, *, stopped_at: Optional[Position] = None) -> LogPage:
    kept = found[:length]
    rows = _entries().defer("request_data").in_bulk(kept)
    entries = tuple(rows[key] for key in kept if key in rows)
    if stopped_at is not None:
        return LogPage(entries, stopped_at, is_cut=True)
    has_more = len(found) > length and entries
    return LogPage(entries, Position(entries[-1].timestamp, entries[-1].pk) if has_more else None)


def _place(key: int) -> Optional[Position]:
    """Return where an entry stands, None where it is gone."""
    moment = _entries().filter(pk=key).values_list("timestamp", flat=True).first()
    return None if moment is None else Position(moment, key)


def _entries() -> QuerySet[SyncLog]:
    return SyncLog._base_manager.using(DEFAULT_DB_ALIAS).select_related("user", "site")
