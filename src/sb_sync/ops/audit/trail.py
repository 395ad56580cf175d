"""The trail page by page: the newest entries of all tables by one statement, and what they tell by a few more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from datetime import timezone as zones
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple, Type

from django.conf import settings
from django.db import router
from django.db.models import Model
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from sb_sync.models.history import audited_models, history_of
from sb_sync.ops.audit.entries import AuditEntry, Found, describe
from sb_sync.ops.audit.filters import LARGEST_ID, AuditFilter, Position, choose_models, is_covered, open_table
from sb_sync.optimizations.merging import read_merged

__all__ = ["AuditPage", "count_newer", "iterate_entries", "position_at", "read_page"]

PAGE_LENGTH = 50
EXPORT_LENGTH = 200
#: Entries that are tried for one page where no index holds all that is asked.
TRIED = 2_000
#: New entries that are counted.
MOST_COUNTED = 99
SEPARATOR = "|"
#: By the places of time, key and table: of one moment in the order of the labels, in a table the last one first.
NEWEST_FIRST = (-1, 3, -2)


@dataclass(frozen=True)
class AuditPage:
    """Entries, the newest first; `next` is where the next page begins, None at the end.

    With `is_cut` more may match, also where there are few or none here: the search was stopped at `next`.
    """

    entries: Tuple[AuditEntry, ...]
    next: Optional[str]
    is_cut: bool = False


def read_page(wanted: AuditFilter, *, after: str = "", length: int = PAGE_LENGTH) -> AuditPage:
    """Return the entries after a position. Raises `ValueError` for a position that no page gave."""
    models = choose_models(wanted)
    count = length + 1 if is_covered(wanted) else max(TRIED, length + 1)
    tried = _try(models, wanted, count, after=_parse(after) if after else None)
    found = [each for each in tried if each.is_match]
    entries = _tell(models, found[:length], wanted.sites)
    if len(found) > length:
        return AuditPage(entries, entries[-1].position)
    is_cut = len(tried) == count
    return AuditPage(entries, _place(models, tried[-1]) if is_cut else None, is_cut)


def iterate_entries(wanted: AuditFilter) -> Iterator[AuditEntry]:
    """Yield all entries, the newest first, in constant memory."""
    after: Optional[str] = ""
    while after is not None:
        page = read_page(wanted, after=after, length=EXPORT_LENGTH)
        yield from page.entries
        after = page.next


def count_newer(wanted: AuditFilter, than: str) -> int:
    """Return how many entries came after a position, at most 100. Raises `ValueError` for what is no position."""
    count = MOST_COUNTED + 1 if is_covered(wanted) else TRIED
    tried = _try(choose_models(wanted), wanted, count, newer_than=_parse(than))
    return min(sum(each.is_match for each in tried), MOST_COUNTED + 1)


def position_at(moment: datetime) -> str:
    """Return the position of a moment at which nothing happened."""
    return _write(moment, max(model._meta.label for model in audited_models()), 0)


@dataclass(frozen=True)
class _Tried:
    """An entry that was looked at: the number of its table, its key, and that of the entry before of the same row."""

    number: int
    key: int
    before: Optional[int]
    is_match: bool


def _try(models: Sequence[Type[Model]], wanted: AuditFilter, count: int, **bounds: Optional[Position]) -> List[_Tried]:
    """Return so many entries, the newest first."""
    sources = [source for number, model in enumerate(models) for source in open_table(model, number, wanted, **bounds)]
    rows = read_merged(sources, count, order=NEWEST_FIRST)
    return [_Tried(number, key, before, bool(is_match)) for _, key, number, before, is_match in rows]


def _tell(
    models: Sequence[Type[Model]], found: Sequence[_Tried], sites: Optional[Sequence[int]]
) -> Tuple[AuditEntry, ...]:
    """Read rows of histories, those of a table together, and say what each changed."""
    wanted: Dict[int, Set[int]] = {}
    for each in found:
        wanted.setdefault(each.number, set()).update(key for key in (each.key, each.before) if key is not None)
    rows: Dict[Tuple[int, Any], Any] = {
        (number, key): row
        for number, keys in wanted.items()
        for key, row in _rows(models[number]).in_bulk(keys).items()
    }
    return describe(
        [
            Found(models[each.number], rows[each.number, each.key], rows.get((each.number, each.before)))
            for each in found
            if (each.number, each.key) in rows
        ],
        sites,
    )


def _rows(model: Type[Model]) -> Any:
    history = history_of(model)
    return history._base_manager.using(router.db_for_read(history))


def _place(models: Sequence[Type[Model]], tried: _Tried) -> Optional[str]:
    """Return the position of an entry, None where it was deleted meanwhile: so was all that is older."""
    model = models[tried.number]
    moment = _rows(model).filter(pk=tried.key).values_list("history_date", flat=True).first()
    return None if moment is None else _write(moment, model._meta.label, tried.key)


def _write(moment: datetime, label: str, key: int) -> str:
    return SEPARATOR.join([moment.isoformat(), label, str(key)])


def _parse(text: str) -> Position:
    moment, _, rest = text.partition(SEPARATOR)
    label, _, number = rest.partition(SEPARATOR)
    try:
        found = parse_datetime(moment)
        # Databases keep UTC, in which the first and the last day of all may lie beyond what there is.
        found = found.astimezone(zones.utc) if found is not None and timezone.is_aware(found) else found
    except (ValueError, OverflowError):
        found = None
    labels = {model._meta.label for model in audited_models()}
    is_number = number.isascii() and number.isdecimal()
    if found is None or timezone.is_aware(found) != settings.USE_TZ or label not in labels or not is_number:
        raise ValueError("This is no position of the audit trail.")
    return found, label, min(int(number[:19]), LARGEST_ID)
