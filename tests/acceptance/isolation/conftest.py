"""Two organizations with rows, members and devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

# Settings are chosen after this file is read: what needs them is imported where it is used.
if TYPE_CHECKING:
    from tests.acceptance.world import World


@pytest.fixture
def world(transactional_db: None) -> World:
    from tests.acceptance.world import make_world

    return make_world()
