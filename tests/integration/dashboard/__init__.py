"""Staff pages as Django answers them."""

from __future__ import annotations

import pytest

#: For `pytestmark`: what is asked of a page and how it answers, by statements that are plain on every database.
ON_SQLITE = pytest.mark.only_on("sqlite", reason="pages answer alike on every database")
#: The same, where two who write at once matter.
NOT_ON_MARIADB = pytest.mark.only_on("sqlite", "postgresql", reason="what is asked of MariaDB is nothing of its own")
