"""Batches whose records plainly do not touch each other: such a one needs no order but that of the array."""

from __future__ import annotations

from typing import Any, List, Sequence, Set

from sb_sync.push.batch import ClientReference, Record
from sb_sync.push.locate import find_key
from sb_sync.push.rows import has_relatives, root_label
from sb_sync.push.state import PushState
from sb_sync.push.uniques import rules_of
from sb_sync.wire import ModelSchema

__all__ = ["refers_to_itself", "stand_apart"]


def stand_apart(state: PushState, records: Sequence[Record]) -> bool:
    """Tell whether records of one model name rows of their own, and nothing else that another record may write.

    So they do where none is deleted, no rule bounds a value to one row, and no field refers to the model itself.
    """
    if not records:
        return False
    first = records[0]
    if any(record.label != first.label or record.is_deletion for record in records):
        return False
    model = first.synced.model
    if rules_of(model) or has_relatives(model) or refers_to_itself(first.schema):
        return False
    names = [record.client_id for record in records if record.client_id is not None]
    if len(set(names)) < len(names):
        return False
    return _have_keys_of_their_own(state, records)


def refers_to_itself(schema: ModelSchema) -> bool:
    """Tell whether a field of a model may name a row of the model."""
    fields = (schema.key, *schema.fields, *schema.many_to_many)
    own = root_label(schema.model)
    return any(field.references is not None and root_label(field.references) == own for field in fields)


def _have_keys_of_their_own(state: PushState, records: Sequence[Record]) -> bool:
    """Tell whether no key is named twice, or named by what is not known yet."""
    known: List[Any] = []
    for record in records:
        key = find_key(state, record)
        if key is not None:
            known.append(key)
        elif isinstance(record.key, ClientReference):
            return False
    distinct: Set[Any] = set(known)
    return len(distinct) == len(known)
