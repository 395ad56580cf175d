"""Many-to-many fields of a push: lists of keys, written as rows of the through tables."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Sequence, Set, Tuple, Union

from django.db import connections

from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.chunks import split
from sb_sync.push.batch import Change, Outcome, Task
from sb_sync.push.references import missing
from sb_sync.push.state import PushState
from sb_sync.push.targets import find_values, reachable_rows
from sb_sync.wire import ModelSchema, WireField

__all__ = ["compare_lists", "find_dangling_items", "resolve_lists", "write_lists"]


def resolve_lists(state: PushState, task: Task) -> Union[Dict[str, FrozenSet[Any]], Outcome]:
    """Return the keys that the lists of a task name, by name on the wire, or the refusal of one."""
    resolved: Dict[str, FrozenSet[Any]] = {}
    for name, items in task.record.lists.items():
        if not task.covers(name):
            continue
        model = task.record.schema.by_name[name].references
        assert model is not None
        keys = [state.client_ids.resolve(model, item) for item in items]
        if any(key is None for key in keys):
            return missing(name)
        resolved[name] = frozenset(keys)
    return resolved


def compare_lists(state: PushState, schema: ModelSchema, changes: Sequence[Change]) -> None:
    """Keep of each change the lists that differ from the stored ones. One query per field."""
    for wire_field in schema.many_to_many:
        concerned = [change for change in changes if wire_field.name in change.lists]
        stored = [change for change in concerned if not change.is_creation]
        held = _read_held(wire_field, [_owner(change, wire_field) for change in stored], state.using)
        for change in concerned:
            own = held.get(_owner(change, wire_field), {}) if change.stored is not None else {}
            change.held[wire_field.name] = own
            if own.keys() == change.lists[wire_field.name]:
                del change.lists[wire_field.name]


def find_dangling_items(
    state: PushState, synced: SyncedModel, schema: ModelSchema, changes: Sequence[Change]
) -> Dict[int, Outcome]:
    """Return the changes, by index of their records, that add a key of no row there is for this user."""
    refused: Dict[int, Outcome] = {}
    for wire_field in schema.many_to_many:
        added: Dict[int, Set[Any]] = {
            change.record.index: set(change.lists[wire_field.name] - change.held[wire_field.name].keys())
            for change in changes
            if wire_field.name in change.lists
        }
        wanted: Set[Any] = set().union(*added.values())
        if wanted:
            assert wire_field.references is not None
            rows = reachable_rows(state.scope, wire_field.references, state.using)
            found = find_values(rows, "pk", wanted, state.using)
            refused.update((index, missing(wire_field.name)) for index, keys in added.items() if not keys <= found)
    return refused


def write_lists(state: PushState, schema: ModelSchema, changes: Sequence[Change]) -> None:
    """Write what differs: the rows that go in one statement, those that come in another."""
    for wire_field in schema.many_to_many:
        through, owner, target = _columns(wire_field)
        gone: List[Any] = []
        new: List[Any] = []
        for change in changes:
            if wire_field.name not in change.lists:
                continue
            held = change.held[wire_field.name]
            wanted = change.lists[wire_field.name]
            gone.extend(row for key, row in held.items() if key not in wanted)
            own = _owner(change, wire_field)
            new.extend(through(**{owner: own, target: key}) for key in sorted(wanted - held.keys(), key=str))
        rows = through._base_manager.using(state.using)
        for chunk in split(gone, state.using):
            rows.filter(pk__in=chunk).delete()
        if new:
            rows.bulk_create(new)


def _columns(wire_field: WireField) -> Tuple[Any, str, str]:
    """Return the through model and its attributes for the owner and the row named."""
    field = wire_field.field
    through = field.remote_field.through
    owner = through._meta.get_field(field.m2m_field_name()).attname
    return through, owner, through._meta.get_field(field.m2m_reverse_field_name()).attname


def _owner(change: Change, wire_field: WireField) -> Any:
    """Return the value by which rows of the through table name the changed row."""
    field = wire_field.field
    name = field.model._meta.get_field(field.m2m_target_field_name()).attname
    if change.stored is not None and name in change.stored:
        return change.stored[name]
    return change.key if change.row is None and change.instance is None else change.value_of(name)


def _read_held(wire_field: WireField, owners: Sequence[Any], using: str) -> Dict[Any, Dict[Any, Any]]:
    """Return what the lists of rows hold: by owner and key, the key of the through table's row."""
    through, owner, target = _columns(wire_field)
    held: Dict[Any, Dict[Any, Any]] = {}
    for chunk in split(owners, using):
        rows = through._base_manager.using(using).filter(**{f"{owner}__in": chunk}).order_by("pk")
        if connections[using].features.has_select_for_update:
            rows = rows.select_for_update()
        for pk, own, key in rows.values_list("pk", owner, target):
            held.setdefault(own, {})[key] = pk
    return held
