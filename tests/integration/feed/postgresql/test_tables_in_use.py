"""Somebody reads or writes a table for long: triggers wait for them, or say clearly that they could not."""

from __future__ import annotations

import io
import json
from typing import Any, Callable, Dict, Iterator, Tuple

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, migrations

from sb_sync import feed
from sb_sync.feed import installation
from sb_sync.feed.backends import postgresql
from sb_sync.feed.migrations import finish_migration, prepare_migration
from sb_sync.testing.factories import make_organization
from sb_sync.testing.mirror import Mirror
from tests.integration.feed.concurrent.sessions import Session, sessions, wait_until
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[Session]:
    """Return a session that holds a transaction open."""
    with sessions(1) as (opened,):
        opened.begin()
        yield opened


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nobody for long."""
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(installation, "PAUSE_SECONDS", 0.001)


def spoil_a_trigger() -> None:
    """Let one trigger be none any more: it must be dropped and made anew."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE testapp_region DISABLE TRIGGER sb_sync_insert")


def read() -> None:
    list(Region.objects.all())


def write() -> None:
    Region.objects.create(site_id=1, name="open")


def install() -> Tuple[int, Dict[str, Any]]:
    """Run the command and return its exit status and what it told."""
    out, status = io.StringIO(), 0
    try:
        call_command("sync_feed", "--action", "install", "--json", stdout=out)
    except SystemExit as error:
        status = int(error.code or 0)
    return status, json.loads(out.getvalue())["databases"]["default"]


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize("use", [read, write])
def test_installing_on_a_table_in_use_says_which_and_what_to_do(other: Session, use: Callable[[], None]) -> None:
    mirror = Mirror(make_organization("north").pk, Region)
    spoil_a_trigger()
    other.do(use)
    status, told = install()
    assert status == 1
    assert not told["installed"]
    (failure,) = told["failed"]
    assert failure.startswith("testapp_region: the table is in use")
    assert "sync_feed --action install" in failure
    other.commit()
    status, told = install()
    assert (status, told["installed"], told["reset"]) == (0, ["testapp_region"], ["testapp_region"])
    mirror.pull()
    mirror.check()


def test_an_installation_waits_for_a_reader_that_ends_soon(other: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT", "300ms")
    spoil_a_trigger()
    other.do(read)
    with sessions(1) as (installer,):
        done = installer.start(lambda: feed.install("default"))
        # It is tried more than once.
        wait_until(lambda: not installer.is_blocked())
        wait_until(installer.is_blocked)
        other.commit()
        report = done.result(30)
    assert (report.installed, report.failed) == (["testapp_region"], {})


@pytest.mark.usefixtures("_hurried")
def test_what_is_not_captured_any_more_and_in_use_is_told_too(other: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE testapp_shelf RENAME TO testapp_old_shelf")
    try:
        other.do(lambda: connection.cursor().execute("SELECT 1 FROM testapp_old_shelf"))
        assert "testapp_old_shelf" in feed.install("default").failed
        other.commit()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE testapp_old_shelf RENAME TO testapp_shelf")
        feed.install("default")


@pytest.mark.usefixtures("_hurried")
def test_a_migration_of_the_log_itself_is_refused_while_a_table_is_in_use(other: Session) -> None:
    other.do(read)
    migration = migrations.Migration("any", "sb_sync")
    migration.operations = [migrations.DeleteModel("Change")]
    with pytest.raises(CommandError, match="testapp_region: the table is in use"):
        prepare_migration(using="default", plan=[(migration, False)], apps=apps)
    other.commit()
    finish_migration(using="default")
    assert {found.state for found in feed.find_states("default")} == {feed.State.INSTALLED}
