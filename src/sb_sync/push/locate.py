"""Fourth step, wave by wave: the row of each record as it stands now."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional, Union

from django.utils.translation import gettext as _

from sb_sync.catalog import AUTOMATIC
from sb_sync.protocol import CLIENT_ID, DUPLICATE, INVALID, KEY
from sb_sync.push.batch import ClientReference, Outcome, Record, refuse
from sb_sync.push.conflicts import lost
from sb_sync.push.references import missing
from sb_sync.push.state import PushState
from sb_sync.push.targets import find_values, reachable_rows

__all__ = ["Located", "find_key", "locate"]


class Located(NamedTuple):
    """Where a record is written: `key` is None where the database makes one, `stored` is None for a new row."""

    key: Any
    stored: Optional[Mapping[str, Any]]


def find_key(state: PushState, record: Record) -> Any:
    """Return the key of the row that a record means, None where it has none (yet)."""
    if isinstance(record.key, ClientReference):
        target = record.schema.key.references
        return None if target is None else state.client_ids.resolve(target, record.key)
    return record.key if record.key is not None else state.client_ids.find(record.label, record.client_id)


def locate(state: PushState, record: Record) -> Union[Located, Outcome]:
    """Return where a record is written, or why it is not.

    A row out of the user's scope is answered as one that does not exist, but for a key that the client chose: it is
    taken, and that is all that is said.
    """
    key = find_key(state, record)
    named = state.client_ids.find(record.label, record.client_id)
    if named is not None and key != named:
        return refuse(INVALID, {CLIENT_ID: [_("This name stands for another row.")]})
    if key is None:
        return missing(KEY) if isinstance(record.key, ClientReference) else _new(record)
    row = state.rows.find(record.label, key)
    if row is not None and row.is_visible:
        return Located(key, row.values)
    if named is not None or record.version is not None:
        return lost(record.schema.key.encode(key))
    if record.synced.key_kind == AUTOMATIC:
        return missing(KEY)
    if row is not None:
        if not _may_be_named(state, record, key):
            return missing(KEY)
        return refuse(DUPLICATE, {KEY: [_("A row with this value exists already.")]})
    return Located(key, None)


def _may_be_named(state: PushState, record: Record, key: Any) -> bool:
    """Tell whether a key that is a reference names a row there is for this user; what hangs on others stays untold."""
    target = record.schema.key.references
    if target is None:
        return True
    rows = reachable_rows(state.scope, target, state.using)
    field = record.schema.key.field.target_field
    return bool(find_values(rows, "pk" if field.primary_key else field.attname, [key], state.using))


def _new(record: Record) -> Union[Located, Outcome]:
    """Return the place of a row whose key the server makes; a version tells of a row that is gone."""
    return Located(None, None) if record.version is None else lost()
