"""A feed that stands in another system, begins a new epoch or was emptied: no client goes on from what is gone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from sb_sync import feed
from sb_sync.feed.identity import find_identity
from sb_sync.feed.installation import install
from sb_sync.models import FeedIdentity
from sb_sync.testing.factories import make_organization
from sb_sync.testing.mirror import Mirror
from tests.testapp.models import Order, Region

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site_id() -> Any:
    return make_organization("north").pk


def test_a_database_moved_into_another_cluster_begins_anew(site_id: int) -> None:
    mirror = Mirror(site_id, Region)
    Region.objects.create(site_id=site_id, name="logged with numbers of the old cluster")
    FeedIdentity.objects.update(system="another")
    with pytest.raises(feed.EpochChanged), feed.reading("default"):
        pass
    assert feed.begin_epoch("default")
    assert not feed.begin_epoch("default")
    Region.objects.create(site_id=site_id, name="logged in the new one")
    mirror.pull()
    mirror.check()
    assert mirror.resets == ["testapp.Region"]


def test_a_forced_epoch_makes_everyone_begin_again(site_id: int) -> None:
    mirror = Mirror(site_id, Region)
    with feed.reading("default"):
        pass
    assert feed.begin_epoch("default", force=True)
    mirror.pull()
    assert mirror.resets == ["testapp.Region"]


def test_a_flushed_database_knows_no_cursor_any_more(site_id: int) -> None:
    mirror = Mirror(site_id, Region, Order)
    with feed.reading("default") as reading:
        text = feed.encode_cursor(reading.state, feed.Cursor("1", site_id, "testapp.Region", "", None, None, None))
    call_command("flush", interactive=False, verbosity=0)
    assert find_identity("default") is None
    site_id = make_organization("north").pk
    Region.objects.create(site_id=site_id, name="new")
    mirror.site_id = site_id
    mirror.pull()
    mirror.check()
    assert set(mirror.resets) == {"testapp.Region", "testapp.Order"}
    with feed.reading("default") as reading:
        assert feed.decode_cursor(reading.state, text) is None


def test_a_flush_leaves_every_capture_in_place() -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert not install("default").installed
