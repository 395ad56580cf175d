"""How long changes of some organizations have waited for their clients: nothing of others is looked at or told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Collection, Iterable, List, Optional

from django.utils import timezone

from sb_sync.feed import to_utc
from sb_sync.models import Change

__all__ = ["Lag", "find_lag"]

#: Entries of each feed that are looked at, the newest first.
MOST = 1_000


@dataclass(frozen=True)
class Lag:
    """For how many seconds the oldest change has waited, 0 where none waits; with `is_more` at least so long."""

    seconds: float
    is_more: bool = False


def find_lag(sites: Collection[int], pulled: Optional[datetime], databases: Iterable[str]) -> Lag:
    """Return the lag of organizations whose clients last `pulled` at a time, None where none ever did.

    One statement for each database, which reads no more than the newest entries of its feed.
    """
    waiting: List[datetime] = []
    is_more = False
    for using in databases:
        entries = Change.objects.using(using).order_by("-id").values_list("site", "changed_at")[:MOST]
        rows = [(site, to_utc(changed_at)) for site, changed_at in entries]
        fresh = [(site, changed_at) for site, changed_at in rows if pulled is None or changed_at > pulled]
        own = [changed_at for site, changed_at in fresh if site in sites]
        waiting.extend(own)
        is_more = is_more or (bool(own) and len(fresh) == MOST)
    if not waiting:
        return Lag(0.0)
    return Lag(max(0.0, (to_utc(timezone.now()) - min(waiting)).total_seconds()), is_more)
