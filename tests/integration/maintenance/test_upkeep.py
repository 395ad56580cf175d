"""Tables are looked after in the way of their database, processes give back what they do not need."""

from __future__ import annotations

from typing import List

import pytest
from django.db import connection

from sb_sync import catalog
from sb_sync.maintenance import Refused, all_databases, free_memory, optimize_tables, warm_up
from sb_sync.models import SyncLog
from sb_sync.optimizations import ModelMetadataCache

WORDS = {"sqlite": "ANALYZE", "postgresql": "VACUUM (ANALYZE)", "mysql": "ANALYZE TABLE"}
FORCED = {"sqlite": "VACUUM", "postgresql": "VACUUM (FULL, ANALYZE)", "mysql": "OPTIMIZE TABLE"}


@pytest.mark.django_db(transaction=True)
class TestTables:
    @pytest.mark.parametrize("force", [False, True])
    def test_each_of_the_package_s_tables_is_looked_after(self, force: bool) -> None:
        SyncLog.objects.create(operation="PULL", status="SUCCESS")
        told: List[str] = []
        reports = optimize_tables("default", force=force, progress=lambda done, total, what: told.append(what))
        statements = [each.statement for each in reports]
        assert told == statements
        assert all("sb_sync_" in each or each == "VACUUM" for each in statements)
        assert sum("sb_sync_synclog" in each for each in statements) == 1
        assert any(each.startswith((FORCED if force else WORDS)[connection.vendor]) for each in statements)
        assert SyncLog.objects.count() == 1

    @pytest.mark.only_on("postgresql", reason="it says when it was analysed")
    def test_the_planner_knows_more_afterwards(self) -> None:
        SyncLog.objects.bulk_create(SyncLog(operation="PULL", status="SUCCESS") for _ in range(500))
        optimize_tables("default")
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'sb_sync_synclog'")
            assert cursor.fetchone()[0] == 500


@pytest.mark.django_db
def test_inside_a_transaction_it_is_refused() -> None:
    with pytest.raises(Refused, match="transaction"):
        optimize_tables("default")


@pytest.mark.django_db
def test_a_process_is_warm_afterwards() -> None:
    ModelMetadataCache.clear()
    report = warm_up()
    assert report.models == len(catalog.synced_models()) == ModelMetadataCache.clear()
    assert report.tables > 5


def test_memory_is_given_back() -> None:
    held = [bytearray(b"x" * 1024) for _ in range(100_000)]
    held.append(held)  # type: ignore[arg-type]  # a circle, that only the collector finds
    del held
    report = free_memory()
    assert report.collected > 0
    assert report.after < report.before - 50


@pytest.mark.django_db
def test_the_default_database_is_among_those_that_are_looked_after() -> None:
    assert "default" in all_databases()
