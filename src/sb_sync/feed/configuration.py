"""Keeping the triggers in step with what is set: models that come in are captured, in the process that let them in."""

from __future__ import annotations

import logging
from typing import Any, FrozenSet, Tuple

from django.db import Error, connections

from sb_sync import catalog
from sb_sync.config import DISCOVERY_SECTION, SETTINGS_SECTION, configuration_changed
from sb_sync.feed.migrations import install_what_is_missing

__all__ = ["connect"]

# Of the other section these decide about models and tables, too.
CONCERNED = frozenset({(SETTINGS_SECTION, "REQUIRE_TENANT"), (SETTINGS_SECTION, "CAPTURE")})

logger = logging.getLogger("sb_sync")


def connect() -> None:
    """Let each change of discovery be followed by an installation."""
    configuration_changed.connect(_follow, dispatch_uid="sb_sync.feed.configuration")


def _follow(*, places: FrozenSet[Tuple[str, str]], **_: Any) -> None:
    if not any(place in CONCERNED or place[0] == DISCOVERY_SECTION for place in places):
        return
    catalog.refresh()
    for using in connections:
        try:
            install_what_is_missing(using)
        except Error:
            # The value stands. Until somebody runs sync_feed, its models are answered `unavailable`.
            logger.exception("The triggers in database %s could not be brought in step with the settings.", using)
