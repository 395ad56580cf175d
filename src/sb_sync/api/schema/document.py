"""The whole description."""

from __future__ import annotations

from typing import Any, Dict, List

from sb_sync import __version__
from sb_sync.api.schema.operations import PARAMETERS, make_paths
from sb_sync.api.schema.responses import make_common_responses
from sb_sync.api.schema.shapes import make_shapes

__all__ = ["make_document"]

DESCRIPTION = """
Push what changed on the device, pull what changed on the server.

1. `POST auth/token/` gives a token; send it as `Authorization: Bearer …`.
2. `GET models/` tells which models there are, with their fields.
3. `POST pull/` gives the rows, and a cursor per model: ask with all cursors until `batch_info.has_more` is false.
4. `POST push/` takes records: created, changed and deleted ones, in any order.

Bodies may be sent with `Content-Encoding: gzip`; answers are compressed for those who accept it.
""".strip()
TAGS: List[Dict[str, str]] = [
    {"name": "Session", "description": "Log in, stay logged in, log out."},
    {"name": "Synchronise", "description": "Push and pull."},
    {"name": "Operate", "description": "How the server is."},
    {"name": "Describe", "description": "What can be synchronised, and this page."},
]


def make_document(prefix: str) -> Dict[str, Any]:
    """Return the description of the API as it stands below a prefix, such as "/api/sync"."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sb_sync",
            "version": __version__,
            "summary": "Synchronise rows with clients that are often offline.",
            "description": DESCRIPTION,
        },
        "servers": [{"url": prefix}],
        "tags": TAGS,
        "security": [{"token": []}],
        "paths": make_paths(),
        "components": {
            "schemas": make_shapes(),
            "parameters": PARAMETERS,
            "responses": make_common_responses(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `token` of `auth/token/` or `auth/refresh/`.",
                }
            },
        },
    }
