"""Third step: the records of one model, from the rows of its table or from the log."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import itemgetter
from typing import AbstractSet, Any, Dict, Iterable, Iterator, List, Sequence, Set, Tuple

from django.db.models import BigIntegerField, CharField, F, QuerySet, TextField, Value
from django.db.models.functions import Cast

from sb_sync import feed, wire
from sb_sync.access import Scope, plain_condition, scoped_queryset
from sb_sync.feed import ChangedKey, KeyPosition, Position, Reading
from sb_sync.models import ClientRecord
from sb_sync.optimizations.any_of import AnyOf
from sb_sync.optimizations.chunks import split
from sb_sync.optimizations.prepared import Parameter, Prepared
from sb_sync.protocol import CLIENT_ID, KEY, REASON_DELETED, REASON_OUT_OF_SCOPE
from sb_sync.pull.stand import Place, Stand

__all__ = ["Slice", "read_slice"]

Record = Dict[str, Any]
# Of more rows it is asked first whether the user gave any names at all: most never do. Where rows are missing, the
# statement that looks for them asks for names as well.
FEW_ROWS = 100


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
    is_by_key = isinstance(stand.position, KeyPosition) and _has_most_rows(reading, scope, stand, limit)
    rows = scoped_queryset(scope, stand.asked.synced, is_by_key=is_by_key).order_by(schema.key.attname)
    if isinstance(stand.position, KeyPosition):
        rows = rows.filter(pk__gt=schema.key_from_text(stand.position.key))
    # One more tells whether there are more.
    records = wire.read_records(schema, rows[: limit + 1], reading.using)
    has_more = len(records) > limit
    records = records[:limit]
    _add_client_ids(reading, scope, stand, records)
    return Slice(records, KeyPosition(str(records[-1][KEY])) if has_more else None)


def _has_most_rows(reading: Reading, scope: Scope, stand: Stand, limit: int) -> bool:
    """Tell whether rows in the order of their keys are better found by key than by organization, and may be.

    By organization all its rows are found and sorted for each page; by key the rows of others are passed over, in all
    pages once. Asked only where the database does not weigh this itself. Whole numbers are the order of each index.
    """
    model = stand.schema.model
    plain = None if stand.schema.key.type == "integer" else plain_condition(scope, stand.asked.synced)
    count = feed.backend_for(reading.using).guess_count(model._meta.db_table) if plain and model._meta.managed else None
    if not plain or count is None:
        return False
    # Pages of so many rows, each a look at all of them, are as much work as one look at the whole table.
    own = model._base_manager.using(reading.using).filter(**plain).order_by().values_list(*plain)
    least = math.isqrt(count * limit)
    return least < count and bool(own[least : least + 1])


def _read_changed(reading: Reading, scope: Scope, stand: Stand, changes: Sequence[ChangedKey]) -> List[Record]:
    """Return a record for each key of the log that the user may know of: the row, or a tombstone."""
    is_own: Dict[Any, bool] = {}
    for change in changes:
        key = stand.schema.key_from_text(change.key)
        is_own[key] = is_own.get(key, False) or change.own
    records: List[Record] = []
    for keys in split(list(is_own), reading.using):
        rows = scoped_queryset(scope, stand.asked.synced).filter(pk__in=_any_key(stand, keys))
        records.extend(wire.read_records(stand.schema, rows, reading.using))
    seen = {record[KEY] for record in records}
    missing = [key for key in is_own if stand.schema.key.encode(key) not in seen]
    existing = _add_client_ids(reading, scope, stand, records, missing)
    return [*records, *_make_tombstones(stand, missing, existing, is_own)]


def _make_tombstones(
    stand: Stand, missing: Sequence[Any], existing: AbstractSet[Any], is_own: Dict[Any, bool]
) -> Iterator[Record]:
    """Yield a tombstone for each row that is gone or that the user no longer sees.

    Only the log of the model's own table tells that a row of this model is gone: a parent's holds other rows too.
    """
    for key in missing:
        if key in existing:
            yield wire.tombstone(stand.schema, stand.schema.key_text(key), REASON_OUT_OF_SCOPE)
        elif is_own[key]:
            yield wire.tombstone(stand.schema, stand.schema.key_text(key), REASON_DELETED)


def _add_client_ids(
    reading: Reading, scope: Scope, stand: Stand, records: Sequence[Record], missing: Sequence[Any] = ()
) -> Set[Any]:
    """Tell the user what they called the rows that they made.

    Returns which of the missing rows exist all the same: the same statement tells.
    """
    owner = {"user": scope.user_id, "site": scope.site_id, "model_name": stand.label}
    if len(records) > FEW_ROWS and not missing and not _any_name.ask(reading.using, **owner):
        return set()
    names = ClientRecord._base_manager.using(reading.using).filter(**owner)
    by_key = {str(record[KEY]): record for record in records}
    existing: Set[Any] = set()
    for keys in split([*by_key, *missing], reading.using):
        made = [key for key in keys if key in by_key]
        gone = [key for key in keys if key not in by_key]
        for text, client_id, number in sorted(_look_up(stand, names, made, gone, reading.using), key=itemgetter(2)):
            if number:
                by_key[text][CLIENT_ID] = client_id
            else:
                existing.add(stand.schema.key_from_text(text))
    return existing


def _query_any_name(using: str) -> QuerySet[Any, Any]:
    """Return the query for one name that a user gave to a row of a model."""
    owner = {name: Parameter(name, ClientRecord._meta.get_field(name)) for name in ("user", "site", "model_name")}
    return ClientRecord._base_manager.using(using).filter(**owner).order_by().values_list("id")[:1]


_any_name = Prepared(_query_any_name)


def _look_up(
    stand: Stand, names: QuerySet[ClientRecord], made: Sequence[str], missing: Sequence[Any], using: str
) -> Iterable[Tuple[str, str, int]]:
    """Return (key, client's id, number) of names that were given, and (key, "", 0) of rows that exist."""
    # As expressions: beside columns, Django below 4.0 asks the other half of a union for columns of these names.
    columns = (F("object_key"), F("client_id"), F("id"))
    named = names.filter(object_key__in=AnyOf(CharField(), made)).order_by().values_list(*columns)
    rows = stand.schema.model._base_manager.using(using).filter(pk__in=_any_key(stand, missing)).order_by()
    existing = rows.values_list(Cast("pk", TextField()), Value("", CharField()), Value(0, BigIntegerField()))
    if not missing:
        return named
    return named.union(existing, all=True).order_by() if made else existing


def _any_key(stand: Stand, keys: Sequence[Any]) -> AnyOf:
    return AnyOf(stand.schema.key.field, keys)
