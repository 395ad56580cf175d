"""What conditions would show, before they are saved."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any, Optional, Sequence

from sb_sync.access.filters import InvalidFilter, names_user, resolve_filter
from sb_sync.access.querysets import filtered_queryset
from sb_sync.access.resolution import names_of
from sb_sync.access.scope import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.models import Organization

__all__ = ["preview_rows"]


def preview_rows(
    synced: SyncedModel, organization: Organization, conditions: Sequence[Any], *, user: Optional[Any] = None
) -> Any:
    """Return the rows of an organization of which all conditions hold, before the project's own `get_queryset`.

    Raises `InvalidFilter` where a condition names the user, and there is none.
    """
    if user is None and any(names_user(condition) for condition in conditions):
        raise InvalidFilter("The condition names the user: choose one.")
    row_filter = resolve_filter(
        synced, [json.dumps(condition) for condition in conditions], names_of(user, organization.pk)
    )
    scope = Scope(
        user_id="" if user is None else str(user.pk),
        username="" if user is None else user.get_username(),
        site_id=organization.pk,
        organization_slug=organization.slug,
        organization_name=organization.name,
        group_id=None,
        is_superuser=False,
        rights=MappingProxyType({}),
        filters=MappingProxyType({synced.label: row_filter}),
    )
    return filtered_queryset(scope, synced)
