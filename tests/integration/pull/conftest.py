"""A captured database and a memory of pulls for every test here.

Imports stand inside: this file is read before Django is set up.
"""

from __future__ import annotations

from typing import Any, Iterator

import pytest


@pytest.fixture(autouse=True)
def _captured(transactional_db: None) -> None:
    from sb_sync import feed

    feed.install("default")


@pytest.fixture(autouse=True)
def _remembered() -> Iterator[None]:
    """Keep what pulls remember, also where no journal is connected."""
    from sb_sync.events import PullFinished, pull_finished
    from sb_sync.models import UserSyncMetadata

    def remember(sender: Any, event: PullFinished, **kwargs: Any) -> None:
        for label, pulled in event.models.items():
            UserSyncMetadata.objects.update_or_create(
                user_id=event.user_id,
                site_id=event.site_id,
                model_name=label,
                defaults={"fingerprint": pulled.fingerprint, "last_sync": pulled.last_sync},
            )

    pull_finished.connect(remember)
    yield
    pull_finished.disconnect(remember)
