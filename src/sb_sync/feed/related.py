"""Rows whose visibility depends on other tables: which of them a change there concerns.

The log of every table on the paths that a filter follows is read like the model's own, and its keys are turned into
those of the rows that depend on them, as they stand at this reading. A row that depends no more was written itself,
or a row between was, and their entries say so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type

from django.db import connections
from django.db.models import Model

from sb_sync.catalog import SyncedModel
from sb_sync.feed.backends import FeedBackend
from sb_sync.feed.backends.base import Entry, Position, Window
from sb_sync.feed.plan import Plan
from sb_sync.models.changes import SHARED, UNRESOLVED
from sb_sync.relations import Relation, tables_of

__all__ = ["BEGINNING", "Dependents", "Related", "find_guards", "find_related", "read_dependents"]

#: Where the entries of related tables begin: after those of the model's own.
BEGINNING = Position(0, 0, 0, "")
# Keys that are turned into dependent ones by one statement: as many as every database takes.
RUN = 500


@dataclass(frozen=True)
class Related:
    """What is read of the tables that a model's rows depend on.

    `lookups` lead from the model to the related row, by table; `places` are (table, site) of the entries to read.
    """

    lookups: Mapping[str, Tuple[Tuple[str, Type[Model]], ...]]
    places: Tuple[Tuple[str, int], ...]


@dataclass(frozen=True)
class Dependents:
    """Keys of dependent rows; no position where the window holds no more; `passed` tells that it held anything."""

    keys: Tuple[str, ...]
    position: Optional[Position]
    passed: bool


def find_guards(plan: Plan, relations: Sequence[Relation]) -> Tuple[str, ...]:
    """Return the tables whose resets concern what depends on them, and whose triggers must stand."""
    tables = [table for relation in relations for table in sorted(tables_of(relation.model))]
    paths = [plan.captures[table].path for table in tables if table in plan.captures]
    return tuple(dict.fromkeys([*tables, *(hop.to_table for path in paths for hop in path.hops)]))


def find_related(plan: Plan, site_id: int, relations: Sequence[Relation]) -> Related:
    """Return what is read for relations; entries of other organizations' rows are not."""
    lookups: Dict[str, List[Tuple[str, Type[Model]]]] = defaultdict(list)
    places: List[Tuple[str, int]] = []
    for relation in relations:
        for table in sorted(tables_of(relation.model)):
            lookups[table].append((relation.lookup, relation.model))
            path = plan.captures[table].path
            places.append((table, SHARED if path.column is None else site_id))
            if path.hops:
                places.append((table, UNRESOLVED))
    return Related({table: tuple(found) for table, found in lookups.items()}, tuple(dict.fromkeys(places)))


def read_dependents(
    backend: FeedBackend,
    synced: SyncedModel,
    site_id: int,
    related: Related,
    window: Window,
    after: Position,
    limit: int,
) -> Dependents:
    """Return up to `limit` keys of the organization's rows that depend on what changed, past a position.

    A page may end among the rows that depend on one run of keys: the position then names the first entry of the run,
    how many keys it has, and the last dependent key that was given.
    """
    found: List[str] = []
    position: Optional[Position] = after
    passed = False
    while position is not None and len(found) < limit:
        entries = backend.read_entries(related.places, window, position, RUN)
        run = _take_run(entries, position)
        if not run:
            position = None
            break
        passed = True
        room = limit - len(found)
        last = position.dependent if position.ordinal else None
        keys = _find_keys(backend, synced, site_id, related, run=run, after=last, limit=room + 1)
        found.extend(keys[:room])
        if len(keys) > room:
            position = Position(run[0].txid, run[0].id, _count(run), found[-1])
            break
        position = _find_next(entries, run)
    return Dependents(tuple(found), position, passed)


def _take_run(entries: Sequence[Entry], position: Position) -> List[Entry]:
    """Return the entries whose keys are looked at together: after a page that ended among them, the same again."""
    bound = position.ordinal or RUN
    run: List[Entry] = []
    for entry in entries:
        if run and _count(run) + len(entry.keys) > bound:
            break
        run.append(entry)
    return run


def _find_next(entries: Sequence[Entry], run: Sequence[Entry]) -> Optional[Position]:
    """Return where to go on after a run of the entries that were read, None where there are no more."""
    is_exhausted = len(run) == len(entries) and _count(entries) < RUN
    return None if is_exhausted else Position(run[-1].txid, run[-1].id + 1, 0, "")


def _count(entries: Sequence[Entry]) -> int:
    return sum(len(entry.keys) for entry in entries)


def _find_keys(
    backend: FeedBackend,
    synced: SyncedModel,
    site_id: int,
    related: Related,
    *,
    run: Sequence[Entry],
    after: Optional[str],
    limit: int,
) -> List[str]:
    """Return keys of the rows that depend on a run of entries, in order, as the database writes them as text."""
    key: Any = synced.model._meta.pk
    rows = synced.model._base_manager.using(backend.using).order_by()
    if synced.tenant is not None:
        rows = rows.filter(**{synced.tenant.lookup: site_id})
    if after is not None:
        rows = rows.filter(pk__gt=key.to_python(after))
    changed: Dict[str, List[str]] = defaultdict(list)
    for entry in run:
        changed[entry.table].extend(entry.keys)
    parts: List[Any] = []
    for table, texts in changed.items():
        for lookup, model in related.lookups[table]:
            named = [model._meta.pk.to_python(text) for text in dict.fromkeys(texts)]
            parts.append(rows.filter(**{f"{lookup}__pk__in": named}).values_list("pk", flat=True))
    whole = parts[0].distinct() if len(parts) == 1 else parts[0].union(*parts[1:])
    connection = connections[backend.using]
    return [str(key.get_db_prep_value(value, connection)) for value in whole.order_by("pk")[:limit]]
