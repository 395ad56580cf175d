"""What is purged is what nobody needs who synced since."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from sb_sync import feed
from sb_sync.maintenance import purge
from sb_sync.models import Change, Checkpoint
from sb_sync.testing.factories import make_organization
from sb_sync.testing.mirror import Mirror
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _captured(transactional_db: None) -> None:
    feed.install("default")


@pytest.mark.only_on("sqlite", "postgresql", reason="on MariaDB a checkpoint that misses what is purged goes with it")
def test_an_old_entry_that_a_young_checkpoint_did_not_see_is_kept() -> None:
    site_id = make_organization("north").pk
    Change.objects.all().delete()
    mirror = Mirror(site_id, Region)
    Region.objects.create(site_id=site_id, name="written long before it was committed")
    Change.objects.update(changed_at=F("changed_at") - timedelta(days=9))
    assert purge("default", days=1, dry_run=True).entries == 0
    assert purge("default", days=1).entries == 0
    mirror.pull()
    mirror.check()
    assert not mirror.resets
    # Who saw it is as young, and the one who did not is old.
    Checkpoint.objects.exclude(pk=mirror.base.id if mirror.base else None).update(
        taken_at=F("taken_at") - timedelta(days=9)
    )
    assert purge("default", days=1, dry_run=True).entries == 1
    assert purge("default", days=1).entries == 1
    mirror.pull()
    mirror.check()
    assert not mirror.resets
    assert Checkpoint.objects.count() == 2
