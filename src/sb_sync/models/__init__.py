"""The tables, and nothing that works on them.

tenancy: organizations and their members · permissions: who may do what · state: what is remembered of clients ·
conflicts: both sides of each · jobs: background pushes · journal: what happened · rollups: its sums · changes: the
feed · configuration: what is set. documents: JSON kept as it came. history: what a history is made of.
"""

from __future__ import annotations

from sb_sync.models.changes import Change, Checkpoint, FeedIdentity
from sb_sync.models.configuration import AllThatIsSet, ConfigurationTable, SyncConfiguration
from sb_sync.models.conflicts import SyncConflict
from sb_sync.models.jobs import SyncJob, SyncJobChunk
from sb_sync.models.journal import PerformanceMetrics, SyncLog
from sb_sync.models.permissions import DataFilter, ModelPermission
from sb_sync.models.rollups import MetricRollup
from sb_sync.models.state import (
    ClientRecord,
    FieldList,
    StoredAnswer,
    SyncMetadata,
    TokenFamily,
    UserSyncMetadata,
)
from sb_sync.models.tenancy import Organization, UserOrganization, UserSite

__all__ = [
    "AllThatIsSet",
    "Change",
    "Checkpoint",
    "ClientRecord",
    "ConfigurationTable",
    "DataFilter",
    "FeedIdentity",
    "FieldList",
    "MetricRollup",
    "ModelPermission",
    "Organization",
    "PerformanceMetrics",
    "StoredAnswer",
    "SyncConfiguration",
    "SyncConflict",
    "SyncJob",
    "SyncJobChunk",
    "SyncLog",
    "SyncMetadata",
    "TokenFamily",
    "UserOrganization",
    "UserSite",
    "UserSyncMetadata",
]
