"""Migrations of captured tables: nothing blocks them, and no client misses what they did."""

from __future__ import annotations

from typing import Any, Iterator, List

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, migrations
from django.test.utils import modify_settings

from sb_sync import catalog, feed
from sb_sync.feed.migrations import prepare_migration
from sb_sync.models import Change
from sb_sync.testing.factories import make_organization
from sb_sync.testing.mirror import Mirror
from tests.testapp.models import Customer, Region

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def depots() -> Iterator[Any]:
    """Install the app with a past and migrate it to the end."""
    with modify_settings(INSTALLED_APPS={"append": "tests.depots"}):
        catalog.reload()
        migrate("depots")
        from tests.depots import models

        yield models
        migrate("depots", "zero")
    catalog.reload()
    feed.install("default")


def migrate(*target: str) -> None:
    call_command("migrate", *target, verbosity=0, interactive=False)


def run(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def states() -> List[feed.CaptureState]:
    return [found for found in feed.find_states("default") if found.table.startswith("depots_")]


def make_mirrors(depots: Any) -> List[Mirror]:
    sites = [make_organization(slug).pk for slug in ("north", "south")]
    for number, site_id in enumerate(sites):
        depot = depots.Depot.objects.create(code=f"D{number}", owner_id=site_id, title="First")
        first = depots.Box.objects.create(store=depot, label="box")
        first.friends.add(depots.Box.objects.create(store=depot, label="friend"))
    return [Mirror(site_id, depots.Depot, depots.Box) for site_id in sites]


def check(mirrors: List[Mirror]) -> None:
    for mirror in mirrors:
        mirror.pull()
        mirror.check()


def test_the_captures_of_a_new_app_are_installed_by_its_migrations(depots: Any) -> None:
    assert [found.state for found in states()] == [feed.State.INSTALLED] * 3


@pytest.mark.parametrize("target", ["0001_initial", "0002_all_that_migrations_do"])
def test_no_migration_is_blocked_and_nothing_it_did_is_missed(depots: Any, target: str) -> None:
    mirrors = make_mirrors(depots)
    migrate("depots", target)
    migrate("depots")
    check(mirrors)
    assert [found.state for found in states()] == [feed.State.INSTALLED] * 3
    depots.Depot.objects.filter(code="D0").update(owner_id=mirrors[1].site_id)
    depots.Box.objects.create(store_id="D1", label="after")
    check(mirrors)
    assert {len(mirror.rows["depots.Depot"]) for mirror in mirrors} == {0, 2}


def test_the_tables_can_be_written_between_two_migrations(depots: Any) -> None:
    mirrors = make_mirrors(depots)
    migrate("depots", "0001_initial")
    quoted = connection.ops.quote_name
    run(f"UPDATE depots_depot SET organization_id = %s WHERE {quoted('number')} = 'D0'", mirrors[1].site_id)
    run("INSERT INTO depots_crate (depot_id, label) VALUES ('D1', 'old shape')")
    run("DELETE FROM depots_crate_friends")
    migrate("depots")
    check(mirrors)
    assert len(mirrors[1].rows["depots.Depot"]) == 2


def test_tables_that_a_migration_does_not_touch_keep_their_triggers(depots: Any) -> None:
    mirrors = make_mirrors(depots)
    others = [Mirror(mirror.site_id, Region, Customer) for mirror in mirrors]
    migrate("depots", "0001_initial")
    Region.objects.create(site_id=mirrors[0].site_id, name="meanwhile")
    migrate("depots")
    for other in others:
        other.pull()
        other.check()
        assert not other.resets


def test_sql_of_its_own_may_work_on_anything_so_every_trigger_stands_aside() -> None:
    migration = migrations.Migration("any", "testapp")
    migration.operations = [migrations.RunSQL("SELECT 1")]
    prepare_migration(using="default", plan=[(migration, False)], apps=None)
    triggers = feed.backend_for("default").triggers()
    assert triggers
    assert all(trigger.mark is not None and trigger.mark.neutral for trigger in triggers)
    assert {found.state for found in feed.find_states("default")} == {feed.State.OUTDATED}
    Change.objects.all().delete()
    feed.install("default")
    assert not Change.objects.exists(), "nothing was written meanwhile, so nothing is reset"


def test_a_migration_that_only_writes_rows_is_captured_row_by_row() -> None:
    migration = migrations.Migration("any", "testapp")
    migration.operations = [migrations.RunPython(migrations.RunPython.noop)]
    prepare_migration(using="default", plan=[(migration, False)], apps=None)
    assert {found.state for found in feed.find_states("default")} == {feed.State.INSTALLED}


def test_while_the_log_itself_is_worked_on_there_are_no_triggers_that_would_write_to_it() -> None:
    migration = migrations.Migration("any", "sb_sync")
    migration.operations = [migrations.DeleteModel("Change")]
    prepare_migration(using="default", plan=[(migration, False)], apps=apps)
    assert not feed.backend_for("default").triggers()
    assert {found.state for found in feed.find_states("default")} == {feed.State.MISSING}
    done = feed.install("default")
    assert done.installed == done.reset
