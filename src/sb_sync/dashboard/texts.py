"""Text from outside: half a pair of surrogates and a NUL are text to Python, but neither to databases nor browsers."""

from __future__ import annotations

__all__ = ["as_shown", "encode", "is_storable"]


def is_storable(text: str) -> bool:
    """Tell whether a database takes a text, so that it may be asked for it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def encode(text: str) -> bytes:
    """Return a text as it is sent; half a pair of surrogates stands there as JSON escapes it."""
    return text.encode("utf-8", "backslashreplace")


def as_shown(text: str) -> str:
    """Return a text as `encode` sends it."""
    return encode(text).decode()
