"""A captured database for every test here."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _captured(transactional_db: None) -> None:
    # This file is read before Django is set up.
    from sb_sync import feed

    feed.install("default")
