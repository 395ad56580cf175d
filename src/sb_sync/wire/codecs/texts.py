"""Text, and what travels as text."""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any, Optional
from uuid import UUID

from django.core.exceptions import SuspiciousOperation

from sb_sync.wire.codecs.codec import Codec, check_text, refuse, take_short_text

__all__ = ["address", "binary", "encode_binary", "file", "string", "text", "uuid"]


def string(field: Any) -> Codec:
    """Make the codec of a short text."""
    return Codec("string", None, _make_text_decoder(field))


def text(field: Any) -> Codec:
    """Make the codec of a text."""
    return Codec("text", None, _make_text_decoder(field))


def _make_text_decoder(field: Any) -> Any:
    """Return a function that takes strings and numbers."""

    def decode(value: Any) -> str:
        if isinstance(value, str):
            return check_text(value)
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if not is_integer and not (isinstance(value, float) and math.isfinite(value)):
            refuse(field, value)
        return str(value)

    return decode


def uuid(field: Any) -> Codec:
    """Make the codec of a UUID."""

    def decode(value: Any) -> UUID:
        return field.to_python(take_short_text(field, value))  # type: ignore[no-any-return]  # to_python is untyped

    return Codec("uuid", str, decode)


def address(field: Any) -> Codec:
    """Make the codec of an IP address."""

    def decode(value: Any) -> Optional[str]:
        return field.to_python(take_short_text(field, value))  # type: ignore[no-any-return]  # to_python is untyped

    return Codec("ip", str, decode)


def encode_binary(value: Any) -> str:
    """Return bytes, however the database driver gives them, as base64."""
    return base64.b64encode(bytes(value)).decode("ascii")


def binary(field: Any) -> Codec:
    """Make the codec of bytes: base64."""

    def decode(value: Any) -> bytes:
        if not isinstance(value, str):
            refuse(field, value)
        try:
            return base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, ValueError):
            refuse(field, value)

    return Codec("binary", encode_binary, decode)


def file(field: Any) -> Codec:
    """Make the codec of a file: its URL, null where there is none. It is never written by a client."""

    def encode(name: Any) -> Optional[str]:
        if not name:
            return None
        try:
            return str(field.storage.url(str(name)))
        except (NotImplementedError, ValueError, SuspiciousOperation):
            # A storage that serves no URLs.
            return None

    def decode(value: Any) -> Any:
        refuse(field, value)

    return Codec("file", encode, decode)
