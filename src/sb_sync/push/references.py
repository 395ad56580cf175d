"""Foreign keys of a push: which keys they name, and whether rows of these keys are there for this user."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Dict, Iterable, List, Sequence, Set, Union

from django.utils.translation import gettext as _

from sb_sync.catalog import SyncedModel
from sb_sync.protocol import NOT_FOUND
from sb_sync.push.batch import Change, ClientReference, Outcome, Task, refuse
from sb_sync.push.state import PushState
from sb_sync.push.targets import find_values, reachable_rows
from sb_sync.wire import ModelSchema, WireField

__all__ = ["find_dangling", "find_named_key", "find_targets", "missing", "resolve_references"]


def missing(name: str) -> Outcome:
    """Return the refusal of a reference, in the same words for a row that does not exist and one out of scope."""
    return refuse(NOT_FOUND, {name: [_("There is no such row.")]})


def resolve_references(state: PushState, task: Task) -> Union[Dict[str, Any], Outcome]:
    """Return the keys that the references of a task name, by name on the wire, or the refusal of one."""
    resolved: Dict[str, Any] = {}
    for name, reference in task.record.references.items():
        if not task.covers(name):
            continue
        resolved[name] = reference
        if isinstance(reference, ClientReference):
            wire_field = task.record.schema.by_name[name]
            key = find_named_key(state, wire_field, reference)
            if key is None:
                return missing(name)
            resolved[name] = key
    return resolved


def find_named_key(state: PushState, wire_field: WireField, reference: ClientReference) -> Any:
    """Return the value by which a foreign key names the row of a `_client_id`, or None."""
    assert wire_field.references is not None
    key = state.client_ids.resolve(wire_field.references, reference)
    target = wire_field.field.target_field
    if key is None or target.primary_key:
        return key
    rows = wire_field.references._base_manager.using(state.using).filter(pk=key)
    return rows.values_list(target.attname, flat=True).first()


def find_dangling(
    state: PushState, synced: SyncedModel, schema: ModelSchema, changes: Sequence[Change]
) -> Dict[int, Outcome]:
    """Return the changes, by index of their records, that name a row which is not there. One query per foreign key."""
    refused: Dict[int, Outcome] = {}
    for wire_field in (schema.key, *schema.fields):
        if wire_field.references is None or wire_field is schema.organization:
            continue
        wanted: Dict[Any, List[Change]] = defaultdict(list)
        for change in changes:
            value = change.values.get(wire_field.attname)
            if value is not None and not _names_itself(change, wire_field, value):
                wanted[value].append(change)
        if not wanted:
            continue
        found = find_targets(state, wire_field, wanted)
        for value in wanted.keys() - found:
            for change in wanted[value]:
                refused.setdefault(change.record.index, missing(wire_field.name))
    return refused


def find_targets(state: PushState, wire_field: WireField, wanted: Iterable[Any]) -> Set[Any]:
    """Return those of the values that name a row which this user may refer to."""
    field = wire_field.field
    rows = reachable_rows(state.scope, wire_field.references or field.related_model, state.using)
    limit = field.get_limit_choices_to()
    if limit:
        rows = rows.complex_filter(limit)
    target = field.target_field
    return find_values(rows, "pk" if target.primary_key else target.attname, wanted, state.using)


def _names_itself(change: Change, wire_field: WireField, value: Any) -> bool:
    """Tell whether a new row names itself: it is there as soon as it is made."""
    model = change.record.synced.model._meta.concrete_model
    is_own = change.is_creation and wire_field.references is model and wire_field.field.target_field.primary_key
    return is_own and change.key is not None and bool(value == change.key)
