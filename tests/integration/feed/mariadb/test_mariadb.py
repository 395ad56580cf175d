"""What MariaDB alone has: rights, settings, collations, rolled back numbers, other people's triggers."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any, Iterator, List

import pytest
from django.db import connection, transaction

from sb_sync import feed
from sb_sync.feed.backends import mysql, mysql_faults
from sb_sync.feed.backends.mysql_snapshots import Snapshot
from sb_sync.feed.checks import check_captures
from sb_sync.models import Change, Checkpoint, ClientRecord
from sb_sync.testing.factories import make_member, make_organization
from sb_sync.testing.mirror import Mirror
from tests.integration.feed.concurrent.sessions import sessions
from tests.testapp.models import Customer, Label, Order, Region

pytestmark = pytest.mark.django_db(transaction=True)


def run(sql: str) -> List[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def faults() -> str:
    return " ".join(fault for fault, _ in feed.backend_for("default").find_faults())


@contextmanager
def session_mode(mode: str) -> Iterator[None]:
    before = run("SELECT @@sql_mode")[0][0]
    run(f"SET SESSION sql_mode = '{mode}'")
    try:
        yield
    finally:
        run(f"SET SESSION sql_mode = '{before}'")


def roll_back_a_region(site_id: int) -> None:
    with transaction.atomic():
        Region.objects.create(site_id=site_id, name="never")
        transaction.set_rollback(True)


def last_snapshot() -> Snapshot:
    newest = Checkpoint.objects.order_by("-id").first()
    assert newest is not None
    return Snapshot.parse(newest.snapshot)


# Numbers that never come.


def test_numbers_that_were_rolled_back_are_forgotten_once_nobody_can_fill_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mysql, "SECONDS_BETWEEN_QUESTIONS", 0)
    site_id = make_organization("acme").pk
    mirror = Mirror(site_id, Region)
    roll_back_a_region(site_id)
    deadline = time.monotonic() + 30
    while True:
        Region.objects.create(site_id=site_id, name="kept")
        mirror.pull()
        if not last_snapshot().missing:
            break
        assert time.monotonic() < deadline
        # The server renews its answer only where nobody asks for a while.
        time.sleep(0.15)
    mirror.check()
    assert not mirror.resets


def test_numbers_of_an_open_transaction_are_waited_for_whatever_else_is_rolled_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mysql, "SECONDS_BETWEEN_QUESTIONS", 0)
    site_id = make_organization("acme").pk
    mirror = Mirror(site_id, Region)
    with sessions(1) as (writer,):
        writer.begin()
        writer.do(lambda: Region.objects.create(site_id=site_id, name="late"))
        for _ in range(4):
            roll_back_a_region(site_id)
            Region.objects.create(site_id=site_id, name="early")
            mirror.pull()
            assert last_snapshot().missing
            time.sleep(0.15)
        assert len(mirror.rows["testapp.Region"]) == 4
        writer.commit()
    mirror.pull()
    mirror.check()
    assert len(mirror.rows["testapp.Region"]) == 5


# Rights, settings, tables.


def test_a_server_as_the_documentation_wants_it_has_no_faults() -> None:
    backend = feed.backend_for("default")
    assert not backend.find_faults()
    assert not backend.find_risks()


def test_a_mode_that_cuts_values_in_silence_is_a_fault() -> None:
    with session_mode(""):
        assert "sql_mode" in faults()


def test_an_older_server_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql_faults, "OLDEST_MARIADB", (99, 0))
    assert "MariaDB 99.0" in faults()


def test_missing_rights_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = feed.backend_for("default")
    granted = ["GRANT SELECT, INSERT ON `shop`.* TO `shop`@`%`"]
    execute = backend.execute
    monkeypatch.setattr(
        backend, "execute", lambda sql, *rest: [(g,) for g in granted] if sql == "SHOW GRANTS" else execute(sql, *rest)
    )
    assert "make triggers" in " ".join(fault for fault, _ in backend.find_faults())
    granted.append("GRANT TRIGGER ON `shop`.* TO `shop`@`%`")
    assert not backend.find_faults()


def test_a_table_without_transactions_is_a_fault() -> None:
    run("CREATE TABLE kept_region LIKE testapp_region")
    run("ALTER TABLE kept_region ENGINE = MyISAM")
    try:
        assert not faults(), "it is no table of ours"
        run("RENAME TABLE testapp_region TO other_region, kept_region TO testapp_region")
        try:
            assert "testapp_region" in faults()
        finally:
            run("RENAME TABLE testapp_region TO kept_region, other_region TO testapp_region")
    finally:
        run("DROP TABLE kept_region")


def test_keys_by_which_the_database_itself_deletes_are_told_of() -> None:
    run(
        "ALTER TABLE testapp_order ADD CONSTRAINT own_action FOREIGN KEY (customer_id) REFERENCES testapp_customer (id)"
        " ON DELETE CASCADE"
    )
    try:
        ((risk, _),) = feed.backend_for("default").find_risks()
        assert "testapp_order" in risk
        (warning,) = [found for found in check_captures(databases=["default"]) if found.id == "sb_sync.W103"]
        assert risk in warning.msg
    finally:
        run("ALTER TABLE testapp_order DROP FOREIGN KEY own_action")
    assert not check_captures(databases=["default"])


# Triggers.


def test_rows_that_the_database_deletes_along_the_path_to_an_organization_are_captured() -> None:
    acme = make_organization("acme")
    customer = Customer.objects.create(organization=acme, name="C")
    Order.objects.create(customer=customer, number="1")
    mirror = Mirror(acme.pk, Customer, Order)
    run("SET SESSION foreign_key_checks = 0")
    try:
        run("DELETE FROM testapp_customer")
        run("DELETE FROM testapp_order")
    finally:
        run("SET SESSION foreign_key_checks = 1")
    mirror.pull()
    mirror.check()
    assert not mirror.rows["testapp.Order"]


def test_triggers_of_the_host_live_on_beside_ours() -> None:
    run("CREATE TRIGGER own_trigger AFTER INSERT ON testapp_region FOR EACH ROW SET @noticed = NEW.name")
    try:
        feed.install("default", force=True)
        Region.objects.create(site_id=make_organization("acme").pk, name="both")
        assert run("SELECT @noticed") == [("both",)]
        assert Change.objects.filter(table_name="testapp_region", kind="I").exists()
    finally:
        run("DROP TRIGGER own_trigger")


def test_a_trigger_that_somebody_altered_is_noticed_and_put_right() -> None:
    backend = feed.backend_for("default")
    (spoilt,) = [each for each in backend.triggers(["testapp_region"]) if each.event == "I"]
    run(f"DROP TRIGGER {spoilt.name}")
    with connection.cursor() as cursor:
        mark = spoilt.text[spoilt.text.index("/*") : spoilt.text.index("*/") + 2]
        cursor.execute(f"CREATE TRIGGER {spoilt.name} AFTER INSERT ON testapp_region FOR EACH ROW BEGIN {mark} END")
    assert feed.install("default").reset == ["testapp_region"]
    assert {each.name for each in backend.triggers(["testapp_region"]) if each.is_whole} >= {spoilt.name}


# Collations.


def test_a_key_that_changes_its_case_only_is_another_key_for_clients() -> None:
    acme = make_organization("acme")
    Label.objects.create(slug="Oak", organization=acme)
    mirror = Mirror(acme.pk, Label)
    Label.objects.filter(slug="Oak").update(slug="oak")
    mirror.pull()
    mirror.check()
    assert list(mirror.rows["testapp.Label"]) == ["oak"]


def test_names_of_clients_are_told_by_their_case_and_the_blanks_at_their_end() -> None:
    acme = make_organization("acme")
    user = make_member(acme)
    for name in ("a", "A", "a ", "ä"):
        ClientRecord.objects.create(user=user, site_id=acme.pk, model_name="x", client_id=name, object_key=name)
    assert [row.client_id for row in ClientRecord.objects.filter(client_id="A")] == ["A"]
    assert [row.client_id for row in ClientRecord.objects.filter(object_key__in=["a "])] == ["a "]
