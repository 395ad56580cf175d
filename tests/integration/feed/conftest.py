"""Leave out what the database under test does not have."""

from __future__ import annotations

from typing import Any, Optional

import pytest


def pytest_ignore_collect(collection_path: Any, config: pytest.Config) -> Optional[bool]:
    """Leave races out on SQLite: one transaction at a time writes there."""
    return True if collection_path.name == "postgresql" and config.getoption("--db") != "postgresql" else None
