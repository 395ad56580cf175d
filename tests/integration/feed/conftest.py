"""Leave out what the database under test does not have."""

from __future__ import annotations

from typing import Any, Optional

import pytest

PLACES = {"concurrent": {"postgresql", "mariadb"}, "mariadb": {"mariadb"}, "postgresql": {"postgresql"}}


def pytest_ignore_collect(collection_path: Any, config: pytest.Config) -> Optional[bool]:
    """Leave races out on SQLite, where one transaction at a time writes, and what one database alone has elsewhere."""
    wanted = PLACES.get(collection_path.name)
    return True if wanted is not None and config.getoption("--db") not in wanted else None
