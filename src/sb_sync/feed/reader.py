"""Reading the feed: one snapshot, the checkpoints it sees, and what changed between two of them."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from sb_sync.catalog import SyncedModel
from sb_sync.events import Statement
from sb_sync.feed.backends import FeedBackend, backend_for, working_backend_for
from sb_sync.feed.backends.base import Entry, Observation, Position, Window
from sb_sync.feed.identity import EpochChanged, Identity, ensure_identity, find_identity
from sb_sync.feed.installation import find_captured
from sb_sync.feed.plan import Plan, Reads, make_plan
from sb_sync.feed.related import BEGINNING, find_guards, find_related, read_dependents
from sb_sync.feed.times import to_stored, to_utc
from sb_sync.models import Checkpoint as CheckpointRow
from sb_sync.models.changes import EVERYONE, SHARED, UNRESOLVED
from sb_sync.optimizations.chunks import split
from sb_sync.optimizations.prepared import Parameter, Prepared
from sb_sync.relations import Relation

__all__ = [
    "ChangePage",
    "ChangedKey",
    "Checkpoint",
    "OpenTransaction",
    "Reading",
    "begin_push",
    "open_transactions_allowed",
    "reading",
    "refuse_open_transaction",
    "write_checkpoint",
]

Relations = Mapping[str, Sequence[Relation]]
NO_RELATIONS: Relations = MappingProxyType({})
#: Tables by label.
Guards = Mapping[str, Sequence[str]]
#: Whether pipelines may run inside an open atomic block; `sb_sync.testing` sets it.
open_transactions_allowed: ContextVar[bool] = ContextVar("sb_sync_open_transactions_allowed", default=False)


class OpenTransaction(RuntimeError):
    """A pipeline needs transactions of its own and was called inside an atomic block."""


@dataclass(frozen=True)
class Checkpoint:
    """A snapshot that cursors name; `taken_at` is aware and in UTC."""

    id: int
    nonce: str
    taken_at: datetime
    snapshot: str


@dataclass(frozen=True)
class ChangedKey:
    """A key that the log names; `own` tells that the model's own table does, so that a row may be gone."""

    key: str
    own: bool


@dataclass(frozen=True)
class ChangePage:
    """A page of distinct keys; no position where the window holds no more; a reset says that the log does not tell.

    `passed`: the log held entries of related tables, whether or not any row depends on them.
    """

    changes: Tuple[ChangedKey, ...]
    position: Optional[Position]
    reset: bool = False
    passed: bool = False


def refuse_open_transaction(using: str) -> None:
    """Raise `OpenTransaction` where an atomic block is open, unless tests allowed it."""
    if transaction.get_connection(using).in_atomic_block and not open_transactions_allowed.get():
        raise OpenTransaction(
            "A push or pull cannot run inside transaction.atomic() or ATOMIC_REQUESTS. In tests, use"
            " sb_sync.testing.allow_open_transactions()."
        )


@contextmanager
def reading(using: str, models: Sequence[SyncedModel] = (), relations: Relations = NO_RELATIONS) -> Iterator[Reading]:
    """Open one read-only transaction with one snapshot.

    Whether these models are captured is read at once, where the database can. Raises `EpochChanged` where the database
    was moved into another system, `OpenTransaction` inside an atomic block, and `UnsupportedDatabase`.
    """
    refuse_open_transaction(using)
    backend = working_backend_for(using)
    plan = make_plan(using)
    guards = _join(_find_guards(plan, models, relations))
    if transaction.get_connection(using).in_atomic_block:
        ensure_identity(using, backend.system())
        opened = _open(backend, backend.observe(own_writes=True), plan, frozenset())
        if opened is not None:
            yield opened
        return
    for _ in range(2):
        with transaction.atomic(using=using):
            opened = _open(backend, backend.begin_reading(guards), plan, guards)
            if opened is not None:
                yield opened
                return
        # Nothing was read yet in this database: its identity is made outside the reading, which writes nothing.
        ensure_identity(using, backend.system())
    raise RuntimeError("The identity of the feed was deleted while it was made.")


def _open(backend: FeedBackend, seen: Observation, plan: Plan, guards: FrozenSet[str]) -> Optional[Reading]:
    """Return the reading of the transaction that was just begun, None where the feed has no identity yet."""
    identity = seen.identity or find_identity(backend.using)
    if identity is None:
        return None
    if identity.system != seen.system:
        raise EpochChanged
    return Reading(backend, seen, identity, plan, guards)


def _find_guards(plan: Plan, models: Sequence[SyncedModel], relations: Relations) -> Guards:
    """Return, by label, the tables whose triggers must stand: those of the tables that models depend on too."""
    return {
        synced.label: (*plan.reads[synced.label].guards, *find_guards(plan, relations.get(synced.label, ())))
        for synced in models
        if synced.label in plan.reads
    }


