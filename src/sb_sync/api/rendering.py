"""Answers as bytes."""

from __future__ import annotations

import json
from typing import Any, Iterable, Mapping, Optional

from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

try:
    import orjson
except ImportError:  # it comes with the extra `speed`
    orjson = None  # type: ignore[assignment]  # asked below

__all__ = ["SyncRenderer", "render_lines"]


class SyncRenderer(BaseRenderer):
    """Write JSON, whatever an answer repeats of what a client sent."""

    media_type = "application/json"
    format = "json"
    # RFC 8259: JSON is UTF-8, and there is no parameter to say so.
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: Optional[str] = None,
        renderer_context: Optional[Mapping[str, Any]] = None,
    ) -> bytes:
        """Return the bytes."""
        return b"" if data is None else _write(data)


def render_lines(lines: Iterable[Any]) -> bytes:
    """Return the bytes of lines, a document each."""
    return b"".join(_write(line) + b"\n" for line in lines)


def _write(data: Any) -> bytes:
    """Return a document. Half a pair of surrogates, and integers of any size, are beyond orjson."""
    if orjson is not None:
        try:
            return orjson.dumps(data)
        except (TypeError, ValueError):
            pass
    return json.dumps(data, cls=JSONEncoder, separators=(",", ":")).encode("ascii")
