"""From the bytes of a request to JSON, under limits that hold before anything is built."""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import Any, Dict, Iterator, NoReturn, Optional
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from sb_sync.api.compression import GZIP_NAMES, inflate
from sb_sync.config import setting
from sb_sync.errors import MalformedRequest, TooLarge, UnsupportedMediaType

__all__ = ["read_form", "read_object"]

CHUNK = 64 * 1024
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
FORM_TYPES = (FORM_TYPE, "multipart/form-data")
# What strangers may send: a log-in has a handful of fields.
MAX_FORM_BYTES = 64 * 1024
MAX_FORM_FIELDS = 20
# Of a Content-Length: enough for any body, and little enough for int().
MAX_LENGTH_DIGITS = 18

# Only what nests, and what begins and ends text, is kept; braces count as brackets.
STRUCTURE = bytes.maketrans(b"{}", b"[]")
NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'"[]{}')
ESCAPED = re.compile(rb"\\.", re.DOTALL)
STRING = re.compile(rb'"[^"]*"?')


def read_object(request: HttpRequest) -> Dict[str, Any]:
    """Return the JSON object that is the body; of keys that come twice the last counts.

    Raises `UnsupportedMediaType`, `TooLarge` or `MalformedRequest`.
    """
    _check_type(request, JSON_TYPE)
    return _parse_object(_read_bytes(request, setting("MAX_BODY_BYTES")))


def read_form(request: HttpRequest) -> Dict[str, Any]:
    """Return the fields of a small body: a JSON object or a form. Raises as `read_object`."""
    _check_type(request, JSON_TYPE, *FORM_TYPES)
    data = _read_bytes(request, min(MAX_FORM_BYTES, setting("MAX_BODY_BYTES")))
    if _read_type(request) == JSON_TYPE:
        return _parse_object(data)
    try:
        return _parse_form(request, data)
    except (ValueError, MultiPartParserError, SuspiciousOperation) as error:
        raise MalformedRequest("The body is not a form.") from error


def _check_type(request: HttpRequest, *accepted: str) -> None:
    """Refuse what is not of these types, or not as it is in UTF-8."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    if _read_type(request) not in accepted or charset.lower().replace("-", "") != "utf8":
        raise UnsupportedMediaType("Send {} in UTF-8.".format(" or ".join(accepted)))
    if _read_encoding(request) not in ("identity", *GZIP_NAMES):
        raise UnsupportedMediaType("Send the body as it is or compressed with gzip.")


def _read_type(request: HttpRequest) -> str:
    """Return the type of the body, which is the same in any case."""
    return (request.content_type or "").lower()


def _read_encoding(request: HttpRequest) -> str:
    """Return how the body is compressed."""
    return str(request.META.get("HTTP_CONTENT_ENCODING") or "identity").strip().lower()


def _parse_object(data: bytes) -> Dict[str, Any]:
    _check_depth(data)
    try:
        body = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise MalformedRequest("The body is not UTF-8.") from error
    except RecursionError as error:
        # Only where MAX_JSON_DEPTH was set beyond what Python can read.
        raise TooLarge("The body is nested too deep.") from error
    except ValueError as error:
        raise MalformedRequest(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise MalformedRequest("The body must be a JSON object.")
    return body


def _parse_form(request: HttpRequest, data: bytes) -> Dict[str, Any]:
    """Return the fields of a form; files in it are dropped, as nothing takes them up."""
    if _read_type(request) == FORM_TYPE:
        text = data.decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS, errors="strict"))
    described = {**request.META, "CONTENT_LENGTH": len(data)}
    fields, _ = MultiPartParser(described, BytesIO(data), [], "utf-8").parse()
    return dict(fields.items())


def _read_bytes(request: HttpRequest, limit: int) -> bytes:
    """Read the stream itself: Django's own limit is made for forms, not for batches.

    The limit holds for the bytes that are sent and again for what they are when decompressed.
    """
    announced = _read_length(request)
    if announced is not None and announced > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")
    chunks = _read_chunks(_find_stream(request, announced), limit, announced or 0)
    return b"".join(inflate(chunks, limit) if _read_encoding(request) in GZIP_NAMES else chunks)


def _read_length(request: HttpRequest) -> Optional[int]:
    """Return the length that the client announced, None where it announced none."""
    text = request.META.get("CONTENT_LENGTH") or ""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise MalformedRequest("Content-Length is no number.")
    if len(text) > MAX_LENGTH_DIGITS:
        raise TooLarge("Content-Length is beyond any limit.")
    return int(text)


def _find_stream(request: HttpRequest, announced: Optional[int]) -> Any:
    """Return what to read from.

    A body in chunks announces no length, and Django then reads none of it under WSGI; a server that says the stream
    has an end of its own is believed.
    """
    environ = getattr(request, "environ", {})
    if announced is None and environ.get("wsgi.input_terminated"):
        return environ["wsgi.input"]
    return request


def _read_chunks(stream: Any, limit: int, announced: int) -> Iterator[bytes]:
    size = 0
    try:
        while True:
            chunk = stream.read(CHUNK)
            if not chunk:
                break
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"The body is larger than {limit} bytes.")
            yield chunk
    except OSError as error:
        raise MalformedRequest("The body broke off.") from error
    if size < announced:
        raise MalformedRequest("The body broke off.")


def _check_depth(data: bytes) -> None:
    """Refuse deep nesting before anything is built.

    Text is cut out and only brackets are left; each pass then takes away the innermost pairs, so that the passes
    count the levels. What is left in the end is not balanced: JSON's reader stops at its first closing bracket.
    """
    limit = setting("MAX_JSON_DEPTH")
    if data.count(b"[") + data.count(b"{") <= limit:
        return
    if b"\\" in data:
        data = ESCAPED.sub(b"", data)
    brackets = data.translate(STRUCTURE, NOT_STRUCTURE).replace(b'""', b"")
    if b'"' in brackets:
        brackets = STRING.sub(b"", brackets)
    depth = 0
    while depth <= limit:
        rest = brackets.replace(b"[]", b"")
        if len(rest) == len(brackets):
            break
        brackets, depth = rest, depth + 1
    unclosed = len(brackets) - len(brackets.lstrip(b"["))
    if depth + unclosed > limit:
        raise TooLarge(f"The body is nested deeper than {limit} levels.")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
