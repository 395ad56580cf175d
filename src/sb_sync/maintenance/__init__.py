"""The bodies of commands and tasks that look after the feed.

retention: forget what is old · verify: find what is wrong · repair: put it right.
"""

from __future__ import annotations

from sb_sync.maintenance.repair import RepairReport, repair
from sb_sync.maintenance.retention import PurgeReport, purge
from sb_sync.maintenance.verify import FeedStatus, describe, feed_databases, verify

__all__ = ["FeedStatus", "PurgeReport", "RepairReport", "describe", "feed_databases", "purge", "repair", "verify"]
