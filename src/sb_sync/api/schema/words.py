"""The little language in which the shapes are written."""

from __future__ import annotations

from typing import Any, Dict, Mapping

__all__ = ["COUNT", "KEY_VALUE", "TEXT", "TIME", "TRUTH", "array", "one_of", "optional", "shape"]

Schema = Dict[str, Any]

TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TIME: Schema = {"type": "string", "format": "date-time"}
KEY_VALUE: Schema = {"type": ["integer", "string"]}


def shape(required: Mapping[str, Schema], *, optional: Mapping[str, Schema] = {}, **more: Any) -> Schema:
    """Return an object with keys that are always there, and keys that may be."""
    return {"type": "object", "properties": {**required, **optional}, "required": list(required), **more}


def array(items: Schema, description: str = "", **more: Any) -> Schema:
    """Return a list."""
    told = {"description": description} if description else {}
    return {"type": "array", "items": items, **told, **more}


def optional(schema: Schema) -> Schema:
    """Return a value that may be null."""
    kind = schema.get("type")
    return {**schema, "type": [kind, "null"]} if isinstance(kind, str) else {"anyOf": [schema, {"type": "null"}]}


def one_of(*types: str) -> Schema:
    """Return a value of one of several JSON types."""
    return {"type": list(types)}
