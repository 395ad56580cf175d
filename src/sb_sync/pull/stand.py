"""Where one model stands: what a client sent for it, checked against what the database still knows."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Dict, Mapping, Optional, Sequence, Union

from django.utils.dateparse import parse_date, parse_datetime

from sb_sync import access
from sb_sync.access import Scope
from sb_sync.errors import InvalidCursor
from sb_sync.feed import Checkpoint, CheckpointRef, Cursor, KeyPosition, Position, Reading, Start, decode_cursor
from sb_sync.pull.memory import Memory
from sb_sync.pull.request import Asked, reading_of, refuse_model
from sb_sync.wire import ModelSchema, schema_of

__all__ = ["Place", "Stand", "find_stands"]

Place = Union[None, Start, KeyPosition, Position]
# What looks like a time is one, or a malformed one; no cursor looks like this.
TIME = re.compile(r"[0-9]{4}-[0-9]")
DAY_LENGTH = len("2024-01-14")


@dataclass(frozen=True)
class Stand:
    """Where one model stands before the answer.

    `base` is the checkpoint from which changes are read, None where the rows of the table come first. `target` and
    `position` are those of the pass that the model is inside of, None at rest. `is_fresh`: it has not begun yet;
    `is_reset`: it had, and must begin again. `time` is what the client sent in place of a cursor.
    """

    asked: Asked
    schema: ModelSchema
    fingerprint: str
    base: Optional[Checkpoint] = None
    target: Optional[Checkpoint] = None
    position: Place = None
    is_fresh: bool = False
    is_reset: bool = False
    time: Optional[datetime] = None

    @property
    def label(self) -> str:
        """Return the model's label."""
        return self.asked.synced.label

    def begin_again(self) -> Stand:
        """Return where a model stands whose cursor no longer serves."""
        return replace(self, base=None, target=None, position=None, is_fresh=True, is_reset=True)


def find_stands(
    reading: Reading, scope: Scope, asked: Sequence[Asked], memories: Mapping[str, Memory]
) -> Sequence[Stand]:
    """Find out where each model stands.

    Raises `InvalidCursor` for what is neither a time nor a cursor.
    """
    times = {item.synced.label: _read_time(item) for item in asked if _looks_like_time(item)}
    cursors = {
        item.synced.label: _read_cursor(reading, item)
        for item in asked
        if item.known is not None and item.synced.label not in times
    }
    checkpoints = _load_checkpoints(reading, cursors)
    stands = []
    for item in asked:
        label = item.synced.label
        with reading_of(label):
            fingerprint = _fingerprint(scope, item)
        stand = Stand(item, schema_of(item.synced), fingerprint, time=times.get(label))
        if label in times:
            stand = _go_on_from_time(stand, reading, memories.get(label))
        elif label in cursors:
            stand = _go_on_from_cursor(stand, scope, cursors[label], checkpoints)
        else:
            stand = replace(stand, is_fresh=True)
        stands.append(stand)
    return stands


def _looks_like_time(asked: Asked) -> bool:
    """Tell whether a value is a time, well-formed or not."""
    return asked.known is not None and TIME.match(asked.known) is not None


def _read_time(asked: Asked) -> datetime:
    """Read a time; one without an offset is UTC, a day begins at midnight."""
    text = asked.known or ""
    try:
        day = parse_date(text) if len(text) <= DAY_LENGTH else None
        moment = parse_datetime(text) if day is None else datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
        if moment is None:
            raise refuse_model(asked.synced.label)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise refuse_model(asked.synced.label) from None


def _read_cursor(reading: Reading, asked: Asked) -> Optional[Cursor]:
    """Read a cursor, None where it was made under another key."""
    try:
        return decode_cursor(reading.state, asked.known or "")
    except InvalidCursor:
        raise refuse_model(asked.synced.label) from None


def _fingerprint(scope: Scope, asked: Asked) -> str:
    """Return a name for everything that decides which rows a user gets, and what of them."""
    parts = access.fingerprint(scope, asked.synced) + schema_of(asked.synced).fingerprint
    return hashlib.blake2b(parts.encode(), digest_size=12).hexdigest()


def _load_checkpoints(reading: Reading, cursors: Mapping[str, Optional[Cursor]]) -> Dict[int, Checkpoint]:
    """Return the checkpoints that cursors name, as far as this database has them."""
    named = [cursor for cursor in cursors.values() if cursor is not None]
    ids = {ref.id for cursor in named for ref in (cursor.base, cursor.target) if ref is not None}
    return dict(reading.checkpoints(ids)) if ids else {}


def _go_on_from_time(stand: Stand, reading: Reading, memory: Optional[Memory]) -> Stand:
    """Return where a model stands whose client works with times."""
    assert stand.time is not None
    # Who never pulled under these rules has nothing that could be gone on from.
    is_served = memory is not None and memory.serves(stand.time, stand.fingerprint)
    base = reading.checkpoint_at(stand.time) if is_served else None
    return stand.begin_again() if base is None else replace(stand, base=base)


def _go_on_from_cursor(
    stand: Stand, scope: Scope, cursor: Optional[Cursor], checkpoints: Mapping[int, Checkpoint]
) -> Stand:
    """Return where a model stands whose client sent a cursor; from the start where it no longer serves."""
    if cursor is None or _owner_of(cursor) != (scope.user_id, scope.site_id, stand.label, stand.fingerprint):
        return stand.begin_again()
    base, target = _find(cursor.base, checkpoints), _find(cursor.target, checkpoints)
    is_lost = (cursor.base is not None and base is None) or (cursor.target is not None and target is None)
    if is_lost:
        return stand.begin_again()
    return replace(stand, base=base, target=target, position=cursor.position)


def _owner_of(cursor: Cursor) -> object:
    """Return whose cursor it is, of what, and by which rules."""
    return (cursor.user_id, cursor.site_id, cursor.label, cursor.fingerprint)


def _find(ref: Optional[CheckpointRef], checkpoints: Mapping[int, Checkpoint]) -> Optional[Checkpoint]:
    """Return the checkpoint that is meant; one with the same number and another nonce is another."""
    found = None if ref is None else checkpoints.get(ref.id)
    return found if found is not None and ref is not None and found.nonce == ref.nonce else None
