"""The addresses: what each takes, and every answer that it gives."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from sb_sync import errors
from sb_sync.api.schema.examples import make_example_of_lines
from sb_sync.api.schema.responses import JSON, make_answer, make_errors, refer
from sb_sync.api.streaming import NDJSON

__all__ = ["PARAMETERS", "make_paths"]

Schema = Dict[str, Any]
FORM = "application/x-www-form-urlencoded"
HTML = "text/html"
PLAIN = "text/plain"

PARAMETERS: Mapping[str, Schema] = {
    "Organization": {
        "name": "X-Organization",
        "in": "header",
        "description": "Slug or id of the organization; may be left out where the user has exactly one.",
        "schema": {"type": "string"},
    },
    "RequestID": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "A name for the request, to find it again in the log: letters, digits, `.`, `_`, `-`.",
        "schema": {"type": "string", "maxLength": 64},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A name of the client's for this very push: sent again, it gives the first answer again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
    "AcceptEncoding": {
        "name": "Accept-Encoding",
        "in": "header",
        "description": "`gzip`: the answer is compressed where that gains something.",
        "schema": {"type": "string"},
    },
    "Async": {
        "name": "async",
        "in": "query",
        "description": "`1`: accept the push and have a worker carry it out; its number of records has no limit then.",
        "schema": {"enum": ["0", "1"]},
    },
    "Job": {
        "name": "job",
        "in": "path",
        "required": True,
        "description": "What the background push was called when it was accepted.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "OrganizationQuery": {
        "name": "organization",
        "in": "query",
        "description": "The same as the header `X-Organization`.",
        "schema": {"type": "string"},
    },
    "Scope": {
        "name": "scope",
        "in": "query",
        "description": "`all`: the figures of all organizations; for staff only.",
        "schema": {"enum": ["own", "all"], "default": "own"},
    },
}
BODY = (errors.MalformedRequest, errors.TooLarge, errors.UnsupportedMediaType, errors.Unavailable)
TOKEN = (errors.NotAuthenticated, errors.InvalidToken, errors.Unavailable)
PLACE = (errors.OrganizationRequired, errors.OrganizationDenied)
RETRY = (errors.InvalidIdempotencyKey, errors.IdempotencyConflict, errors.IdempotencyKeyReused)
REPLAYED: Schema = {
    "description": "This is the first answer to the Idempotency-Key, given again.",
    "schema": {"const": "true"},
}


def make_paths() -> Dict[str, Schema]:
    """Return every address."""
    return {
        "/auth/token/": {"post": _log_in()},
        "/auth/refresh/": {"post": _refresh()},
        "/auth/logout/": {"post": _log_out()},
        "/push/": {"post": _push()},
        "/jobs/{job}/": {"get": _job(), "delete": _cancel()},
        "/pull/": {"post": _pull()},
        "/models/": {"get": _models()},
        "/health/": {"get": _health()},
        "/performance/": {"get": _performance()},
        "/metrics/": {"get": _metrics()},
        "/schema/": {"get": _describe("schema", "This description.", {JSON: {"type": "object"}})},
        "/docs/": {"get": _describe("docs", "This description as a page.", {HTML: {"type": "string"}})},
    }


def _log_in() -> Schema:
    return _operation(
        "logIn",
        "Session",
        "Log in.",
        "A token for each request, and one to get the next pair with. Attempts are counted by name and by address.",
        takes={JSON: refer("Credentials"), FORM: refer("Credentials")},
        gives={"200": make_answer("Logged in.", {JSON: refer("Session")})},
        fails=make_errors(*BODY, errors.InvalidCredentials, errors.Throttled),
        needs_token=False,
    )


def _refresh() -> Schema:
    return _operation(
        "refresh",
        "Session",
        "Trade a refresh token for the next pair.",
        "Each refresh token serves once. One that comes back ends the log-in: two parties hold it.",
        takes={JSON: refer("Refresh"), FORM: refer("Refresh")},
        gives={"200": make_answer("The next pair.", {JSON: refer("TokenPair")})},
        fails=make_errors(*BODY, errors.InvalidToken),
        needs_token=False,
    )


def _log_out() -> Schema:
    return _operation(
        "logOut",
        "Session",
        "Log out.",
        "Ends the log-in of the token, and its refresh token.",
        gives={"200": make_answer("Logged out.", {JSON: refer("LoggedOut")})},
        fails=make_errors(*TOKEN),
    )


def _push() -> Schema:
    answer = refer("PushAnswer")
    fails = make_errors(*BODY, *TOKEN, *PLACE, *RETRY, errors.Throttled)
    gives = make_answer("Processed; `status` and `results` tell what became of it.", {JSON: answer})
    accepted = make_answer(
        "Accepted (`async=1`); the job at `url` tells what becomes of it.", {JSON: refer("Accepted")}
    )
    for each in (gives, accepted, fails["400"]):
        each["headers"]["Idempotency-Replayed"] = REPLAYED
    for status in ("400", "403"):
        error = fails[status]["content"][JSON]
        error["schema"] = {"anyOf": [answer, error["schema"]]}
    fails["400"]["description"] += " Or nothing of an atomic push was applied."
    fails["403"]["description"] += " Or every record was refused for lack of permission."
    return _operation(
        "push",
        "Synchronise",
        "Send what changed on the device.",
        "Records of any models, in any order; references may name rows that the same push makes.",
        takes={JSON: refer("PushRequest")},
        gives={"200": gives, "202": accepted},
        fails=fails,
        parameters=("Organization", "IdempotencyKey", "Async"),
    )


def _job() -> Schema:
    return _operation(
        "job",
        "Synchronise",
        "Tell of a background push.",
        "To the user who sent it alone, in the organization in which it was sent.",
        gives={"200": make_answer("Where it stands.", {JSON: refer("Job")})},
        fails=make_errors(*TOKEN, *PLACE, errors.NotFound),
        parameters=("Job", "Organization", "OrganizationQuery"),
    )


def _cancel() -> Schema:
    return _operation(
        "cancelJob",
        "Synchronise",
        "Cancel a background push.",
        "One that waits ends at once. One that is worked on ends before its next chunk: what was committed stays, and"
        " the result says what that is; an atomic one is undone, unless it was committed already.",
        gives={"200": make_answer("Where it stands now.", {JSON: refer("Job")})},
        fails=make_errors(*TOKEN, *PLACE, errors.NotFound),
        parameters=("Job", "Organization", "OrganizationQuery"),
    )


def _pull() -> Schema:
    gives = make_answer(
        "What changed. As lines (NDJSON): each line is one JSON document of the shape `StreamLine`.",
        {JSON: refer("PullAnswer"), NDJSON: {"type": "string"}},
    )
    gives["content"][NDJSON].update({"x-line-schema": refer("StreamLine"), "example": make_example_of_lines()})
    return _operation(
        "pull",
        "Synchronise",
        "Get what changed on the server.",
        "One document, or with `Accept: application/x-ndjson` a stream of lines that goes on until the client has all.",
        takes={JSON: refer("PullRequest")},
        gives={"200": gives},
        fails=make_errors(*BODY, *TOKEN, *PLACE, errors.InvalidCursor, errors.NothingServed),
        parameters=("Organization",),
    )


def _models() -> Schema:
    return _operation(
        "models",
        "Describe",
        "Tell what may be synchronised.",
        "Every model that the user may push or pull in the organization, with its fields.",
        gives={"200": make_answer("The models, parents before children.", {JSON: refer("Models")})},
        fails=make_errors(*TOKEN, *PLACE),
        parameters=("Organization", "OrganizationQuery"),
    )


def _health() -> Schema:
    answer = {JSON: refer("Health")}
    return _operation(
        "health",
        "Operate",
        "Tell whether the server is well.",
        "A word for each check; to staff, who send a token or have a session of Django's, also why and how much.",
        gives={"200": make_answer("Healthy or degraded.", answer), "503": make_answer("Unhealthy.", answer)},
        fails=make_errors(),
        needs_token=False,
    )


def _performance() -> Schema:
    return _operation(
        "performance",
        "Operate",
        "Tell how fast the operations are.",
        "Figures of the user's organization in the last days, and what they suggest.",
        gives={"200": make_answer("The figures.", {JSON: refer("Performance")})},
        fails=make_errors(errors.MalformedRequest, *TOKEN, *PLACE, errors.AccessDenied),
        parameters=("Scope", "Organization", "OrganizationQuery"),
    )


def _metrics() -> Schema:
    return _operation(
        "metrics",
        "Operate",
        "Give the figures to Prometheus.",
        "Of all organizations, for staff; where the server has the extra `prometheus`.",
        gives={"200": make_answer("In the text format of Prometheus.", {PLAIN: {"type": "string"}})},
        fails=make_errors(*TOKEN, errors.AccessDenied, errors.NotFound),
    )


def _describe(name: str, summary: str, content: Mapping[str, Schema]) -> Schema:
    return _operation(
        name,
        "Describe",
        summary,
        "",
        gives={"200": make_answer(summary, content)},
        fails=make_errors(errors.Unavailable),
        needs_token=False,
    )


def _operation(
    name: str,
    tag: str,
    summary: str,
    description: str,
    *,
    gives: Mapping[str, Schema],
    fails: Mapping[str, Schema],
    takes: Optional[Mapping[str, Schema]] = None,
    parameters: Tuple[str, ...] = (),
    needs_token: bool = True,
) -> Schema:
    """Put an operation together; every one takes a name of the request, and an answer may be compressed."""
    named = (*parameters, "RequestID", "AcceptEncoding")
    operation: Schema = {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "parameters": [{"$ref": f"#/components/parameters/{parameter}"} for parameter in named],
        "responses": {**gives, **fails},
    }
    if takes is not None:
        content = {media_type: {"schema": schema} for media_type, schema in takes.items()}
        operation["requestBody"] = {"required": True, "content": content}
    if not needs_token:
        operation["security"] = []
    return operation
