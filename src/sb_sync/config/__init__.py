"""Settings: every key typed, with its default, set by the project or in the database. The one reader of `SB_SYNC`.

declaration: what a key may hold · settings, model_discovery: the keys · names, patterns: what people type · periods:
how far back · sections: the keys together, and what the project says of them · store: where set values are kept ·
snapshot: what this process knows of them · sync_config: `SyncConfig`, for everybody else.
"""

from __future__ import annotations

from sb_sync.config.declaration import InvalidSetting, Setting
from sb_sync.config.model_discovery import MODEL_DISCOVERY
from sb_sync.config.periods import days_ago
from sb_sync.config.sections import DISCOVERY_SECTION, SECTIONS, SETTINGS_SECTION, find_faults, value_without
from sb_sync.config.settings import SETTINGS
from sb_sync.config.snapshot import (
    Snapshot,
    current,
    discovery_values,
    read,
    refresh,
    release,
    renew,
    setting,
    use_store,
    value_of,
)
from sb_sync.config.store import Row
from sb_sync.config.sync_config import (
    DATABASE,
    DEFAULT,
    PROJECT,
    KeyState,
    SyncConfig,
    configuration_changed,
    find_value_faults,
)

__all__ = [
    "DATABASE",
    "DEFAULT",
    "DISCOVERY_SECTION",
    "MODEL_DISCOVERY",
    "PROJECT",
    "SECTIONS",
    "SETTINGS",
    "SETTINGS_SECTION",
    "InvalidSetting",
    "KeyState",
    "Row",
    "Setting",
    "Snapshot",
    "SyncConfig",
    "configuration_changed",
    "current",
    "days_ago",
    "discovery_values",
    "find_faults",
    "find_value_faults",
    "read",
    "refresh",
    "release",
    "renew",
    "setting",
    "use_store",
    "value_of",
    "value_without",
]
