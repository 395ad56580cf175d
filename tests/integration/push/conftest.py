"""The world in which pushes are tested."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def world(transactional_db: None) -> Any:
    """Return two organizations with their users. Pushes need transactions of their own."""
    from tests.integration.push.world import make_world

    return make_world()


@pytest.fixture
def story(world: Any) -> Any:
    """Return a customer that was pushed, and then may be changed by somebody else."""
    from tests.integration.push.story import Story

    return Story(world)
