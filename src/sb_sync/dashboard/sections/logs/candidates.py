"""Entries of the sync log along one index, with what else is asked tried on each of them.

A database that is to sort by time and to look for what is rare reads the whole log. So it is told which index to read,
and how many entries: those of an organization, a user, a model or a status in the order of their time, from several
places at once where several organizations are wanted. The columns that are left, and the text, are then looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Dict, List, Optional, Sequence, Tuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast

from sb_sync.models import SyncLog
from sb_sync.optimizations.merging import read_merged

__all__ = ["Branch", "LogFilter", "Position", "choose_branches", "is_covered", "try_entries"]

#: How many entries of each index are compared, to take the one that spreads them widest.
PROBE = 1_000
#: Organizations whose entries are brought together; where there are more, those of all are tried.
MOST_SITES = 20

#: By the places of time and key.
NEWEST_FIRST = (-2, -1)

#: What an index begins with: the equalities that hold for all entries of it.
Branch = Dict[str, Any]


@dataclass(frozen=True)
class Position:
    """A place in the log: the time and the key of an entry, which need not be there any more."""

    moment: datetime
    key: int


@dataclass(frozen=True)
class LogFilter:
    """Which entries are wanted; what is empty is not asked.

    `sites` holds the keys of organizations, None for all entries, also those without one; `user` is a key, `model` a
    label; `since` and `until` are included.
    """

    sites: Optional[Tuple[int, ...]] = None
    user: Any = None
    model: str = ""
    operation: str = ""
    status: str = ""
    since: Optional[datetime] = None
    until: Optional[datetime] = None
    text: str = ""


def choose_branches(
    wanted: LogFilter, after: Optional[Position], *, newer_than: Optional[Position] = None
) -> List[Branch]:
    """Return what to read: the index of which as many entries reach furthest back, so that the fewest are tried."""
    if wanted.sites == ():
        return []
    bounds = {"after": after, "newer_than": newer_than}
    if wanted.text and _is_request_id(wanted):
        return [{"request_id": wanted.text}]
    alternatives = _find_alternatives(wanted)
    if len(alternatives) == 1:
        return alternatives[0]
    reached: List[Tuple[Any, List[Branch]]] = []
    for branches in alternatives:
        moment = _probe(wanted, branches, **bounds)
        if moment is None:
            return branches
        reached.append((moment, branches))
    return min(reached, key=lambda each: each[0])[1]


def is_covered(wanted: LogFilter, branches: Sequence[Branch]) -> bool:
    """Tell whether whatever is read matches."""
    named = {name for branch in branches for name in branch}
    return named.issuperset(_asked(wanted)) and "model_name" not in named


def try_entries(
    wanted: LogFilter,
    branches: Sequence[Branch],
    count: int,
    *,
    after: Optional[Position] = None,
    newer_than: Optional[Position] = None,
) -> List[Tuple[int, bool]]:
    """Return the keys of so many entries, the newest first, each with whether it matches."""
    rows = read_merged(_open(wanted, branches, after=after, newer_than=newer_than), count, order=NEWEST_FIRST)
    return [(key, bool(is_match)) for key, _, is_match in rows]


def _is_request_id(wanted: LogFilter) -> bool:
    """Tell whether the text is the id of a request that is wanted: of other organizations' requests it says nothing.

    It does not depend on a position, so that every page, and what is told of new entries, is of the same list.
    """
    others = replace(wanted, text="")
    return any(is_match for _, is_match in try_entries(others, [{"request_id": wanted.text}], PROBE))


def _probe(wanted: LogFilter, branches: Sequence[Branch], **bounds: Optional[Position]) -> Any:
    """Return the time of an entry some way back as the driver gives it, None where there are not so many."""
    anything = LogFilter(since=wanted.since, until=wanted.until)
    rows = read_merged(_open(anything, branches, **bounds), 1, order=NEWEST_FIRST, skip=PROBE - 1)
    return rows[0][1] if rows else None


def _find_alternatives(wanted: LogFilter) -> List[List[Branch]]:
    """Return every index that may be read, as branches that are brought together."""
    found: List[List[Branch]] = []
    if wanted.user is not None:
        found.append([{"user": wanted.user}])
    if wanted.model:
        # Entries of several models name none.
        found.append([{"model_name": wanted.model}, {"model_name": ""}])
    if wanted.sites is not None and len(wanted.sites) <= MOST_SITES:
        found.append([{"site": site} for site in wanted.sites])
    if wanted.status:
        found.append([{"status": wanted.status}])
    return found or [[{}]]


def _open(wanted: LogFilter, branches: Sequence[Branch], **bounds: Optional[Position]) -> List[Any]:
    """Return the rows of each branch, the newest first: key, time and whether it matches."""
    return [_mark(wanted, _narrow(wanted, branch, **bounds)).order_by("-timestamp", "-pk") for branch in branches]


def _narrow(
    wanted: LogFilter, branch: Branch, *, after: Optional[Position] = None, newer_than: Optional[Position] = None
) -> QuerySet[SyncLog]:
    """Return the entries of a branch in the time that is wanted."""
    rows = SyncLog._base_manager.using(DEFAULT_DB_ALIAS).filter(**branch)
    if wanted.since is not None:
        rows = rows.filter(timestamp__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(timestamp__lte=wanted.until)
    # The first of each pair is what an index can begin at.
    if after is not None:
        rows = rows.filter(Q(timestamp__lte=after.moment), Q(timestamp__lt=after.moment) | Q(pk__lt=after.key))
    if newer_than is not None:
        place = newer_than
        rows = rows.filter(Q(timestamp__gte=place.moment), Q(timestamp__gt=place.moment) | Q(pk__gt=place.key))
    return rows


def _mark(wanted: LogFilter, rows: QuerySet[SyncLog]) -> Any:
    """Let each row tell its key, its time and whether it matches."""
    condition = _match(wanted)
    texts = {"asked": Cast("request_data", TextField()), "told": Cast("outcome", TextField())}
    is_match = Case(When(condition, then=1), default=0, output_field=IntegerField()) if condition else Value(1)
    return rows.annotate(**texts).annotate(is_match=is_match).values_list("pk", "timestamp", "is_match")


def _asked(wanted: LogFilter) -> Dict[str, Any]:
    """Return the columns that are asked for something, by name."""
    asked = {
        "user": wanted.user,
        "model_name": wanted.model or None,
        "operation": wanted.operation or None,
        "status": wanted.status or None,
        "site": wanted.sites,
        "text": wanted.text or None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _match(wanted: LogFilter) -> Q:
    """Return what an entry must be; the time is seen to elsewhere."""
    asked = _asked(wanted)
    found = Q(**{name: asked[name] for name in ("user", "operation", "status") if name in asked})
    if wanted.sites is not None:
        found &= Q(site__in=wanted.sites)
    if wanted.model:
        label = json.dumps(wanted.model)
        found &= Q(model_name=wanted.model) | Q(told__contains=f"{label}:")
    if wanted.text:
        found &= _match_text(wanted.text)
    return found


def _match_text(text: str) -> Q:
    """Return where a text may stand; some databases keep JSON in ASCII."""
    found = Q(request_id=text) | Q(error_message__icontains=text) | Q(model_name__icontains=text)
    for written in {text, json.dumps(text)[1:-1]}:
        found |= Q(asked__icontains=written) | Q(told__icontains=written)
    return found
