"""The words on the wire. Nothing here knows Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

# The envelope of a record.
MODEL = "_model"
CLIENT_ID = "_client_id"
VERSION = "_version"
BASE = "_base"
DELETED = "_deleted"
REASON = "_reason"
ENVELOPE = frozenset({MODEL, CLIENT_ID, VERSION, BASE, DELETED, REASON})

KEY = "id"
ORGANIZATION = "organization"

# Reasons of a tombstone.
REASON_DELETED = "deleted"
REASON_OUT_OF_SCOPE = "out_of_scope"

# What became of one record of a push.
CREATED = "created"
UPDATED = "updated"
REMOVED = "deleted"
UNCHANGED = "unchanged"
CONFLICT = "conflict"
ERROR = "error"

# What became of a whole push.
SUCCESS = "success"
PARTIAL = "partial"
#: It waits for a worker.
ACCEPTED = "accepted"

# Codes of a refused record.
INVALID = "invalid"
UNKNOWN_MODEL = "unknown_model"
NOT_ENABLED = "not_enabled"
PERMISSION_DENIED = "permission_denied"
NOT_FOUND = "not_found"
DUPLICATE = "duplicate"
PROTECTED = "protected"
UNKNOWN_FIELD = "unknown_field"
INTERNAL = "internal"
RECORD_CODES = frozenset(
    {INVALID, UNKNOWN_MODEL, NOT_ENABLED, PERMISSION_DENIED, NOT_FOUND, DUPLICATE, PROTECTED, UNKNOWN_FIELD, INTERNAL}
)

# What becomes of a record whose row changed since its client saw it.
REJECT = "reject"
CLIENT_WINS = "client_wins"
SERVER_WINS = "server_wins"
MERGE = "merge"
#: The project's own `resolve_conflict`.
OWN_CODE = "resolve_conflict"
# How such a record was settled, where not by one side.
MERGED = "merged"
RESOLVED = "resolved"

# A model that cannot be pulled just now: its capture is missing.
UNAVAILABLE = "unavailable"

MAX_CLIENT_ID_LENGTH = 64
# Integers beyond these lose digits in a client whose numbers are IEEE 754 doubles (RFC 8259, section 6).
MAX_SAFE_INTEGER = 2**53 - 1


@dataclass(frozen=True)
class RequestInfo:
    """Where a request came from, for traces and audit."""

    request_id: str
    ip: Optional[str] = None
