"""First to third step: from the body to columns of Python values, for a model whose rows stand each for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from sb_sync import catalog
from sb_sync.access import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.config import setting
from sb_sync.feed import backend_for
from sb_sync.protocol import CLIENT_ID, MODEL, VERSION
from sb_sync.push.apart import refers_to_itself
from sb_sync.push.creations import find_defaults
from sb_sync.push.hooks import has_before_push
from sb_sync.push.identify import MAX_NAMED_KEY
from sb_sync.push.parse import is_client_id
from sb_sync.push.passing import Reader, Readers, make_readers
from sb_sync.push.route import find_route
from sb_sync.push.rows import has_relatives
from sb_sync.push.uniques import rules_of
from sb_sync.wire import ModelSchema, WireField, schema_of

__all__ = ["Column", "NotPlain", "Sheet", "read_sheet"]

#: What a record of a sheet may say of itself, besides its fields.
ENVELOPE = (MODEL, CLIENT_ID, VERSION)


class NotPlain(Exception):
    """Something asks for the long way."""


@dataclass(frozen=True)
class Column:
    """One field of all records, as it was sent; values are read where they are needed."""

    field: WireField
    reader: Reader
    sent: Sequence[Any]

    def read(self, places: Sequence[int]) -> List[Any]:
        """Return the Python values of these records; raises `NotPlain` where one is not sure to pass."""
        is_whole = places == range(len(self.sent))
        sent = self.sent if is_whole else [self.sent[place] for place in places]
        values = self.reader.read_column(sent)
        if values is None:
            raise NotPlain
        return values

    def find_differences(self, places: Sequence[int], stored: Sequence[Any]) -> Dict[int, Any]:
        """Return the Python values of these records, by place, that differ from the stored ones, given as JSON.

        What is equal as JSON is not read: a stored value comes back unharmed that would not pass. Raises as `read`.
        """
        sent = [self.sent[place] for place in places]
        kinds = set(map(type, sent))
        if sent == stored and len(kinds - {type(None)}) <= 1 and kinds == set(map(type, stored)):
            return {}
        unlike = [
            (place, before)
            for place, value, before in zip(places, sent, stored)
            if value != before or type(value) is not type(before)
        ]
        if not unlike:
            return {}
        decode = self.field.codec.decode
        values = self.read([place for place, _before in unlike])
        return {
            place: value
            for (place, before), value in zip(unlike, values)
            if value != (None if before is None else decode(before))
        }


@dataclass(frozen=True)
class Sheet:
    """Records of one model with the same fields in the same order.

    `keys` are Python values, none twice; None where none is sent. `names` are the `_client_id`s, none twice, `versions`
    what was sent as such; each None where it is not sent. `columns` stand by attribute name; `ignored` are the names
    that were sent and are not the client's to write.
    """

    synced: SyncedModel
    schema: ModelSchema
    count: int
    keys: Optional[Sequence[Any]]
    names: Optional[Sequence[str]]
    versions: Optional[Sequence[Optional[str]]]
    columns: Mapping[str, Column]
    ignored: Tuple[str, ...]


def read_sheet(scope: Scope, body: Mapping[str, Any]) -> Optional[Sheet]:
    """Return the sheet that the records of a push are, None where they are none, or not plainly right."""
    table = _read_table(body)
    synced = None if table is None else _find_model(scope, table.get(MODEL, (None,)))
    if table is None or synced is None:
        return None
    try:
        return _Reading(scope, synced, table).finish()
    except NotPlain:
        return None


def _read_table(body: Mapping[str, Any]) -> Optional[Dict[str, Sequence[Any]]]:
    """Return what was sent as columns by name, None where the records have not the same names in the same order."""
    data = body.get("data") if isinstance(body, dict) else None
    is_right = isinstance(data, list) and isinstance(body.get("atomic", False), bool)
    if not is_right or not data or len(data) > setting("MAX_PUSH_RECORDS") or set(map(type, data)) != {dict}:
        return None
    if len(set(map(tuple, data))) > 1:
        return None
    return dict(zip(data[0], zip(*(record.values() for record in data))))


def _find_model(scope: Scope, labels: Sequence[Any]) -> Optional[SyncedModel]:
    """Return the one model that the records name, if the user may push it and it is plain."""
    label = labels[0]
    if not isinstance(label, str) or labels.count(label) < len(labels):
        return None
    synced = catalog.find_on_wire(label)
    return synced if synced is not None and scope.may_push(synced.label) and _is_plain(synced) else None


def _is_plain(synced: SyncedModel) -> bool:
    """Tell whether rows of a model stand each for itself, and are written by columns with no code of the project's."""
    schema, model = schema_of(synced), synced.model
    backend = backend_for(synced.database)
    route = find_route(synced)
    is_keyed_by_another = schema.key.references is not None or (
        synced.tenant is not None and synced.tenant.field is model._meta.pk
    )
    return (backend.supports_columns or backend.runs_in_process) and not (
        has_before_push(synced)
        or route.saves_one_by_one
        or route.keeps_history
        or is_keyed_by_another
        or has_relatives(model)
        or refers_to_itself(schema)
        or not all(rule.is_held and model._meta.managed for rule in rules_of(model))
        or find_defaults(model) is None
    )


