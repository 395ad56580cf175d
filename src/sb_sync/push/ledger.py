"""The conflict table: both sides of each conflict of a push, uncut, written with its rows."""

from __future__ import annotations

from typing import Any, Iterator, Optional, Sequence

from django.utils import timezone

from sb_sync.models import SyncConflict
from sb_sync.protocol import VERSION
from sb_sync.push.batch import ClientReference, Outcome, Record
from sb_sync.push.sides import describe_client
from sb_sync.push.state import Note, PushState
from sb_sync.registry import policy_of
from sb_sync.wire import read_tag

__all__ = ["keep_conflicts"]

MAX_KEY_LENGTH = SyncConflict._meta.get_field("object_key").max_length or 0


def keep_conflicts(state: PushState, records: Sequence[Record], request_id: str, *, is_undone: bool = False) -> None:
    """Write down the conflicts of these records in one statement; none where there is none.

    Of a push that was undone only those that nobody settled: of the others nothing was overwritten.
    """
    rows = list(_make_rows(state, records, request_id, is_undone=is_undone))
    if rows:
        SyncConflict._base_manager.using(state.using).bulk_create(rows)


def _make_rows(
    state: PushState, records: Sequence[Record], request_id: str, *, is_undone: bool
) -> Iterator[SyncConflict]:
    for record in records:
        outcome = state.outcomes[record.index]
        note = state.notes.get(record.index)
        if outcome.is_conflict or (note is not None and outcome.is_applied and not is_undone):
            yield _make_row(state, record, outcome, note, request_id)


def _make_row(
    state: PushState, record: Record, outcome: Outcome, note: Optional[Note], request_id: str
) -> SyncConflict:
    """Put one row together; without a note the client's row was gone."""
    now = timezone.now()
    key = outcome.key if outcome.key is not None else _sent_key(record)
    found: Note = note or Note(describe_client(state, record, key), {}, None)
    version = record.version or ""
    return SyncConflict(
        user_id=state.scope.user_id,
        site_id=state.scope.site_id,
        model_name=record.label,
        object_key="" if key is None else str(key)[:MAX_KEY_LENGTH],
        policy=policy_of(record.synced.sync),
        status=found.settled or SyncConflict.Status.UNSETTLED,
        client=found.client,
        base=record.base,
        server=found.server or None,
        fields=list(found.fields),
        client_version=version if read_tag(version) else "",
        server_version=found.server.get(VERSION, ""),
        request_id=request_id,
        created_at=now,
        settled_at=now if found.settled else None,
    )


def _sent_key(record: Record) -> Any:
    """Return the key that a record names, as JSON, None where it is a name or nothing."""
    schema = record.schema
    is_key = record.key is not None and not isinstance(record.key, ClientReference)
    return schema.key.encode(record.key) if is_key else None
