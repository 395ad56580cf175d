"""A table that was dropped and made anew, with its triggers: what was loaded before them went by unseen."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from django.db import connection

from sb_sync import feed
from sb_sync.models import Change
from sb_sync.testing.factories import make_organization
from sb_sync.testing.mirror import Mirror
from tests.servers.postgresql import find_binaries
from tests.testapp.models import Shelf

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = "testapp_shelf"
LOG = "sb_sync_change"


@pytest.fixture
def mirror() -> Mirror:
    """Return a mirror of two shelves."""
    site_id = make_organization("north").pk
    Shelf.objects.bulk_create(Shelf(number=number, organization_id=site_id) for number in (1, 2))
    return Mirror(site_id, Shelf)


def run(sql: str) -> List[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def put_back_afterwards(table: str, folder: Path) -> Iterator[None]:
    """Dump one table, and at the end put it back from the dump."""
    binaries = find_binaries()
    if binaries is None or not (binaries / "pg_restore").exists():
        pytest.skip("these programs of PostgreSQL have no pg_restore")
    settings, dump = connection.settings_dict, str(folder / "dump")
    address = ["-h", settings["HOST"], "-U", settings["USER"], "-d", settings["NAME"]]
    subprocess.run([str(binaries / "pg_dump"), *address, "-Fc", "-t", table, "-f", dump], check=True)
    yield
    subprocess.run([str(binaries / "pg_restore"), *address, "--clean", dump], check=True)


def check_that_it_is_noticed(mirror: Mirror) -> None:
    states = {found.table: found.state for found in feed.find_states("default")}
    assert states[TABLE] is feed.State.MISSING
    with feed.reading("default") as reading:
        assert not reading.captured(mirror.models)
    assert TABLE in feed.install("default").reset
    mirror.pull()
    mirror.check()
    assert mirror.resets == ["testapp.Shelf"]
    Shelf.objects.create(number=9, organization_id=mirror.site_id)
    mirror.pull()
    mirror.check()
    assert mirror.resets == ["testapp.Shelf"]


def test_a_table_put_back_from_a_dump_of_its_own_is_noticed(mirror: Mirror, tmp_path: Path) -> None:
    with put_back_afterwards(TABLE, tmp_path):
        Shelf.objects.create(number=3, organization_id=mirror.site_id)
        mirror.pull()
    assert sorted(Shelf.objects.values_list("number", flat=True)) == [1, 2]
    assert len(feed.backend_for("default").triggers([TABLE])) == 4
    others = {found.state for found in feed.find_states("default") if found.table != TABLE}
    assert others == {feed.State.INSTALLED}
    check_that_it_is_noticed(mirror)


def test_a_log_put_back_without_the_tables_is_noticed(mirror: Mirror, tmp_path: Path) -> None:
    with put_back_afterwards(LOG, tmp_path):
        Shelf.objects.create(number=3, organization_id=mirror.site_id)
    check_that_it_is_noticed(mirror)


def test_a_table_made_anew_by_statements_is_noticed(mirror: Mirror) -> None:
    triggers = run(
        "SELECT pg_get_triggerdef(oid), tgname FROM pg_trigger"
        f" WHERE NOT tgisinternal AND tgrelid = '{TABLE}'::regclass"
    )
    references = run(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE contype = 'f' AND conrelid = '{TABLE}'::regclass"
    )
    run(f"CREATE TABLE anew (LIKE {TABLE} INCLUDING ALL)")
    run(f"INSERT INTO anew SELECT * FROM {TABLE} WHERE number = 1")
    run(f"DROP TABLE {TABLE}")
    run(f"ALTER TABLE anew RENAME TO {TABLE}")
    run(f"ALTER INDEX anew_pkey RENAME TO {TABLE}_pkey")
    for name, definition in references:
        run(f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} {definition}")
    for definition, name in triggers:
        run(definition)
        run(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {name}")
    check_that_it_is_noticed(mirror)


@pytest.mark.parametrize(
    "rewrite",
    [
        f"VACUUM FULL {TABLE}",
        f"CLUSTER {TABLE} USING {TABLE}_pkey",
        f"ALTER TABLE {TABLE} ALTER title TYPE varchar(39) USING left(title, 39)",
        f"TRUNCATE {LOG}",
        f"VACUUM FULL {LOG}",
    ],
)
def test_a_table_that_is_only_written_anew_stays_captured(mirror: Mirror, rewrite: str) -> None:
    try:
        run(rewrite)
        assert {found.state for found in feed.find_states("default")} == {feed.State.INSTALLED}
        mirror.pull()
        mirror.check()
        assert not mirror.resets
    finally:
        run(f"ALTER TABLE {TABLE} ALTER title TYPE varchar(40)")


def test_a_mark_of_an_older_package_is_outdated_and_costs_no_reset(mirror: Mirror) -> None:
    resets = Change.objects.filter(kind="R", table_name=TABLE).count()
    for trigger in feed.backend_for("default").triggers([TABLE]):
        assert trigger.mark is not None
        assert trigger.mark.origin
        older = trigger.mark.as_text().replace(trigger.mark.origin.replace("/", "\\/"), "")
        older = older.replace(trigger.mark.digest, "0" * 24)
        ((function,),) = run(
            "SELECT p.oid::regprocedure FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            f" WHERE t.tgname = '{trigger.name}' AND t.tgrelid = '{TABLE}'::regclass"
        )
        run(f"COMMENT ON FUNCTION {function} IS '{older}'")
    states = {found.table: found.state for found in feed.find_states("default")}
    assert states[TABLE] is feed.State.OUTDATED
    done = feed.install("default")
    assert (done.installed, done.reset) == ([TABLE], [])
    assert Change.objects.filter(kind="R", table_name=TABLE).count() == resets