class _Reading:
    """The columns of a sheet, sorted by what they are; raises `NotPlain` where one asks for the long way."""

    def __init__(self, scope: Scope, synced: SyncedModel, table: Mapping[str, Sequence[Any]]) -> None:
        self._scope = scope
        self._synced = synced
        self._schema = schema_of(synced)
        self._readers: Readers = make_readers(self._schema)
        self._table = table
        self._keys: Optional[Sequence[Any]] = None
        self._columns: Dict[str, Column] = {}
        self._ignored: List[str] = []

    def finish(self) -> Sheet:
        """Read all columns."""
        taken = set()
        for name, sent in self._table.items():
            if name.startswith("_"):
                self._demand(name in ENVELOPE)
                continue
            field = self._schema.by_name.get(name)
            if field is None or field.is_list or field.name in taken:
                raise NotPlain
            taken.add(field.name)
            self._take(name, field, sent)
        # Other databases do not tell the keys of rows that they made together.
        self._demand(self._keys is not None or backend_for(self._synced.database).supports_columns)
        return Sheet(
            synced=self._synced,
            schema=self._schema,
            count=len(self._table[MODEL]),
            keys=self._keys,
            names=self._read_names(),
            versions=self._read_versions(),
            columns=self._columns,
            ignored=tuple(self._ignored),
        )

    def _take(self, name: str, field: WireField, sent: Sequence[Any]) -> None:
        if field is self._schema.key:
            self._keys = self._make_column(field, sent).read(range(len(sent)))
            self._demand(None not in self._keys and len(set(self._keys)) == len(self._keys))
        elif field is self._schema.organization:
            self._check_organization(field, sent)
            self._ignored.append(name)
        elif field.read_only:
            self._ignored.append(name)
        else:
            self._columns[field.attname] = self._make_column(field, sent)

    def _make_column(self, field: WireField, sent: Sequence[Any]) -> Column:
        reader = self._readers[field.attname]
        if reader is None:
            raise NotPlain
        return Column(field, reader, sent)

    def _check_organization(self, field: WireField, sent: Sequence[Any]) -> None:
        """Demand that nothing but the organization of the request is named."""
        given = [value for value in sent if value is not None]
        self._demand(len(set(map(type, given))) <= 1)
        for value in given[:1]:
            reader = self._readers[field.attname]
            self._demand(reader is not None and reader.read(value) == self._scope.site_id)
            self._demand(given.count(value) == len(given))

    def _read_names(self) -> Optional[Sequence[str]]:
        names = self._table.get(CLIENT_ID)
        if names is not None:
            self._demand(all(map(is_client_id, names)) and len(set(names)) == len(names))
            longest = max((len(key) for key in self._keys or () if isinstance(key, str)), default=0)
            self._demand(longest <= MAX_NAMED_KEY)
        return names

    def _read_versions(self) -> Optional[Sequence[Optional[str]]]:
        versions = self._table.get(VERSION)
        self._demand(versions is None or set(map(type, versions)) <= {str, type(None)})
        return versions

    def _demand(self, is_met: bool) -> None:
        if not is_met:
            raise NotPlain
