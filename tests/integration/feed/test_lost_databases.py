"""A database that was put back, moved or emptied: no client goes on from what is no longer there."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from sb_sync import feed
from sb_sync.feed.identity import find_identity
from sb_sync.feed.installation import install
from sb_sync.models import Change, Checkpoint, FeedIdentity
from sb_sync.testing.factories import make_organization
from sb_sync.testing.mirror import Mirror
from tests.testapp.models import Order, Region

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site_id() -> Any:
    return make_organization("north").pk


def test_a_database_put_back_resets_what_is_newer_and_serves_on_what_is_older(site_id: int) -> None:
    old, new = Mirror(site_id, Region), Mirror(site_id, Region)
    Region.objects.create(site_id=site_id, name="before the copy")
    old.pull()
    with put_back_afterwards():
        Region.objects.create(site_id=site_id, name="after the copy")
        new.pull()
    # The numbers that were lost are given out again.
    Region.objects.create(site_id=site_id, name="in place of the lost one")
    Region.objects.create(site_id=site_id, name="another")
    for mirror in (old, new):
        mirror.pull()
        mirror.check()
    assert not old.resets
    assert new.resets == ["testapp.Region"]


class put_back_afterwards:  # noqa: N801 - reads as a statement
    """Keep the tables, and at the end put back what they held, without a trace in the log."""

    models = (Region, Change, Checkpoint, FeedIdentity)

    def __enter__(self) -> None:
        for model in self.models:
            run(f"CREATE TABLE kept_{model._meta.db_table} AS SELECT * FROM {model._meta.db_table}")

    def __exit__(self, *_: object) -> None:
        backend = feed.backend_for("default")
        backend.remove(backend.triggers([Region._meta.db_table]))
        for model in self.models:
            table = model._meta.db_table
            run(f"DELETE FROM {table}")
            run(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            run(f"DROP TABLE kept_{table}")
            if connection.vendor == "sqlite":
                run(f"UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM {table}) WHERE name = '{table}'")
            elif connection.vendor == "postgresql" and model is not FeedIdentity:
                run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        with transaction.atomic():
            backend.install(feed_plan().captures[Region._meta.db_table])


def feed_plan() -> Any:
    from sb_sync.feed.plan import make_plan

    return make_plan("default")


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


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
