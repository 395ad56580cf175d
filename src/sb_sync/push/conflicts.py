"""Sixth step: records whose rows changed since the client saw them, and what becomes of them.

The one policy is to reject: nothing is written and the client is shown what is stored.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from sb_sync.access import scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.protocol import CONFLICT, KEY, VERSION
from sb_sync.push.batch import Outcome, Record
from sb_sync.push.chunks import split
from sb_sync.push.state import PushState
from sb_sync.wire import ModelSchema, read_records

__all__ = ["find_conflicts", "lost", "read_visible"]


def lost(key: Any = None) -> Outcome:
    """Return the conflict of a record whose row is deleted, or is none that this user may see."""
    return Outcome(CONFLICT, key=key, server=None)


def find_conflicts(
    state: PushState, synced: SyncedModel, schema: ModelSchema, versions: Mapping[Any, List[Record]]
) -> Dict[int, Outcome]:
    """Return the outcomes, by index, of records that carry another version than their row has.

    `versions` holds the records that carry one, by the key of their row.
    """
    settled: Dict[int, Outcome] = {}
    if not versions:
        return settled
    stored = read_visible(state, synced, schema, list(versions))
    for key, records in versions.items():
        server = stored.get(schema.key.encode(key))
        for record in records:
            if server is None:
                settled[record.index] = lost(schema.key.encode(key))
            elif server[VERSION] != record.version:
                settled[record.index] = _reject(state, record, server)
    return settled


def _reject(state: PushState, record: Record, server: Mapping[str, Any]) -> Outcome:
    """Write nothing and show what is stored, to a user who may read it."""
    shown = server if state.scope.may_pull(record.label) else None
    return Outcome(CONFLICT, key=server[KEY], server=shown)


def read_visible(
    state: PushState, synced: SyncedModel, schema: ModelSchema, keys: Sequence[Any]
) -> Dict[Any, Dict[str, Any]]:
    """Return the rows that the user may see as pull gives them, by their keys in JSON."""
    rows = scoped_queryset(state.scope, synced).using(state.using)
    found: Dict[Any, Dict[str, Any]] = {}
    for chunk in split(keys, state.using):
        for record in read_records(schema, rows.filter(pk__in=chunk), state.using):
            found[record[KEY]] = record
    return found
