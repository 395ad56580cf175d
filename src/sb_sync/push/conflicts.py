"""Rows that changed since the client saw them: how they are found, and how an outcome tells of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Mapping, Optional, Sequence

from sb_sync.access import scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.any_of import AnyOf
from sb_sync.optimizations.chunks import split
from sb_sync.protocol import CONFLICT, DELETED, KEY
from sb_sync.push.batch import MISSING, Outcome, Record
from sb_sync.push.sides import find_differences, is_same_value
from sb_sync.push.state import Note, PushState
from sb_sync.wire import ModelSchema, find_field_lists, is_version_of, read_records, read_tag

__all__ = ["Versions", "lost", "read_visible", "reject", "tell_settled"]


def lost(key: Any = None) -> Outcome:
    """Return the conflict of a record whose row is deleted, or is none that this user may see."""
    return Outcome(CONFLICT, key=key, server=None)


def reject(state: PushState, record: Record, note: Note) -> Outcome:
    """Write nothing and show what is stored, to a user who may read it."""
    state.notes[record.index] = note
    shown = note.server if state.scope.may_pull(record.label) else None
    return Outcome(CONFLICT, key=note.server[KEY], server=shown)


class Versions:
    """Tells whether a version is still that of a row, over the fields that it was made of."""

    def __init__(self, schema: ModelSchema, records: Sequence[Record], using: str) -> None:
        """Look up the fields of versions from before a deployment: one statement where there are any."""
        self._schema = schema
        tags = {read_tag(record.version or "") for record in records} - {None, schema.tag}
        self._lists = {schema.tag: schema.version_names, **find_field_lists((tag for tag in tags if tag), using)}

    def is_current(self, record: Record, client: Mapping[str, Any], server: Mapping[str, Any]) -> bool:
        """Tell whether a record may be applied as if nobody had written in between.

        A value of a field that the version knows nothing of would overwrite one that its client never saw.
        """
        version = record.version or ""
        names = self._lists.get(read_tag(version) or "")
        if names is None or not is_version_of(self._schema, server, version, names):
            return False
        return record.is_deletion or set(find_differences(record, client, server)) <= set(names)


def tell_settled(state: PushState, record: Record, outcome: Outcome, server: Optional[Mapping[str, Any]]) -> Outcome:
    """Return an outcome that says how the conflict of its record was settled, where there was one.

    The row is shown where it is not what was sent, to a user who may read it.
    """
    note = state.notes.get(record.index)
    if note is None or note.settled is None or not outcome.is_applied:
        return outcome
    is_shown = server is not None and state.scope.may_pull(record.label) and _is_other(note, record, server)
    return replace(outcome, conflict=note.settled, server=server if is_shown else MISSING)


def _is_other(note: Note, record: Record, server: Mapping[str, Any]) -> bool:
    """Tell whether a row is not what the client sent."""
    by_name = record.schema.by_name
    sent = [name for name in note.client if name in by_name and name != KEY]
    return DELETED in note.client or any(
        not is_same_value(by_name[name], note.client[name], server[name]) for name in sent
    )


def read_visible(
    state: PushState, synced: SyncedModel, schema: ModelSchema, keys: Sequence[Any]
) -> Dict[Any, Dict[str, Any]]:
    """Return the rows that the user may see as pull gives them, by their keys in JSON."""
    rows = scoped_queryset(state.scope, synced).using(state.using)
    found: Dict[Any, Dict[str, Any]] = {}
    for chunk in split(keys, state.using):
        for record in read_records(schema, rows.filter(pk__in=AnyOf(synced.model._meta.pk, chunk)), state.using):
            found[record[KEY]] = record
    return found
