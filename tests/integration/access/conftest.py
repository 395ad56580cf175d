"""A captured database with a user whose rows are filtered."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def world(transactional_db: None) -> Any:
    """Return two organizations with their users. Pulls need transactions of their own."""
    # This file is read before Django is set up.
    from sb_sync import feed
    from tests.integration.access.world import make_world

    feed.install("default")
    return make_world()
