"""A world, and background pushes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

# Settings are chosen after this file is read: what needs them is imported where it is used.
if TYPE_CHECKING:
    from tests.integration.push.jobs.queue import Queue


@pytest.fixture
def queue(world: Any) -> Queue:
    from tests.integration.push.jobs.queue import Queue

    return Queue(world)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let chunks be small, so that a few records make many."""
    from sb_sync.push.jobs import parting

    monkeypatch.setattr(parting, "CHUNK", 3)
    return 3
