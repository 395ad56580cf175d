"""Third step: which row a record means, and which rows it refers to, as far as the record itself tells."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sb_sync.access import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.models import ClientRecord
from sb_sync.protocol import BASE, CLIENT_ID, ENVELOPE, INVALID, KEY, PERMISSION_DENIED, UNKNOWN_FIELD
from sb_sync.push.batch import Envelope, Outcome, Record, Reference, refuse
from sb_sync.push.parse import read_client_reference
from sb_sync.wire import WireField, schema_of

__all__ = ["MAX_NAMED_KEY", "decode", "identify", "read_value"]

# As much of a key as can be remembered for a `_client_id`.
MAX_NAMED_KEY = ClientRecord._meta.get_field("object_key").max_length or 0


def identify(scope: Scope, envelope: Envelope, synced: SyncedModel) -> Union[Record, Outcome]:
    """Return a record with its key and references decoded, or why it is refused."""
    reading = _Reading(scope, synced)
    plain, values = reading.schema.plain_names, reading.values
    for name, value in envelope.fields.items():
        own = plain.get(name)
        if own is None or own in values:
            reading.take(name, value)
        else:
            values[own] = value
    base = None if envelope.base is None else reading.take_base(envelope.base)
    if reading.code is not None:
        return refuse(reading.code, reading.errors)
    key = reading.key
    if key is None and synced.tenant is not None and synced.tenant.field is synced.model._meta.pk:
        key = scope.site_id
    if envelope.is_deletion and key is None and envelope.client_id is None:
        return refuse(INVALID, {KEY: [_("Name the row to delete.")]})
    if envelope.client_id is not None and isinstance(key, str) and len(key) > MAX_NAMED_KEY:
        return refuse(INVALID, {CLIENT_ID: [_("A row with so long a key cannot have a name.")]})
    return Record(
        index=envelope.index,
        synced=synced,
        schema=reading.schema,
        client_id=envelope.client_id,
        version=envelope.version,
        is_deletion=envelope.is_deletion,
        key=key,
        values={} if envelope.is_deletion else reading.values,
        references={} if envelope.is_deletion else reading.references,
        lists={} if envelope.is_deletion else reading.lists,
        ignored=tuple(reading.ignored),
        base=base,
    )


def decode(wire_field: WireField, value: Any) -> Any:
    """Return the Python value of one JSON value.

    Raises `ValidationError`, also where a field of another package fails in its own way.
    """
    try:
        return wire_field.decode_key(value)
    except (ValueError, TypeError, OverflowError, ArithmeticError) as error:
        raise ValidationError(_("Enter a valid value."), code="invalid") from error


def read_value(wire_field: WireField, value: Any) -> Any:
    """Return what one JSON value of any field stands for: a Python value, a reference, or a list of these.

    Raises `ValidationError`.
    """
    if wire_field.is_list:
        return _read_list(wire_field, value)
    return decode(wire_field, value) if wire_field.references is None else _read_reference(wire_field, value)


class _Reading:
    """The fields of one record, sorted by what they are; `code` and `errors` say what is wrong."""

    def __init__(self, scope: Scope, synced: SyncedModel) -> None:
        self.scope = scope
        self.schema = schema_of(synced)
        self.key: Reference = None
        self.values: Dict[str, Any] = {}
        self.references: Dict[str, Reference] = {}
        self.lists: Dict[str, Tuple[Reference, ...]] = {}
        self.ignored: List[str] = []
        self.code: Optional[str] = None
        self.errors: Dict[str, List[str]] = {}

    def take(self, name: str, value: Any) -> None:
        """Read one field."""
        wire_field = self.schema.by_name.get(name)
        if wire_field is None:
            self._fail(UNKNOWN_FIELD, name[:200], _("Unknown field."))
            return
        try:
            self._take_known(name, wire_field, value)
        except ValidationError as error:
            for message in error.messages:
                self._fail(INVALID, wire_field.name, message)

    def take_base(self, base: Mapping[str, Any]) -> Dict[str, Any]:
        """Return the values that the client began from, of the fields that it may write; pulled records will do."""
        values: Dict[str, Any] = {}
        for name, value in base.items():
            wire_field = self.schema.by_name.get(name)
            if wire_field is not None and not wire_field.read_only and wire_field is not self.schema.key:
                values[wire_field.name] = value
            elif wire_field is None and name not in ENVELOPE:
                self._fail(UNKNOWN_FIELD, BASE, _("Unknown field: %s.") % name[:200])
        return values

    def _take_known(self, name: str, wire_field: WireField, value: Any) -> None:
        if wire_field is self.schema.key:
            self._take_key(value)
        elif wire_field is self.schema.organization:
            self._take_organization(name, wire_field, value)
        elif wire_field.read_only:
            self.ignored.append(name)
        elif self._is_repeated(wire_field, value):
            raise ValidationError(_("This field was sent twice, with different values."))
        elif wire_field.is_list:
            self.lists[wire_field.name] = _read_list(wire_field, value)
        elif wire_field.references is not None:
            self.references[wire_field.name] = _read_reference(wire_field, value)
        else:
            self.values[wire_field.name] = value

    def _take_key(self, value: Any) -> None:
        if value is None:
            return
        wire_field = self.schema.key
        key = decode(wire_field, value) if wire_field.references is None else _read_reference(wire_field, value)
        if self.key is not None and self.key != key:
            raise ValidationError(_("This field was sent twice, with different values."))
        self.key = key

    def _take_organization(self, name: str, wire_field: WireField, value: Any) -> None:
        """Accept the organization of the request; it is set by the server in any case."""
        if value is not None and decode(wire_field, value) != self.scope.site_id:
            self._fail(PERMISSION_DENIED, wire_field.name, _("Rows of another organization cannot be written."))
        self.ignored.append(name)

    def _is_repeated(self, wire_field: WireField, value: Any) -> bool:
        """Tell whether a field was sent under two names with two values."""
        if wire_field.name in self.values:
            return bool(self.values[wire_field.name] != value)
        if wire_field.name in self.references:
            return bool(self.references[wire_field.name] != _read_reference(wire_field, value))
        return False

    def _fail(self, code: str, name: str, message: str) -> None:
        """Note a fault; a denied permission outweighs an unknown field, and that an invalid value."""
        ranks = {None: 0, INVALID: 1, UNKNOWN_FIELD: 2, PERMISSION_DENIED: 3}
        if ranks[code] > ranks[self.code]:
            self.code = code
            self.errors = {}
        if ranks[code] == ranks[self.code]:
            self.errors.setdefault(name, []).append(message)


def _read_reference(wire_field: WireField, value: Any) -> Reference:
    """Return what a foreign key names."""
    if not isinstance(value, dict):
        return decode(wire_field, value)
    reference = read_client_reference(value)
    if reference is None:
        raise ValidationError(_('Enter a key, or {"_client_id": "…"}.'))
    return reference


def _read_list(wire_field: WireField, value: Any) -> Tuple[Reference, ...]:
    """Return what a many-to-many field names, each once."""
    if not isinstance(value, list) or any(item is None for item in value):
        raise ValidationError(_("Enter a list of keys."))
    return tuple(dict.fromkeys(_read_reference(wire_field, item) for item in value))
