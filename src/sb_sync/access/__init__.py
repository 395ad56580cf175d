"""Who may see and do what: a user and an organization become a frozen `Scope`.

The only maker of querysets that are narrowed to what a user may see. Nothing here writes.
For those who look after it — explanation: why a user may do what · preview: what a condition would show.
"""

from __future__ import annotations

from sb_sync.access.explanation import Explanation, explain
from sb_sync.access.preview import preview_rows
from sb_sync.access.querysets import (
    dependencies,
    fingerprint,
    organization_queryset,
    plain_condition,
    scoped_queryset,
    visible_users,
)
from sb_sync.access.resolution import resolve_scope
from sb_sync.access.scope import Rights, Scope

__all__ = [
    "Explanation",
    "Rights",
    "Scope",
    "dependencies",
    "explain",
    "fingerprint",
    "organization_queryset",
    "plain_condition",
    "preview_rows",
    "resolve_scope",
    "scoped_queryset",
    "visible_users",
]
