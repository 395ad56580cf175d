"""Third step: the records of one model, from the rows of its table or from the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from django.db import connections

from sb_sync import wire
from sb_sync.access import Scope, scoped_queryset
from sb_sync.feed import ChangedKey, KeyPosition, Position, Reading
from sb_sync.models import ClientRecord
from sb_sync.protocol import CLIENT_ID, KEY, REASON_DELETED, REASON_OUT_OF_SCOPE
from sb_sync.pull.stand import Place, Stand

__all__ = ["Slice", "read_slice"]

Record = Dict[str, Any]
# Left free in a statement that names as many keys as the database takes: the organization stands in it too.
SPARE_PARAMETERS = 20


@dataclass(frozen=True)
class Slice:
    """Records of one model. `position` is where to go on, None at the end of the pass.

    `is_idle`: the log held nothing. `is_reset`: it does not tell all that happened, so the table was read instead.
    """

    records: Sequence[Record]
    position: Place
    is_idle: bool = False
    is_reset: bool = False


def read_slice(reading: Reading, scope: Scope, stand: Stand, limit: int) -> Slice:
    """Read at most `limit` records of a model, as they stand in this reading."""
    if stand.base is None:
        return _read_table(reading, scope, stand, limit)
    after = stand.position if isinstance(stand.position, Position) else None
    page = reading.read_changes(
        stand.asked.synced,
        scope.site_id,
        base=stand.base,
        target=stand.target,
        after=after,
        limit=limit,
        relations=stand.asked.relations,
    )
    if page.reset:
        again = _read_table(reading, scope, stand.begin_again(), limit)
        return Slice(again.records, again.position, is_reset=True)
    if not page.changes:
        return Slice((), page.position, is_idle=page.position is None and not page.passed)
    return Slice(_read_changed(reading, scope, stand, page.changes), page.position)


def _read_table(reading: Reading, scope: Scope, stand: Stand, limit: int) -> Slice:
    """Read rows in the order of their keys."""
    schema = stand.schema
    rows = scoped_queryset(scope, stand.asked.synced).order_by(schema.key.attname)
    if isinstance(stand.position, KeyPosition):
        rows = rows.filter(pk__gt=schema.key_from_text(stand.position.key))
    # One more tells whether there are more.
    records = wire.read_records(schema, rows[: limit + 1], reading.using)
    has_more = len(records) > limit
    records = records[:limit]
    _add_client_ids(reading, scope, stand, records)
    return Slice(records, KeyPosition(str(records[-1][KEY])) if has_more else None)


def _read_changed(reading: Reading, scope: Scope, stand: Stand, changes: Sequence[ChangedKey]) -> List[Record]:
    """Return a record for each key of the log that the user may know of: the row, or a tombstone."""
    is_own: Dict[Any, bool] = {}
    for change in changes:
        key = stand.schema.key_from_text(change.key)
        is_own[key] = is_own.get(key, False) or change.own
    records: List[Record] = []
    for keys in _split(list(is_own), reading.using):
        rows = scoped_queryset(scope, stand.asked.synced).filter(pk__in=keys)
        records.extend(wire.read_records(stand.schema, rows, reading.using))
    _add_client_ids(reading, scope, stand, records)
    seen = {record[KEY] for record in records}
    missing = [key for key in is_own if stand.schema.key.encode(key) not in seen]
    return [*records, *_make_tombstones(reading, stand, missing, is_own)]


def _make_tombstones(
    reading: Reading, stand: Stand, missing: Sequence[Any], is_own: Dict[Any, bool]
) -> Iterator[Record]:
    """Yield a tombstone for each row that is gone or that the user no longer sees.

    Only the log of the model's own table tells that a row of this model is gone: a parent's holds other rows too.
    """
    existing: Set[Any] = set()
    for keys in _split(missing, reading.using):
        rows = stand.schema.model._base_manager.using(reading.using).filter(pk__in=keys)
        existing.update(rows.order_by().values_list("pk", flat=True))
    for key in missing:
        if key in existing:
            yield wire.tombstone(stand.schema, stand.schema.key_text(key), REASON_OUT_OF_SCOPE)
        elif is_own[key]:
            yield wire.tombstone(stand.schema, stand.schema.key_text(key), REASON_DELETED)


def _add_client_ids(reading: Reading, scope: Scope, stand: Stand, records: Sequence[Record]) -> None:
    """Tell the user what they called the rows that they made."""
    by_key = {str(record[KEY]): record for record in records}
    named = ClientRecord._base_manager.using(reading.using).filter(
        user_id=scope.user_id, site_id=scope.site_id, model_name=stand.label
    )
    for keys in _split(list(by_key), reading.using):
        found = named.filter(object_key__in=keys).order_by("id").values_list("object_key", "client_id")
        pairs: Sequence[Tuple[str, str]] = list(found)
        for key, client_id in pairs:
            by_key[key][CLIENT_ID] = client_id


def _split(keys: Sequence[Any], using: str) -> Iterator[Sequence[Any]]:
    """Yield as many keys at a time as a statement of the database may name."""
    bound: Optional[int] = connections[using].features.max_query_params
    size = len(keys) if bound is None else bound - SPARE_PARAMETERS
    for start in range(0, len(keys), max(size, 1)):
        yield keys[start : start + size]
