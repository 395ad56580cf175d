"""Triggers that were read once are read again when anything about them is another."""

from __future__ import annotations

from typing import Any, List

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync import catalog, feed
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Shelf

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = "testapp_shelf"


def run(sql: str) -> List[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def is_captured() -> bool:
    """Tell what a reading says that any pull opens."""
    synced = catalog.find("testapp.Shelf")
    assert synced is not None
    with feed.reading("default", [synced]) as reading:
        return bool(reading.captured([synced]))


def find_function() -> str:
    return str(
        run(
            "SELECT p.oid::regprocedure FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            f" WHERE t.tgname = 'sb_sync_insert' AND t.tgrelid = '{TABLE}'::regclass"
        )[0][0]
    )


def empty_function() -> str:
    return f"CREATE OR REPLACE FUNCTION {find_function()} RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"


CHANGES = {
    "switched off": lambda: f"ALTER TABLE {TABLE} DISABLE TRIGGER sb_sync_insert",
    "not for replicas": lambda: f"ALTER TABLE {TABLE} ENABLE TRIGGER sb_sync_insert",
    "dropped": lambda: f"DROP TRIGGER sb_sync_delete ON {TABLE}",
    "another function": empty_function,
    "another mark": lambda: f"COMMENT ON FUNCTION {find_function()} IS 'sb_sync:{{}}'",
    "no mark": lambda: f"COMMENT ON FUNCTION {find_function()} IS NULL",
    "another name": lambda: f"ALTER TRIGGER sb_sync_update ON {TABLE} RENAME TO sb_sync_updated",
    "another table of the name": lambda: (
        f"ALTER TABLE {TABLE} RENAME TO {TABLE}_old; CREATE TABLE {TABLE} (LIKE {TABLE}_old)"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_about_a_trigger_is_noticed_by_the_next_reading(change: str) -> None:
    make_organization("acme")
    assert is_captured()
    assert is_captured()
    run(CHANGES[change]())
    try:
        assert not is_captured()
    finally:
        if "_old" in CHANGES[change]():
            run(f"DROP TABLE {TABLE}; ALTER TABLE {TABLE}_old RENAME TO {TABLE}")
        feed.install("default")
    assert is_captured()


def test_another_log_of_the_name_is_noticed() -> None:
    assert is_captured()
    run("ALTER TABLE sb_sync_change RENAME TO away; CREATE TABLE sb_sync_change (LIKE away)")
    try:
        assert not is_captured()
    finally:
        run("DROP TABLE sb_sync_change; ALTER TABLE away RENAME TO sb_sync_change")
    assert is_captured()


def test_a_change_that_is_undone_is_remembered_by_nobody() -> None:
    assert is_captured()
    run("BEGIN")
    run(f"ALTER TABLE {TABLE} DISABLE TRIGGER sb_sync_insert")
    run("ROLLBACK")
    assert is_captured()


def test_triggers_that_stay_are_read_once() -> None:
    Shelf.objects.count()
    is_captured()
    with CaptureQueriesContext(connection) as captured:
        assert is_captured()
    assert not [query["sql"] for query in captured.captured_queries if "prosrc" in query["sql"]]
