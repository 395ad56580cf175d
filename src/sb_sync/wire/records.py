"""Rows as records, column by column and never through model instances."""

from __future__ import annotations

from itertools import chain, repeat
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple

from sb_sync.optimizations.any_of import AnyOf
from sb_sync.optimizations.chunks import split
from sb_sync.optimizations.collector import paused_collection
from sb_sync.optimizations.rows import read_runs
from sb_sync.protocol import KEY, MODEL, VERSION
from sb_sync.wire.codecs.numbers import are_safe, encode_integer
from sb_sync.wire.columns import is_text, select
from sb_sync.wire.fields import ModelSchema, WireField
from sb_sync.wire.version import versions_of

__all__ = ["encode_column", "make_records", "read_columns", "read_records"]

Record = Dict[str, Any]
#: The values of columns by the name of their attribute.
Columns = Mapping[str, Sequence[Any]]
# So many rows are read, made and put away together: enough for the work on columns to pay, few enough to stay near.
RUN = 250


def read_records(schema: ModelSchema, queryset: Any, using: str) -> List[Record]:
    """Return the rows of a queryset as records, in its order.

    One statement for the rows and one per many-to-many field (more only where the database bounds parameters).
    """
    records: List[Record] = []
    with paused_collection():
        for values, owners in _read_runs(schema, queryset, using):
            records += _make_records(schema, values, owners, using)
    return records


def make_records(schema: ModelSchema, rows: Sequence[Mapping[str, Any]], using: str) -> List[Record]:
    """Return rows that were read already, by the names of their attributes, as records; their lists are read now."""
    names = [*(field.attname for field in _columns(schema)), *_find_owners(schema)]
    columns = {name: [row[name] for row in rows] for name in names}
    return _make_records(schema, columns, columns, using) if rows else []


def read_columns(schema: ModelSchema, queryset: Any, using: str) -> Dict[str, List[Any]]:
    """Return the rows of a queryset as columns of JSON by name, in its order. As many statements as `read_records`."""
    columns: Dict[str, List[Any]] = {name: [] for name in _names(schema)}
    for values, owners in _read_runs(schema, queryset, using):
        for name, column in zip(columns, _encode(schema, values, owners, using)):
            columns[name] += column
    return columns


def _read_runs(schema: ModelSchema, queryset: Any, using: str) -> Iterator[Tuple[Columns, Columns]]:
    """Yield the values of columns, and of those that name rows in their lists, run after run."""
    asked = {field.attname: select(field) for field in _columns(schema)}
    # Names before expressions: in this order every Django reads them.
    plain = [name for name, column in asked.items() if column == name]
    texts = [name for name in asked if name not in plain]
    owners = [name for name in _find_owners(schema) if name not in plain]
    rows = queryset.values_list(*owners, *plain, *(asked[name] for name in texts))
    runs: Iterable[Any] = read_runs(rows, using, size=RUN)
    if schema.many_to_many:
        # Lists are read for all rows at once.
        runs = filter(None, [[list(chain.from_iterable(parts)) for parts in zip(*runs)]])
    for values in runs:
        columns = dict(zip((*plain, *texts), values[len(owners) :]))
        yield columns, {**columns, **dict(zip(owners, values))}


def _columns(schema: ModelSchema) -> List[WireField]:
    return [schema.key, *schema.fields]


def _find_owners(schema: ModelSchema) -> List[str]:
    """Return the attributes that name a row in its lists."""
    return sorted({_find_owner(schema, field) for field in schema.many_to_many})


def _find_owner(schema: ModelSchema, field: WireField) -> str:
    """Return the attribute by which a many-to-many field's table names the rows that have the field."""
    options: Any = schema.model._meta
    return str(options.get_field(field.field.m2m_target_field_name()).attname)


def _names(schema: ModelSchema) -> List[str]:
    """Return the names on the wire in the order of `_encode`."""
    return [KEY, *(field.name for field in (*schema.fields, *schema.many_to_many))]


def _make_records(schema: ModelSchema, values: Columns, owners: Columns, using: str) -> List[Record]:
    """Return rows, as the values of their columns and of those that name them in their lists, as records."""
    columns = _encode(schema, values, owners, using)
    names = _names(schema)
    versions = versions_of(schema, dict(zip(names, columns)))
    names = [MODEL, *names, VERSION]
    return [dict(zip(names, row)) for row in zip(repeat(schema.public_label), *columns, versions)]


def _encode(schema: ModelSchema, values: Columns, owners: Columns, using: str) -> List[Sequence[Any]]:
    """Return the columns and lists of rows as JSON."""
    columns = [encode_column(field, values[field.attname]) for field in _columns(schema)]
    columns += (_read_lists(field, owners[_find_owner(schema, field)], using) for field in schema.many_to_many)
    return columns


def encode_column(field: WireField, values: Sequence[Any]) -> Sequence[Any]:
    """Return the values of one column as JSON."""
    encode = field.codec.encode
    if encode is None or is_text(field, values) or (encode is encode_integer and are_safe(values)):
        return values
    return [None if value is None else encode(value) for value in values]


def _read_lists(field: WireField, owners: Sequence[Any], using: str) -> Sequence[List[Any]]:
    """Return the list of keys of each row."""
    keys: Dict[Any, List[Any]] = {owner: [] for owner in owners}
    for owner, key in _read_pairs(field.field, owners, using):
        keys[owner].append(key)
    return [field.encode(set(keys[owner])) for owner in owners]


def _read_pairs(field: Any, owners: Sequence[Any], using: str) -> Iterator[Tuple[Any, Any]]:
    """Yield (key of the owner, key it names) of a many-to-many field."""
    through = field.remote_field.through
    link = through._meta.get_field(field.m2m_field_name())
    owner = link.attname
    target = through._meta.get_field(field.m2m_reverse_field_name()).attname
    for chunk in split(owners, using):
        pairs = through._base_manager.using(using).filter(
            **{owner + "__in": AnyOf(link, chunk), target + "__isnull": False}
        )
        yield from pairs.order_by().values_list(owner, target)
