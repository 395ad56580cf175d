"""The version of a row: a name for what stands in it, the same for every client and every server."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from itertools import chain, repeat
from typing import Any, Dict, Iterator, List, Mapping, Match, Optional, Sequence, Tuple

from sb_sync.protocol import DELETED, KEY, MODEL, REASON, VERSION
from sb_sync.wire.fields import ModelSchema

try:
    import orjson
except ImportError:  # it comes with the extra `speed`
    orjson = None  # type: ignore[assignment]  # asked below

__all__ = ["is_version_of", "read_tag", "tombstone", "version_of", "versions_of"]

# 128 bits: a collision would let an overwritten change pass unseen.
DIGEST_SIZE = 16
# In place of the tag of a list of fields, which a deleted row has not.
TOMBSTONE_TAG = "0"
SHAPE = re.compile(r"([0-9a-f]{10}|0)\.[0-9a-f]{32}")

# What both encoders of JSON write alike, but for letters beyond ASCII: floats and the order of names they do not.
PLAIN = frozenset({str, int, bool, type(None)})
# What one of them writes as it is and the other one as an escape, the last character of ASCII among it.
DELETE = b"\x7f"
ESCAPED = re.compile("[^\x00-\x7e]")

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def version_of(schema: ModelSchema, record: Mapping[str, Any]) -> str:
    """Return the version of a record as `read_records` makes it: always of the stored row, never of what was sent."""
    return _make(schema, schema.tag, record, schema.version_names)


def versions_of(schema: ModelSchema, columns: Mapping[str, Sequence[Any]]) -> List[str]:
    """Return the versions of rows whose fields stand in columns, by name: those that `version_of` makes of each."""
    keys, chosen = columns[KEY], [columns[name] for name in schema.version_names]
    start = schema.tag + "."
    if all(_is_plain(column) for column in (keys, *chosen)) and orjson is not None:
        try:
            # No text outlives its turn: many of them at once cost more than it does to write them.
            return [
                start
                + blake2b(
                    text if text.isascii() and DELETE not in text else _escape(text), digest_size=DIGEST_SIZE
                ).hexdigest()
                for text in map(orjson.dumps, _rows(schema, keys, chosen))
            ]
        except TypeError:
            # Half a pair of surrogates, a number beyond 64 bits.
            pass
    return [start + _hash(row) for row in _rows(schema, keys, chosen)]


def _rows(schema: ModelSchema, keys: Sequence[Any], chosen: Sequence[Sequence[Any]]) -> Iterator[Tuple[Any, ...]]:
    """Return what the version of each row is made of."""
    return zip(repeat(schema.label), keys, zip(*chosen) if chosen else repeat(()))


def read_tag(version: str) -> Optional[str]:
    """Return the tag of a version, None where it is none that this package ever made."""
    match = SHAPE.fullmatch(version)
    return match[1] if match is not None else None


def is_version_of(schema: ModelSchema, record: Mapping[str, Any], version: str, names: Sequence[str]) -> bool:
    """Tell whether a version, made of the fields of these names, is that of a record.

    One of a field that no longer travels cannot be compared, and is not.
    """
    tag = read_tag(version)
    return tag is not None and all(name in record for name in names) and version == _make(schema, tag, record, names)


def tombstone(schema: ModelSchema, key_text: str, reason: str) -> Dict[str, Any]:
    """Return the record that says that a row is gone. It shows nothing but the key."""
    key = schema.key.encode(schema.key_from_text(key_text))
    version = TOMBSTONE_TAG + "." + _hash([schema.label, key])
    return {MODEL: schema.public_label, KEY: key, DELETED: True, REASON: reason, VERSION: version}


def _make(schema: ModelSchema, tag: str, record: Mapping[str, Any], names: Sequence[str]) -> str:
    return tag + "." + _hash([schema.label, record[KEY], [record[name] for name in names]])


def _hash(value: Any) -> str:
    """Return the hash of a JSON value."""
    return blake2b(_write(value), digest_size=DIGEST_SIZE).hexdigest()


def _write(value: Any) -> bytes:
    """Return the one way of writing a JSON value: in ASCII."""
    return _canonical(value).encode()


def _escape(text: bytes) -> bytes:
    """Return the same JSON in ASCII."""
    return ESCAPED.sub(_write_escape, text.decode()).encode()


def _write_escape(found: Match[str]) -> str:
    """Return one character as it is escaped: as a pair of surrogates where one unit of UTF-16 is not enough."""
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _is_plain(column: Sequence[Any]) -> bool:
    """Tell whether a column, be it of lists, holds nothing but what both encoders know to write."""
    kinds = set(map(type, column))
    if kinds == {list}:
        kinds = set(map(type, chain.from_iterable(column)))
    return kinds <= PLAIN
