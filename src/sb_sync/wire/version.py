"""The version of a row: a name for what stands in it, the same for every client and every server."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, Mapping, Optional, Sequence

from sb_sync.protocol import DELETED, KEY, MODEL, REASON, VERSION
from sb_sync.wire.fields import ModelSchema

__all__ = ["is_version_of", "read_tag", "tombstone", "version_of"]

# 128 bits: a collision would let an overwritten change pass unseen.
DIGEST_SIZE = 16
# In place of the tag of a list of fields, which a deleted row has not.
TOMBSTONE_TAG = "0"
SHAPE = re.compile(r"([0-9a-f]{10}|0)\.[0-9a-f]{32}")

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def version_of(schema: ModelSchema, record: Mapping[str, Any]) -> str:
    """Return the version of a record as `read_records` makes it: always of the stored row, never of what was sent."""
    return _make(schema, schema.tag, record, schema.version_names)


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
    return hashlib.blake2b(_canonical(value).encode(), digest_size=DIGEST_SIZE).hexdigest()
