"""What all tests of the staff pages have in common."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _no_checks(monkeypatch: Any) -> None:
    """Let no check of health go on in its thread when the test, and its database, have ended."""
    # This file is read before Django is set up.
    from sb_sync.dashboard.sections.overview import condition
    from sb_sync.ops.health import Monitor

    monkeypatch.setattr(condition, "monitor", Monitor([]))
