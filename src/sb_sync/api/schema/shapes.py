"""What stands in bodies: sessions, errors and models here, records in `records`, figures in `figures`."""

from __future__ import annotations

from typing import Any, Dict

from sb_sync.api.schema.examples import EXAMPLES
from sb_sync.api.schema.figures import make_figure_shapes
from sb_sync.api.schema.records import make_pull_shapes, make_push_shapes
from sb_sync.api.schema.responses import refer
from sb_sync.api.schema.words import TEXT, TRUTH, array, one_of, optional, shape
from sb_sync.catalog import AUTOMATIC, CLIENT
from sb_sync.protocol import ERROR, OWN_CODE, SUCCESS
from sb_sync.registry import POLICIES
from sb_sync.wire.description import TYPES

__all__ = ["make_shapes"]


def make_shapes() -> Dict[str, Any]:
    """Return every shape by name."""
    shapes = {
        **_make_errors(),
        **_make_sessions(),
        **make_push_shapes(),
        **make_pull_shapes(),
        **_make_models(),
        **_make_fields(),
        **make_figure_shapes(),
    }
    return {name: {**made, "examples": [EXAMPLES[name]]} if name in EXAMPLES else made for name, made in shapes.items()}


def _make_errors() -> Dict[str, Any]:
    return {
        "Error": shape(
            {
                "status": {"const": ERROR},
                "code": {"type": "string", "description": "For programs."},
                "detail": {"type": "string", "description": "For people; may change."},
                "request_id": TEXT,
            },
            description="Some errors say more in keys of their own.",
        )
    }


def _make_sessions() -> Dict[str, Any]:
    pair = {"token": TEXT, "refresh": TEXT}
    return {
        "Credentials": shape({"username": TEXT, "password": {"type": "string", "format": "password"}}),
        "Refresh": shape({"refresh": TEXT}),
        "LoggedOut": shape({"status": {"const": SUCCESS}}),
        "TokenPair": shape(pair),
        "Session": shape({**pair, "user": refer("User"), "organizations": array(refer("Membership"))}),
        "User": shape({"id": one_of("integer", "string"), "username": TEXT, "email": TEXT}),
        "Membership": shape({"id": {"type": "integer"}, "name": TEXT, "slug": TEXT, "group": TEXT}),
    }


def _make_models() -> Dict[str, Any]:
    policies = {"enum": [*POLICIES, OWN_CODE], "description": "What becomes of a record whose row has changed since."}
    return {
        "Models": shape({"models": {"type": "object", "additionalProperties": refer("Model")}}),
        "Model": shape(
            {
                "can_push": TRUTH,
                "can_pull": TRUTH,
                "can_delete": TRUTH,
                "shared": {"type": "boolean", "description": "The same rows for every organization."},
                "conflict": policies,
                "primary_key": refer("PrimaryKey"),
                "organization": {
                    **optional(TEXT),
                    "description": "The field with the row's organization; null where the row has none of its own.",
                },
                "fields": array(refer("Field"), "The key first."),
            }
        ),
        "PrimaryKey": shape(
            {
                "name": TEXT,
                "kind": {
                    "enum": [AUTOMATIC, CLIENT],
                    "description": "Who chooses the key of a new row: the server, or the client.",
                },
            }
        ),
    }


def _make_fields() -> Dict[str, Any]:
    listed = " · ".join(f"`{word}`: {meaning}" for word, meaning in TYPES.items())
    return {
        "Field": shape(
            {
                "name": TEXT,
                "type": {"enum": list(TYPES), "description": listed},
                "required": {"type": "boolean", "description": "No new row without it."},
                "null": TRUTH,
                "read_only": {"type": "boolean", "description": "Seen by clients, written by the server."},
                "max_length": {**optional({"type": "integer"}), "description": "In characters."},
                "choices": optional(array(refer("Choice"))),
                "references": {
                    **optional(TEXT),
                    "description": "The label of the model whose key it holds, where that is in this list.",
                },
            }
        ),
        "Choice": shape({"value": {}, "label": TEXT}),
    }
