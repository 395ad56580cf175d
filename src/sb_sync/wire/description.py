"""What travels of a model, told to a client: enough to build its tables and forms."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Optional

from django.core.exceptions import ValidationError

from sb_sync.wire.codecs.choice import root_field
from sb_sync.wire.fields import LIST, ModelSchema, WireField

__all__ = ["OTHER", "TYPES", "describe_fields"]

#: The type of a field whose class is the project's own: what it writes is JSON.
OTHER = "other"
#: Every word that names a type, with what stands on the wire.
TYPES: Mapping[str, str] = {
    "integer": "a number; beyond ±(2^53 - 1) a string",
    "float": "a number; NaN and infinity as a string",
    "decimal": "a string",
    "boolean": "true or false",
    "string": "a string on one line",
    "text": "a string of any length",
    "date": "a string, ISO 8601",
    "time": "a string, ISO 8601",
    "datetime": "a string, ISO 8601 in UTC",
    "duration": "a string, ISO 8601",
    "uuid": "a string",
    "ip": "a string, IPv4 or IPv6",
    "binary": "a string, base64",
    "file": "a string, its URL",
    "json": "any JSON",
    LIST: "a list of keys of the model it refers to",
    OTHER: "what a field of the project's own writes",
}
TEXTS = ("string", "text")


def describe_fields(schema: ModelSchema, known: Mapping[str, str]) -> List[Dict[str, Any]]:
    """Return what there is to say of each field, the key first.

    `known` are labels with the public ones: no other model is named as the target of a reference.
    """
    return [_describe(field, known) for field in (schema.key, *schema.fields, *schema.many_to_many)]


def _describe(wire_field: WireField, known: Mapping[str, str]) -> Dict[str, Any]:
    root = root_field(wire_field.field)
    return {
        "name": wire_field.name,
        "type": wire_field.type if wire_field.type in TYPES else OTHER,
        "required": wire_field.is_required,
        "null": not wire_field.is_list and wire_field.field.null,
        "read_only": wire_field.read_only,
        "max_length": root.max_length if wire_field.type in TEXTS else None,
        "choices": _describe_choices(wire_field),
        "references": _find_label(wire_field, known),
    }


def _describe_choices(wire_field: WireField) -> Optional[List[Dict[str, Any]]]:
    """Return values and what people call them, in the language of the request; groups are dissolved."""
    choices = [] if wire_field.is_list else wire_field.field.flatchoices
    return [choice for value, label in choices for choice in _describe_choice(wire_field, value, str(label))] or None


def _describe_choice(wire_field: WireField, value: Any, label: str) -> Iterator[Dict[str, Any]]:
    """Yield a choice, unless its value is one that the field itself would never take."""
    try:
        yield {"value": wire_field.encode(wire_field.field.to_python(value)), "label": label}
    except ValidationError:
        return


def _find_label(wire_field: WireField, known: Mapping[str, str]) -> Optional[str]:
    return None if wire_field.references is None else known.get(wire_field.references._meta.label)
