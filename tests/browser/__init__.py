"""Pages in a real Chromium, on SQLite: what a browser shows does not depend on the database."""

from __future__ import annotations

import pytest

#: For `pytestmark` of every file.
ON_SQLITE = pytest.mark.only_on("sqlite", reason="pages look the same on every database")
