"""Fifth step: what differs from the stored row, and whether it may stand there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sb_sync.access import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.protocol import INVALID
from sb_sync.push.batch import MISSING, Change, Outcome, Task, refuse
from sb_sync.push.identify import decode
from sb_sync.push.passing import Readers
from sb_sync.push.state import PushState
from sb_sync.wire import ModelSchema, WireField, schema_of

__all__ = ["compare", "required_fields"]


def compare(
    state: PushState, task: Task, key: Any, stored: Optional[Mapping[str, Any]], references: Mapping[str, Any]
) -> Union[Change, Outcome]:
    """Return what a task changes in a row (None: a new one), or why it may not.

    Only values that differ from the stored ones are validated: old rows that would no longer pass survive a round
    trip. `references` are the keys that the record's references resolved to. Lists are compared by `many`.
    """
    change = Change(task, key, stored)
    errors: Dict[str, List[str]] = {}
    by_name = task.record.schema.by_name
    readers = state.readers(task.record.synced)
    for name, value in task.record.values.items():
        if task.covers(name):
            _take(errors, readers, change, by_name[name], value)
    for name, reference in references.items():
        wire_field = by_name[name]
        if stored is None or stored[wire_field.attname] != reference:
            change.values[wire_field.attname] = reference
            _check_key(errors, readers, wire_field, reference)
    if stored is None:
        _complete(state.scope, readers, change, errors)
    return refuse(INVALID, errors) if errors else change


def _take(errors: Dict[str, List[str]], readers: Readers, change: Change, wire_field: WireField, value: Any) -> None:
    """Decode one value, compare it with the stored one and check it."""
    stored, attname = change.stored, wire_field.attname
    if stored is not None and wire_field.echoes(stored[attname], value):
        return
    reader = readers[attname]
    quick = MISSING if reader is None else reader.read(value)
    try:
        decoded = decode(wire_field, value) if quick is MISSING else quick
    except ValidationError as error:
        errors[wire_field.name] = error.messages
        return
    if stored is not None and _is_same(wire_field, stored[attname], decoded):
        return
    change.values[attname] = decoded
    if quick is MISSING:
        _check(errors, wire_field, decoded)


def _is_same(wire_field: WireField, stored: Any, decoded: Any) -> bool:
    """Tell whether two Python values are one: in a document, true is not 1."""
    if wire_field.type == "json" or stored is None or decoded is None:
        return stored is decoded or wire_field.echoes(stored, wire_field.encode(decoded))
    return bool(stored == decoded)


def _check_key(errors: Dict[str, List[str]], readers: Readers, wire_field: WireField, value: Any) -> None:
    """Validate a key that is decoded already."""
    reader = readers[wire_field.attname]
    if reader is None or not reader.passes(value):
        _check(errors, wire_field, value)


def _check(errors: Dict[str, List[str]], wire_field: WireField, value: Any) -> None:
    """Validate one value as its field would, without asking the database."""
    field = wire_field.field
    try:
        if value is None and not field.null:
            raise ValidationError(field.error_messages["null"], code="null")
        if wire_field.references is None:
            field.validate(value, None)
        elif value is None and not field.blank:
            raise ValidationError(field.error_messages["blank"], code="blank")
        field.run_validators(value)
    except ValidationError as error:
        errors[wire_field.name] = error.messages
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        errors[wire_field.name] = [_("Enter a valid value.")]


def _complete(scope: Scope, readers: Readers, change: Change, errors: Dict[str, List[str]]) -> None:
    """Give a new row its key and organization, and tell what is missing."""
    record = change.record
    schema = record.schema
    tenant = record.synced.tenant
    if change.key is not None:
        change.values[schema.key.attname] = change.key
        _check_key(errors, readers, schema.key, change.key)
    elif schema.key.is_required:
        errors[schema.key.name] = [_("This field is required.")]
    if tenant is not None and tenant.field is not None:
        change.values[tenant.field.attname] = scope.site_id
    for wire_field in required_fields(record.synced):
        is_given = wire_field.name in record.values or wire_field.name in record.references
        if not is_given and wire_field.name not in errors:
            errors[wire_field.name] = [_("This field is required.")]


@lru_cache(maxsize=None)
def required_fields(synced: SyncedModel) -> Tuple[WireField, ...]:
    """Return the fields without which no row can be made."""
    schema: ModelSchema = schema_of(synced)
    return tuple(wire_field for wire_field in schema.fields if wire_field.is_required)
