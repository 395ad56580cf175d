"""Leave nothing set behind, in the database or in memory; count log-in attempts anew."""

from __future__ import annotations

from typing import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nothing_set(transactional_db: None) -> Iterator[None]:
    from django.core.cache import cache

    from sb_sync.config import SyncConfig
    from sb_sync.models import SyncConfiguration

    cache.clear()
    yield
    cache.clear()
    SyncConfig.reset(SyncConfiguration.objects.values_list("section", "key"))
