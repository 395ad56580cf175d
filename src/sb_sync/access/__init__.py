"""Who may see and do what: a user and an organization become a frozen `Scope`.

The only maker of querysets that are narrowed to what a user may see. Nothing here writes.
"""

from __future__ import annotations

from sb_sync.access.querysets import dependencies, fingerprint, organization_queryset, scoped_queryset, visible_users
from sb_sync.access.resolution import resolve_scope
from sb_sync.access.scope import Rights, Scope

__all__ = [
    "Rights",
    "Scope",
    "dependencies",
    "fingerprint",
    "organization_queryset",
    "resolve_scope",
    "scoped_queryset",
    "visible_users",
]
