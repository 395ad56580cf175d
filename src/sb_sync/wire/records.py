"""Rows as records, column by column and never through model instances."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Sequence, Tuple

from sb_sync.optimizations.chunks import split
from sb_sync.protocol import KEY, MODEL, VERSION
from sb_sync.wire.fields import ModelSchema, WireField
from sb_sync.wire.version import version_of

__all__ = ["read_records"]

Record = Dict[str, Any]


def read_records(schema: ModelSchema, queryset: Any, using: str) -> List[Record]:
    """Return the rows of a queryset as records, in its order.

    One statement for the rows and one per many-to-many field (more only where the database bounds parameters).
    """
    columns = [schema.key, *(field for field in schema.fields)]
    attnames = [field.attname for field in columns]
    owners = sorted({field.field.m2m_target_field_name() for field in schema.many_to_many})
    rows = list(queryset.using(using).values_list(*attnames, *owners))
    if not rows:
        return []
    values = list(zip(*rows))
    names = [KEY, *(field.name for field in schema.fields)]
    encoded = [_encode_column(field, column) for field, column in zip(columns, values)]
    records = [{MODEL: schema.public_label, **dict(zip(names, row))} for row in zip(*encoded)]
    for field in schema.many_to_many:
        owner = values[len(columns) + owners.index(field.field.m2m_target_field_name())]
        _add_list(records, field, owner, using)
    for record in records:
        record[VERSION] = version_of(schema, record)
    return records


def _encode_column(field: WireField, values: Sequence[Any]) -> Sequence[Any]:
    """Encode one column."""
    encode = field.codec.encode
    if encode is None:
        return values
    return [None if value is None else encode(value) for value in values]


def _add_list(records: Sequence[Record], field: WireField, owners: Sequence[Any], using: str) -> None:
    """Give each record its list of keys."""
    keys: Dict[Any, List[Any]] = {owner: [] for owner in owners}
    for owner, key in _read_pairs(field.field, owners, using):
        keys[owner].append(key)
    for record, owner in zip(records, owners):
        record[field.name] = field.encode(set(keys[owner]))


def _read_pairs(field: Any, owners: Sequence[Any], using: str) -> Iterator[Tuple[Any, Any]]:
    """Yield (key of the owner, key it names) of a many-to-many field."""
    through = field.remote_field.through
    owner = through._meta.get_field(field.m2m_field_name()).attname
    target = through._meta.get_field(field.m2m_reverse_field_name()).attname
    for chunk in split(owners, using):
        pairs = through._base_manager.using(using).filter(**{owner + "__in": chunk, target + "__isnull": False})
        yield from pairs.order_by().values_list(owner, target)
