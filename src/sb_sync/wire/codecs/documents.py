"""JSON documents."""

from __future__ import annotations

import json
import math
from typing import Any

from sb_sync.wire.codecs.codec import Codec, check_text, refuse
from sb_sync.wire.codecs.numbers import encode_float

__all__ = ["document"]


def document(field: Any) -> Codec:
    """Make the codec of a JSON field."""

    def encode(value: Any) -> Any:
        if field.encoder is not None or field.decoder is not None:
            # What the field's own decoder made goes back through its own encoder.
            value = json.loads(json.dumps(value, cls=field.encoder))
        return _make_portable(value)

    def decode(value: Any) -> Any:
        _check(field, value)
        if field.decoder is not None:
            return json.loads(json.dumps(value), cls=field.decoder)
        return value

    return Codec("json", encode, decode)


def _make_portable(value: Any) -> Any:
    """Return a document without numbers that JSON lacks: a database may hold 1e400, which Python reads as infinity."""
    if isinstance(value, float):
        return encode_float(value)
    if isinstance(value, list):
        return [_make_portable(item) for item in value]
    if isinstance(value, dict):
        return {key: _make_portable(item) for key, item in value.items()}
    return value


def _check(field: Any, value: Any) -> None:
    """Refuse what some database could not hold."""
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            refuse(field, value)
    elif isinstance(value, list):
        for item in value:
            _check(field, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(key)
            _check(field, item)