def _join(guards: Guards) -> FrozenSet[str]:
    return frozenset(table for tables in guards.values() for table in tables)


class Reading:
    """What one snapshot of one database tells."""

    def __init__(
        self, backend: FeedBackend, seen: Observation, state: Identity, plan: Plan, guarded: FrozenSet[str]
    ) -> None:
        """Take what the first statement saw, what is captured, and the tables whose triggers were looked at."""
        self.using = backend.using
        self.snapshot = seen.snapshot
        self.started_at = to_utc(seen.started_at)
        self.state = state
        self._backend = backend
        self._plan = plan
        self._triggers = seen.triggers
        self._guarded = guarded

    def checkpoints(self, ids: Iterable[int]) -> Dict[int, Checkpoint]:
        """Return those of these checkpoints that are there."""
        wanted = set(ids)
        if len(wanted) == 1:
            # What most clients ask with: all that they hold stands at one place.
            found: Iterable[Any] = _one_checkpoint.ask(self.using, id=wanted.pop())
        else:
            found = _select_checkpoints(self.using, pk__in=wanted)
        return {row[0]: _checkpoint(*row) for row in found}

    def checkpoint_at(self, moment: datetime) -> Optional[Checkpoint]:
        """Return the newest checkpoint taken at or before a time."""
        rows = _select_checkpoints(self.using, taken_at__lte=to_stored(moment))
        row = rows.order_by("-taken_at", "-id").first()
        return None if row is None else _checkpoint(*row)

    def read_changes(
        self,
        synced: SyncedModel,
        site_id: int,
        base: Checkpoint,
        target: Optional[Checkpoint],
        after: Optional[Position],
        limit: int,
        relations: Sequence[Relation] = (),
    ) -> ChangePage:
        """Return up to `limit` keys that changed between two checkpoints; without a target, up to now.

        First those that the model's own tables name, then those of rows that depend on others by `relations`. A reset
        is told with the first page of a window only: the window is the same on all its pages.
        """
        window = self._window(base, target)
        own = ChangePage((), BEGINNING)
        if after is None or after.dependent is None:
            own = self._read_own(synced, site_id, window, after, limit, relations)
            if own.reset:
                return own
            if own.position is not None or not relations:
                return own
            after = BEGINNING
        room = limit - len(own.changes)
        if room == 0:
            return replace(own, position=BEGINNING)
        related = find_related(self._plan, site_id, relations)
        found = read_dependents(self._backend, synced, site_id, related, window, after, room)
        known = {change.key for change in own.changes}
        keys = dict.fromkeys(_canonical(synced, key) for key in found.keys)
        changes = tuple(ChangedKey(key, own=False) for key in keys if key not in known)
        return ChangePage((*own.changes, *changes), found.position, passed=found.passed)

    def _read_own(
        self,
        synced: SyncedModel,
        site_id: int,
        window: Window,
        after: Optional[Position],
        limit: int,
        relations: Sequence[Relation],
    ) -> ChangePage:
        """Return keys that the model's own tables name."""
        reads = self._reads(synced)
        places = _places(reads, _site_of(synced, site_id))
        if after is None:
            guards = _join(_find_guards(self._plan, [synced], {synced.label: relations}))
            first = self._backend.read_first_entries(places, guards, window, limit)
            if first is None:
                return ChangePage((), None, reset=True)
            entries = first
        else:
            entries = self._backend.read_entries(places, window, after, limit)
        found, position = _collect(entries, reads.own, after, limit)
        visible = self._resolve(synced, site_id, [key for key, told in found.items() if not told.resolved])
        changes = (
            ChangedKey(_canonical(synced, key), told.own)
            for key, told in found.items()
            if told.resolved or _canonical(synced, key) in visible
        )
        return ChangePage(tuple(changes), position)

    def _resolve(self, synced: SyncedModel, site_id: int, keys: Sequence[str]) -> FrozenSet[str]:
        """Return those keys, of rows logged before their parents came, that turned out to be the organization's.

        The others must not be told of at all: they may be rows of other organizations.
        """
        if not keys or synced.tenant is None:
            return frozenset()
        rows = synced.model._base_manager.using(self.using).filter(**{synced.tenant.lookup: site_id})
        found: Set[str] = set()
        for chunk in split([_canonical(synced, key) for key in keys], self.using):
            found.update(map(str, rows.filter(pk__in=chunk).values_list("pk", flat=True)))
        return frozenset(found)

    def changed_labels(
        self,
        windows: Mapping[SyncedModel, Tuple[Checkpoint, Optional[Checkpoint]]],
        site_id: int,
        relations: Relations = NO_RELATIONS,
    ) -> FrozenSet[str]:
        """Return the labels that have anything in their window, in one statement."""
        wanted: Dict[Window, List[Tuple[str, str, int]]] = {}
        for synced, (base, target) in windows.items():
            reads = self._reads(synced)
            site = _site_of(synced, site_id)
            followed = relations.get(synced.label, ())
            places = [*_places(reads, site), *find_related(self._plan, site_id, followed).places]
            wanted.setdefault(self._window(base, target), []).extend(
                [(synced.label, *place) for place in places] + self._resets(synced, followed)
            )
        return frozenset(self._backend.find_changed(wanted))

    def captured(self, models: Sequence[SyncedModel], relations: Relations = NO_RELATIONS) -> FrozenSet[str]:
        """Return the labels whose triggers all stand as they should, those of the tables that they depend on too."""
        guards = _find_guards(self._plan, models, relations)
        tables = _join(guards)
        triggers = self._triggers
        if triggers is None or not tables <= self._guarded:
            triggers = self._backend.triggers(tables)
        return find_captured(self.using, guards, triggers)

    def _resets(self, synced: SyncedModel, relations: Sequence[Relation]) -> List[Tuple[str, str, int]]:
        """Return where an entry stands that says that the log does not tell all."""
        guards = _join(_find_guards(self._plan, [synced], {synced.label: relations}))
        return [(synced.label, table, EVERYONE) for table in sorted(guards)]

    def _reads(self, synced: SyncedModel) -> Reads:
        return self._plan.reads[synced.label]

    def _window(self, base: Checkpoint, target: Optional[Checkpoint]) -> Window:
        return Window(base.snapshot, self.snapshot if target is None else target.snapshot)


