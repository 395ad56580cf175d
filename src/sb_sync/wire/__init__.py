"""Rows to JSON and back: which fields travel, how their values are written, and what version a row has.

Nothing here knows who asks: scope is `access`, order is `feed`.
"""

from __future__ import annotations

from sb_sync.wire.field_lists import find_field_lists, remember_field_lists
from sb_sync.wire.fields import ModelSchema, WireField
from sb_sync.wire.records import encode_column, make_records, read_columns, read_records
from sb_sync.wire.schema import schema_of
from sb_sync.wire.version import is_version_of, read_tag, tombstone, version_of, versions_of

__all__ = [
    "ModelSchema",
    "WireField",
    "encode_column",
    "find_field_lists",
    "is_version_of",
    "make_records",
    "read_columns",
    "read_records",
    "read_tag",
    "remember_field_lists",
    "schema_of",
    "tombstone",
    "version_of",
    "versions_of",
]
