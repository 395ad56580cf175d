"""What the server remembers of a user's earlier pulls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, Optional

from django.db import router
from django.db.models import QuerySet

from sb_sync import compat
from sb_sync.access import Scope
from sb_sync.models import UserSyncMetadata
from sb_sync.optimizations.prepared import Parameter, Prepared

__all__ = ["Memory", "recall"]


@dataclass(frozen=True)
class Memory:
    """When a user last pulled a model, and since when its rows have been chosen by which rules."""

    last_sync: Optional[datetime]
    fingerprint: str
    fingerprint_since: Optional[datetime]

    def serves(self, moment: datetime, fingerprint: str) -> bool:
        """Tell whether rules have been the same since a moment, so that it may be gone on from."""
        since = self.fingerprint_since
        return self.fingerprint == fingerprint and (since is None or since <= moment)


def recall(scope: Scope) -> Dict[str, Memory]:
    """Return what is remembered of a user in an organization, by label."""
    using = router.db_for_read(UserSyncMetadata)
    return {
        label: Memory(_make_aware(last_sync), fingerprint, _make_aware(since))
        for label, last_sync, fingerprint, since in _states.ask(using, user=scope.user_id, site=scope.site_id)
    }


def _query_states(using: str) -> QuerySet[Any, Any]:
    """Return the query for all that is remembered of a user in an organization."""
    own = {name: Parameter(name, UserSyncMetadata._meta.get_field(name)) for name in ("user", "site")}
    rows = UserSyncMetadata.objects.using(using).filter(**own)
    return rows.values_list("model_name", "last_sync", "fingerprint", "fingerprint_since")


_states = Prepared(_query_states)


def _make_aware(moment: Optional[datetime]) -> Optional[datetime]:
    """Return a stored time as an aware one: projects without time zones store naive ones."""
    return moment if moment is None or moment.tzinfo is not None else compat.localize(moment)
