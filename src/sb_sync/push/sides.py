"""The sides of a conflict, field by field: what the client sent, what it began from, what is stored."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from django.core.exceptions import ValidationError

from sb_sync.protocol import BASE, CLIENT_ID, DELETED, INVALID, KEY
from sb_sync.push.batch import ClientReference, Outcome, Record, Reference, refuse
from sb_sync.push.identify import read_value
from sb_sync.push.references import find_named_key
from sb_sync.push.state import PushState
from sb_sync.wire import WireField
from sb_sync.wire.fields import is_same_json

__all__ = ["check_base", "describe_client", "find_differences", "is_same_value", "merge"]


def describe_client(state: PushState, record: Record, key: Any = None) -> Dict[str, Any]:
    """Return what a client wants to stand in a row, as a pull would give it; a deletion says so."""
    described: Dict[str, Any] = {} if key is None else {KEY: key}
    if record.client_id is not None:
        described[CLIENT_ID] = record.client_id
    if record.is_deletion:
        return {**described, DELETED: True}
    by_name = record.schema.by_name
    described.update(record.values)
    described.update((name, _encode(state, by_name[name], reference)) for name, reference in record.references.items())
    described.update(
        (name, [_encode(state, by_name[name], item) for item in items]) for name, items in record.lists.items()
    )
    return described


def _encode(state: PushState, wire_field: WireField, reference: Reference) -> Any:
    """Return a reference as JSON; one to a row that is not there yet stays what it is."""
    key = reference
    if isinstance(reference, ClientReference):
        if wire_field.is_list:
            assert wire_field.references is not None
            key = state.client_ids.resolve(wire_field.references, reference)
        else:
            key = find_named_key(state, wire_field, reference)
        if key is None:
            return {CLIENT_ID: reference.client_id}
    return wire_field.encode([key])[0] if wire_field.is_list else wire_field.encode(key)


def is_same_value(wire_field: WireField, one: Any, other: Any) -> bool:
    """Tell whether two JSON values of a field stand for one."""
    if is_same_json(one, other):
        return True
    if wire_field.type == "json":
        return False
    try:
        left, right = read_value(wire_field, one), read_value(wire_field, other)
    except ValidationError:
        return False
    return set(left) == set(right) if wire_field.is_list else bool(left == right)


def find_differences(record: Record, client: Mapping[str, Any], server: Mapping[str, Any]) -> List[str]:
    """Return the names of the fields in which what was sent is not what is stored."""
    sent = [*record.values, *record.references, *record.lists]
    return [name for name in sent if not is_same_value(record.schema.by_name[name], client[name], server[name])]


def merge(record: Record, client: Mapping[str, Any], server: Mapping[str, Any]) -> Tuple[Set[str], Tuple[str, ...]]:
    """Return the fields that the client alone changed, and those that both did; equal changes are neither.

    A field whose beginning the client does not tell may have been changed by both.
    """
    base: Mapping[str, Any] = record.base or {}
    ours: Set[str] = set()
    both: List[str] = []
    for name in find_differences(record, client, server):
        wire_field = record.schema.by_name[name]
        if name not in base:
            both.append(name)
        elif is_same_value(wire_field, server[name], base[name]):
            ours.add(name)
        elif not is_same_value(wire_field, client[name], base[name]):
            both.append(name)
    return ours, tuple(both)


def check_base(record: Record, stored: Optional[Mapping[str, Any]]) -> Optional[Outcome]:
    """Return the refusal of a record whose base has a value of a wrong type; what a pull gave is never one."""
    faults: List[str] = []
    for name, value in (record.base or {}).items():
        wire_field = record.schema.by_name[name]
        if stored is not None and not wire_field.is_list and wire_field.echoes(stored[wire_field.attname], value):
            continue
        try:
            read_value(wire_field, value)
        except ValidationError as error:
            faults.extend(f"{name}: {message}" for message in error.messages)
    return refuse(INVALID, {BASE: faults}) if faults else None
