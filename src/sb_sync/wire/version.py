"""The version of a row: a name for what stands in it, the same for every client and every server."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, Mapping

from sb_sync.protocol import DELETED, KEY, MODEL, REASON, VERSION
from sb_sync.wire.fields import ModelSchema

__all__ = ["tombstone", "version_of"]

# 128 bits: a collision would let an overwritten change pass unseen.
DIGEST_SIZE = 16
# In place of the tag of a list of fields, which a deleted row has not.
TOMBSTONE_TAG = "0"

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def version_of(schema: ModelSchema, record: Mapping[str, Any]) -> str:
    """Return the version of a record as `read_records` makes it: always of the stored row, never of what was sent."""
    values = [record[field.name] for field in schema.versioned]
    return schema.tag + "." + _hash([schema.label, record[KEY], values])


def tombstone(schema: ModelSchema, key_text: str, reason: str) -> Dict[str, Any]:
    """Return the record that says that a row is gone. It shows nothing but the key."""
    key = schema.key.encode(schema.key_from_text(key_text))
    version = TOMBSTONE_TAG + "." + _hash([schema.label, key])
    return {MODEL: schema.label, KEY: key, DELETED: True, REASON: reason, VERSION: version}


def _hash(value: Any) -> str:
    """Return the hash of a JSON value."""
    return hashlib.blake2b(_canonical(value).encode(), digest_size=DIGEST_SIZE).hexdigest()
