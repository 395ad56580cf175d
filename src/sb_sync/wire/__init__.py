"""Rows to JSON and back: which fields travel, how their values are written, and what version a row has.

Nothing here knows who asks: scope is `access`, order is `feed`.
"""

from __future__ import annotations

from sb_sync.wire.fields import ModelSchema, WireField
from sb_sync.wire.records import read_records
from sb_sync.wire.schema import schema_of
from sb_sync.wire.version import tombstone, version_of

__all__ = ["ModelSchema", "WireField", "read_records", "schema_of", "tombstone", "version_of"]
