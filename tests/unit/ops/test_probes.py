"""Each check sees what is wrong, on a server that is made so."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from sb_sync import feed
from sb_sync.maintenance import repair
from sb_sync.models import Change, Checkpoint, FeedIdentity
from sb_sync.ops import probes
from sb_sync.ops.health import DEGRADED, HEALTHY, UNHEALTHY
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Region


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def age_of_transaction(pid: int) -> float:
    """Return for how many seconds the transaction of a session of PostgreSQL has been open."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp() - xact_start)::float FROM pg_stat_activity WHERE pid = %s",
            [pid],
        )
        return float(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_database_that_answers_is_healthy_and_timed() -> None:
    found = probes.check_database()
    assert found.status == HEALTHY
    assert 0 < found.figures["round_trip_ms"] < 10_000


class TestCache:
    def test_a_cache_that_keeps_is_healthy(self) -> None:
        assert probes.check_cache().status == HEALTHY

    def test_one_that_keeps_nothing_is_not(self, settings: Any) -> None:
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
        found = probes.check_cache()
        assert found.status == DEGRADED
        assert "did not keep" in found.detail

    def test_it_leaves_one_key(self) -> None:
        cache.clear()
        for _ in range(10):
            probes.check_cache()
        assert len(cache._cache) == 1  # type: ignore[attr-defined]  # of the cache in memory
        cache.clear()


class TestLogging:
    def test_a_folder_that_takes_a_file_is_healthy_and_stays_as_it_is(self, settings: Any, tmp_path: Path) -> None:
        settings.SB_SYNC_LOG_DIR = str(tmp_path)
        assert probes.check_logging().status == HEALTHY
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_cannot_be_made_fails(self, settings: Any, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        settings.SB_SYNC_LOG_DIR = str(tmp_path / "file" / "logs")
        with pytest.raises(OSError, match="file"):
            probes.check_logging()

    def test_a_line_that_could_not_be_written_is_told(self, settings: Any, tmp_path: Path, monkeypatch: Any) -> None:
        settings.SB_SYNC_LOG_DIR = str(tmp_path)
        monkeypatch.setattr(probes.logs, "problem", lambda: "The disk is full.")
        found = probes.check_logging()
        assert (found.status, found.detail) == (DEGRADED, "The log cannot be written: The disk is full.")


class TestMemory:
    def test_what_is_held_is_told(self) -> None:
        found = probes.check_memory()
        assert found.status == HEALTHY
        assert 1 < found.figures["used_mib"] < found.figures["limit_mib"]

    def test_little_room_is_told(self, monkeypatch: Any) -> None:
        held = probes.check_memory().figures["used_mib"]
        monkeypatch.setattr(probes, "find_memory_limit", lambda: held * 1.05)
        assert probes.check_memory().status == DEGRADED


class TestBroker:
    def test_one_that_answers_is_healthy(self, settings: Any) -> None:
        settings.CELERY_BROKER_URL = "memory://"
        assert probes.check_broker().status == HEALTHY

    @pytest.mark.parametrize("kind", ["amqp", "redis"])
    def test_one_that_is_away_fails_soon(self, settings: Any, closed_port: int, kind: str) -> None:
        settings.CELERY_BROKER_URL = f"{kind}://127.0.0.1:{closed_port}/"
        began = time.monotonic()
        with pytest.raises(Exception, match=r"refused|Error"):
            probes.check_broker()
        assert time.monotonic() - began < 10

    @pytest.mark.parametrize("kind", ["amqp", "redis"])
    def test_one_that_says_nothing_fails_soon(self, settings: Any, silent_port: int, kind: str) -> None:
        settings.CELERY_BROKER_URL = f"{kind}://127.0.0.1:{silent_port}/"
        began = time.monotonic()
        with pytest.raises(Exception, match=r"(?i)timed? ?out"):
            probes.check_broker()
        assert time.monotonic() - began < 10

    def test_it_is_asked_only_where_there_is_one(self, settings: Any) -> None:
        assert "broker" not in [watch.probe.name for watch in probes.make_monitor()._watches]
        settings.CELERY_BROKER_URL = "memory://"
        assert "broker" in [watch.probe.name for watch in probes.make_monitor()._watches]


@pytest.mark.django_db(transaction=True)
class TestFeed:
    @pytest.fixture(autouse=True)
    def _restore(self) -> Iterator[None]:
        yield
        feed.install("default")

    def test_a_feed_that_captures_everything_is_healthy(self) -> None:
        found = probes.check_feed()
        assert (found.status, found.detail) == (HEALTHY, "")
        assert found.figures["default"]["tables"] > 5

    def test_a_table_without_triggers_degrades_it(self) -> None:
        backend = feed.backend_for("default")
        with transaction.atomic():
            backend.remove(backend.triggers([Region._meta.db_table]))
        found = probes.check_feed()
        assert found.status == DEGRADED
        assert found.figures["default"]["not_captured"] == {"testapp_region": "MISSING"}
        assert "sync_feed --action install" in found.detail

    def test_no_triggers_at_all_are_unhealthy(self) -> None:
        backend = feed.backend_for("default")
        with transaction.atomic():
            backend.remove(backend.triggers())
        assert probes.check_feed().status == UNHEALTHY

    def test_migrations_that_are_not_applied_are_named_with_their_mend(self) -> None:
        recorder = MigrationRecorder(connection)
        recorder.record_unapplied("sb_sync", "0004_exact_names")
        try:
            found = probes.check_feed()
        finally:
            recorder.record_applied("sb_sync", "0004_exact_names")
        assert found.status == UNHEALTHY
        assert "0004_exact_names" in found.detail
        assert "run manage.py migrate" in found.detail
        assert "0003" not in found.detail

    def test_changes_that_nobody_pulled_are_its_lag(self) -> None:
        acme = make_organization("acme")
        Checkpoint.objects.create(nonce="x", snapshot="x", taken_at=timezone.now() - timedelta(seconds=90))
        Region.objects.create(site_id=acme.pk, name="North")
        assert 90 <= probes.check_feed().figures["default"]["lag_seconds"] < 180
        newest = Change.objects.latest("id").changed_at
        Checkpoint.objects.create(nonce="y", snapshot="y", taken_at=newest + timedelta(seconds=1))
        assert probes.check_feed().figures["default"]["lag_seconds"] == 0.0

    def test_where_nobody_ever_pulled_the_oldest_change_waits_longest(self) -> None:
        acme = make_organization("acme")
        Checkpoint.objects.all().delete()
        Region.objects.create(site_id=acme.pk, name="North")
        Region.objects.create(site_id=acme.pk, name="South")
        oldest = Change.objects.earliest("id")
        Change.objects.filter(pk=oldest.pk).update(changed_at=oldest.changed_at - timedelta(seconds=3600))
        assert 3600 <= probes.check_feed().figures["default"]["lag_seconds"] < 3700

    def test_a_repair_is_no_pull(self) -> None:
        FeedIdentity.objects.all().delete()
        Checkpoint.objects.all().delete()
        Region.objects.create(site_id=make_organization("acme").pk, name="North")
        Change.objects.update(changed_at=timezone.now() - timedelta(seconds=3600))
        repair("default")
        assert Checkpoint.objects.count() == 1
        assert probes.check_feed().figures["default"]["lag_seconds"] >= 3600
        with feed.reading("default") as reading:
            snapshot = reading.snapshot
        feed.write_checkpoint("default", snapshot)
        assert probes.check_feed().figures["default"]["lag_seconds"] == 0.0

    @pytest.mark.only_on("postgresql", reason="only it tells of open transactions")
    def test_a_transaction_that_writes_for_long_is_told(self, monkeypatch: Any) -> None:
        written, may_end = threading.Event(), threading.Event()
        writers: List[int] = []
        acme = make_organization("acme")

        def write() -> None:
            try:
                with transaction.atomic():
                    Region.objects.create(site_id=acme.pk, name="North")
                    writers.append(connection.connection.info.backend_pid)
                    written.set()
                    may_end.wait(30)
            finally:
                written.set()
                connections.close_all()

        monkeypatch.setattr(probes, "LONGEST_WRITER_SECONDS", 0.0)
        thread = threading.Thread(target=write)
        thread.start()
        try:
            assert written.wait(30)
            while age_of_transaction(writers[0]) < 0.5:
                assert thread.is_alive()
            before = age_of_transaction(writers[0])
            found = probes.check_feed()
            after = age_of_transaction(writers[0])
        finally:
            may_end.set()
            thread.join()
        assert found.status == DEGRADED
        # It is told to a tenth of a second.
        assert before - 0.06 <= found.figures["default"]["oldest_writer_seconds"] <= after + 0.06
        assert "has been writing for" in found.detail


def test_the_package_s_migrations_are_all_that_are_looked_for() -> None:
    folder = Path(probes.__file__).parents[1] / "migrations"
    expected = {name[:-3] for name in os.listdir(folder) if name[0].isdigit()}
    assert probes._find_migrations("default") == expected
