"""From the bytes of a request to JSON, under limits that hold before anything is built."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, NoReturn
from urllib.parse import parse_qsl

from django.http import HttpRequest
from django.http.request import UnreadablePostError

from sb_sync.config import setting
from sb_sync.errors import MalformedRequest, TooLarge, UnsupportedMediaType

__all__ = ["read_form", "read_object"]

CHUNK = 64 * 1024
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
# A log-in form has a handful of fields.
MAX_FORM_FIELDS = 20

NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'"[]{}')
ESCAPED = re.compile(rb"\\.", re.DOTALL)
STRING = re.compile(rb'"[^"]*"')
OPENING = frozenset(b"[{")


def read_object(request: HttpRequest) -> Dict[str, Any]:
    """Return the JSON object that is the body.

    Raises `UnsupportedMediaType`, `TooLarge` or `MalformedRequest`.
    """
    if request.content_type != JSON_TYPE:
        raise UnsupportedMediaType(f"Send {JSON_TYPE}.")
    data = _read_bytes(request)
    _check_depth(data)
    try:
        body = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise MalformedRequest("The body is not UTF-8.") from error
    except ValueError as error:
        raise MalformedRequest(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise MalformedRequest("The body must be a JSON object.")
    return body


def read_form(request: HttpRequest) -> Dict[str, Any]:
    """Return the fields of a body that is a JSON object or a form. Raises as `read_object`."""
    if request.content_type != FORM_TYPE:
        return read_object(request)
    try:
        text = _read_bytes(request).decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS, errors="strict"))
    except ValueError as error:
        raise MalformedRequest("The body is not a form.") from error


def _read_bytes(request: HttpRequest) -> bytes:
    """Read the stream itself: Django's own limit is made for forms, not for batches."""
    limit = setting("MAX_BODY_BYTES")
    chunks: List[bytes] = []
    size = 0
    try:
        while True:
            chunk = request.read(CHUNK)
            if not chunk:
                return b"".join(chunks)
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"The body is larger than {limit} bytes.")
            chunks.append(chunk)
    except UnreadablePostError as error:
        raise MalformedRequest("The body broke off.") from error


def _check_depth(data: bytes) -> None:
    """Refuse deep nesting before anything is built: strings are cut out, then brackets counted."""
    limit = setting("MAX_JSON_DEPTH")
    if data.count(b"[") + data.count(b"{") <= limit:
        return
    if b"\\" in data:
        data = ESCAPED.sub(b"", data)
    depth = 0
    for byte in STRING.sub(b"", data.translate(None, NOT_STRUCTURE)):
        depth += 1 if byte in OPENING else -1
        if depth > limit:
            raise TooLarge(f"The body is nested deeper than {limit} levels.")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
