"""What travels of one model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, List, Mapping, Optional, Tuple, Type

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from sb_sync import compat
from sb_sync.wire.codecs import Codec
from sb_sync.wire.codecs.choice import root_field

__all__ = ["LIST", "ModelSchema", "WireField", "is_same_json"]

#: The type of a many-to-many field on the wire: a list of keys.
LIST = "list"


@dataclass(frozen=True)
class WireField:
    """One field as it stands on the wire.

    `field` is Django's, `attname` the attribute with the value ("region_id"; the name of a many-to-many field),
    `type` the word for its type, `references` the model that a foreign key or many-to-many field names.
    """

    name: str
    field: Any
    attname: str
    read_only: bool
    type: str
    codec: Codec
    references: Optional[Type[Model]] = None

    @property
    def is_list(self) -> bool:
        """Tell whether the value is a list of keys."""
        return self.type == LIST

    @property
    def is_required(self) -> bool:
        """Tell whether a new row cannot be made without a value from the client."""
        field = self.field
        if self.is_list or self.read_only:
            return False
        if field.has_default() or compat.has_database_default(field) or field.null:
            return False
        return not (field.blank and field.empty_strings_allowed)

    def encode(self, value: Any) -> Any:
        """Return the JSON of a value as `values_list` gives it; a list of keys is sorted."""
        if self.is_list:
            return [self._encode_one(key) for key in sorted(value)]
        return self._encode_one(value)

    def _encode_one(self, value: Any) -> Any:
        return value if value is None or self.codec.encode is None else self.codec.encode(value)

    def decode(self, value: Any) -> Any:
        """Return the Python value of JSON; a list of keys without repetitions.

        Raises Django's `ValidationError` where the value is not of the field's type or no database could hold it.
        """
        if not self.is_list:
            return self.decode_key(value)
        if not isinstance(value, list) or any(item is None for item in value):
            raise ValidationError(_("Enter a list of values."), code="invalid_list")
        decoded: List[Any] = [self.codec.decode(item) for item in value]
        return list(dict.fromkeys(decoded))

    def decode_key(self, value: Any) -> Any:
        """Return the Python value of one JSON value: of the field, or of one key in its list. Raises as `decode`."""
        return None if value is None else self.codec.decode(value)

    def echoes(self, stored: Any, sent: Any) -> bool:
        """Tell whether what a client sent is the stored value exactly as a pull gives it.

        So a stored value comes back unharmed that no decoder would take: NaN, or a time that the clock skipped.
        """
        encode = self.codec.encode
        if self.is_list or stored is None or encode is None:
            return is_same_json(self.encode(stored), sent)
        return is_same_json(encode(stored), sent)


def is_same_json(one: Any, other: Any) -> bool:
    """Compare JSON values; true is not 1."""
    if type(one) is str and type(other) is str:
        return one == other
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same_json, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same_json(one[name], other[name]) for name in one)
    return bool(one == other)


@dataclass(frozen=True)
class ModelSchema:
    """What travels of one model, which clients know by its `public_label`.

    `fields` are the columns without the key, `many_to_many` the lists of keys. `by_name` finds a field by every name
    under which a push may send it. `tag` names the list of fields that versions are made of, `fingerprint` stands for
    everything that a client is given.
    """

    label: str
    public_label: str
    model: Type[Model]
    key: WireField
    fields: Tuple[WireField, ...]
    many_to_many: Tuple[WireField, ...]
    organization: Optional[WireField]
    by_name: Mapping[str, WireField]
    tag: str
    fingerprint: str

    @cached_property
    def versioned(self) -> Tuple[WireField, ...]:
        """Return the fields that a client writes: those that its version is made of."""
        return tuple(field for field in (*self.fields, *self.many_to_many) if not field.read_only)

    @cached_property
    def version_names(self) -> Tuple[str, ...]:
        """Return the names of these fields."""
        return tuple(field.name for field in self.versioned)

    @cached_property
    def plain_names(self) -> Mapping[str, str]:
        """Return the names on the wire of fields that a client writes and that name no row, by all they may be sent as.

        The key and the key to the organization are none.
        """
        special = (self.key, self.organization)
        return {
            sent: field.name
            for sent, field in self.by_name.items()
            if field not in special and not field.read_only and not field.is_list and field.references is None
        }

    def key_text(self, key: Any) -> str:
        """Return the canonical text of a key, from its Python value."""
        return str(self.key.encode(key))

    def key_from_text(self, text: str) -> Any:
        """Return the Python value of a key from its text, be it canonical or as a database wrote it into its log."""
        root = root_field(self.key.field)
        if hasattr(root, "from_db_value"):
            stored = int(text) if "IntegerField" in root.get_internal_type() else text
            return root.from_db_value(stored, None, None)
        return root.to_python(text)
