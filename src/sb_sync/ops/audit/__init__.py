"""The audit trail of our own tables, as pages and exports show it: who changed which field of what, when and why.

filters: which entries are wanted · trail: read page by page · entries: what each tells · differences: of JSON, by
path · groups: what one request did. No count is taken: a trail has any length.
"""

from __future__ import annotations

from sb_sync.ops.audit.differences import PathChange
from sb_sync.ops.audit.entries import AuditEntry, FieldChange
from sb_sync.ops.audit.filters import AuditFilter
from sb_sync.ops.audit.groups import AuditGroup, group_entries
from sb_sync.ops.audit.trail import AuditPage, count_newer, iterate_entries, position_at, read_page

__all__ = [
    "AuditEntry",
    "AuditFilter",
    "AuditGroup",
    "AuditPage",
    "FieldChange",
    "PathChange",
    "count_newer",
    "group_entries",
    "iterate_entries",
    "position_at",
    "read_page",
]
