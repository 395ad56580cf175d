"""What the server remembers of a user's earlier pulls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Dict, Optional

from sb_sync import compat
from sb_sync.access import Scope
from sb_sync.models import UserSyncMetadata

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
    rows = UserSyncMetadata.objects.filter(user_id=scope.user_id, site_id=scope.site_id)
    found = rows.values_list("model_name", "last_sync", "fingerprint", "fingerprint_since")
    return {
        label: Memory(_make_aware(last_sync), fingerprint, _make_aware(since))
        for label, last_sync, fingerprint, since in found
    }


def _make_aware(moment: Optional[datetime]) -> Optional[datetime]:
    """Return a stored time as an aware one: projects without time zones store naive ones."""
    return moment if moment is None or moment.tzinfo is not None else compat.localize(moment)
