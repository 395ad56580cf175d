"""Answers: their headers and bodies, and one for every class of error."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Type

from sb_sync.api.schema.words import TEXT, array
from sb_sync.errors import (
    InvalidCursor,
    NotFound,
    NothingServed,
    OrganizationRequired,
    SyncError,
    Throttled,
    TooLarge,
    Unavailable,
    WrongMethod,
)
from sb_sync.protocol import ERROR, INTERNAL, MODEL

__all__ = ["JSON", "make_answer", "make_common_responses", "make_errors", "refer"]

JSON = "application/json"
Schema = Dict[str, Any]
REQUEST_ID: Schema = {
    "description": "The name of the request in the server's log: the client's own, where it sent a sane one.",
    "schema": {"type": "string"},
    "required": True,
}
WAIT: Schema = {
    "description": "Seconds to wait before the next attempt.",
    "schema": {"type": "integer", "minimum": 1},
    "required": True,
}
CHALLENGE: Schema = {"schema": {"const": "Bearer"}, "required": True}
ALLOWED: Schema = {"description": "The methods that there are.", "schema": {"type": "string"}, "required": True}


#: What errors say besides.
EXTRAS: Mapping[Type[SyncError], Mapping[str, Schema]] = {
    OrganizationRequired: {"organizations": array(TEXT, "The slugs to choose from.")},
    InvalidCursor: {MODEL: {"type": "string", "description": "The model whose value is wrong."}},
    NothingServed: {"errors": array({"$ref": "#/components/schemas/RefusedModel"}, "Why, for each model.")},
    Throttled: {"retry_after": {"type": "integer", "minimum": 1, "description": "Seconds to wait."}},
    TooLarge: {"limit": {"type": "integer", "description": "How many records there may be."}},
}


def refer(name: str) -> Schema:
    """Return a reference to a shape."""
    return {"$ref": f"#/components/schemas/{name}"}


def make_answer(description: str, content: Mapping[str, Schema]) -> Schema:
    """Return an answer with a body of one of several media types."""
    return {
        "description": description,
        "headers": {"X-Request-ID": REQUEST_ID},
        "content": {media_type: {"schema": schema} for media_type, schema in content.items()},
    }


def make_errors(*errors: Type[SyncError]) -> Dict[str, Schema]:
    """Return the answers for errors by status; every address may also meet a fault of the server."""
    by_status: Dict[int, List[Type[SyncError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    answers = {str(status): _make_error(status, found) for status, found in sorted(by_status.items())}
    return {**answers, "500": _make_answer_of_codes({INTERNAL: "The server failed."}, {})}


def make_common_responses() -> Dict[str, Schema]:
    """Return what those get who ask for another address, or in another way."""
    return {"NotFound": _make_error(404, [NotFound]), "MethodNotAllowed": _make_error(405, [WrongMethod])}


def _make_error(status: int, errors: List[Type[SyncError]]) -> Schema:
    sentences = {error.code: (error.__doc__ or "").splitlines()[0] for error in errors}
    extras = {name: schema for error in errors for name, schema in EXTRAS.get(error, {}).items()}
    answer = _make_answer_of_codes(sentences, extras)
    if status == 401:
        answer["headers"]["WWW-Authenticate"] = CHALLENGE
    if status in (Throttled.status, Unavailable.status):
        answer["headers"]["Retry-After"] = WAIT
    if status == WrongMethod.status:
        answer["headers"]["Allow"] = ALLOWED
    return answer


def _make_answer_of_codes(sentences: Mapping[str, str], extras: Mapping[str, Schema]) -> Schema:
    told = " ".join(f"`{code}`: {sentence}" for code, sentence in sentences.items())
    schema = {"allOf": [refer("Error"), {"properties": {"code": {"enum": sorted(sentences)}, **extras}}]}
    answer = make_answer(told, {JSON: schema})
    answer["content"][JSON]["examples"] = {
        code: {"value": {"status": ERROR, "code": code, "detail": sentence, "request_id": "6f1c0ea5"}}
        for code, sentence in sentences.items()
    }
    return answer
