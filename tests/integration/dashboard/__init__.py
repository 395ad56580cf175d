"""Staff pages as Django answers them."""

from __future__ import annotations

import pytest

#: For `pytestmark`: forms, rights and markup, whose statements are plain on every database.
NOT_ON_MARIADB = pytest.mark.only_on("sqlite", "postgresql", reason="what is asked of MariaDB is nothing of its own")