def write_checkpoint(using: str, snapshot: str, together: Sequence[Statement] = ()) -> Checkpoint:
    """Write a checkpoint of a snapshot inside the caller's transaction, whose commit then waits for the disk.

    Statements that insert go together with it.
    """
    nonce = secrets.token_hex(16)
    number, taken_at = backend_for(using).write_checkpoint_with(together, nonce, snapshot)
    return Checkpoint(number, nonce, to_utc(taken_at), snapshot)


def begin_push(using: str) -> None:
    """Take what a push's transaction must hold before it reads; its first statement."""
    working_backend_for(using).begin_push()


def _checkpoint(number: int, nonce: str, taken_at: datetime, snapshot: str) -> Checkpoint:
    return Checkpoint(number, nonce, to_utc(taken_at), snapshot)


def _select_checkpoints(using: str, **condition: Any) -> QuerySet[Any, Any]:
    rows = CheckpointRow.objects.using(using).filter(**condition)
    return rows.values_list("id", "nonce", "taken_at", "snapshot")


_one_checkpoint = Prepared(
    lambda using: _select_checkpoints(using, pk=Parameter("id", CheckpointRow._meta.get_field("id")))
)


def _site_of(synced: SyncedModel, site_id: int) -> int:
    return SHARED if synced.is_shared else site_id


def _places(reads: Reads, site: int) -> List[Tuple[str, int]]:
    """Return each (table, site) whose entries an organization reads."""
    return [(table, site) for table in reads.tables] + [(table, UNRESOLVED) for table in reads.joined]


@dataclass(frozen=True)
class _Told:
    """What the entries of one key tell: that the organization is known, and that the model's own table says so."""

    own: bool = False
    resolved: bool = False


def _collect(
    entries: Sequence[Entry], own: str, after: Optional[Position], limit: int
) -> Tuple[Dict[str, _Told], Optional[Position]]:
    """Return distinct keys with what is told of them, and where the next page begins, if there is more."""
    found: Dict[str, _Told] = {}
    count, passed = 0, 0 if after is None else after.ordinal
    for entry in entries:
        start = passed if after is not None and (entry.txid, entry.id) == (after.txid, after.id) else 0
        resolved = entry.site != UNRESOLVED
        for ordinal, key in enumerate(entry.keys[start:], start):
            known = found.get(key)
            if known is None and len(found) == limit:
                return found, Position(entry.txid, entry.id, ordinal)
            known = known or _Told()
            found[key] = _Told(known.own or (resolved and entry.table == own), known.resolved or resolved)
        count += len(entry.keys)
    is_exhausted = len(entries) <= limit and count <= limit + passed
    return found, None if is_exhausted else Position(entries[-1].txid, entries[-1].id + 1, 0)


def _canonical(synced: SyncedModel, text: str) -> str:
    """Return a key as `str(pk)` writes it: databases without a type for UUIDs store them otherwise."""
    key = synced.model._meta.pk
    try:
        return str(key.to_python(text))
    except ValidationError:
        return text
