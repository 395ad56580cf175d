"""What the checks say, and a world that is found anew."""

from __future__ import annotations

from typing import Iterator

import pytest


@pytest.fixture(autouse=True)
def _look_again() -> Iterator[None]:
    from sb_sync import catalog

    catalog.reload()
    yield
    catalog.reload()
