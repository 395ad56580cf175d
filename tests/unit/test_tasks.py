"""Every scheduled task exists, does its work twice as well as once, and comes back where the database was away."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any, Dict

import pytest
from django.db import OperationalError
from django.utils import timezone

from sb_sync import tasks
from sb_sync.models import PerformanceMetrics, SyncLog
from sb_sync.refusal import Refused

NAMES = [
    "cache_warmup", "cleanup_old_sync_logs", "generate_sync_report", "memory_optimization", "optimize_database_tables",
    "performance_analysis", "roll_up_metrics",
]  # fmt: skip


def test_every_scheduled_task_exists_and_every_task_of_ours_is_scheduled() -> None:
    scheduled = {entry["task"].rpartition(".")[2] for entry in tasks.BEAT_SCHEDULE.values()}
    assert {entry["task"].rpartition(".")[0] for entry in tasks.BEAT_SCHEDULE.values()} == {"sb_sync.tasks"}
    assert set(NAMES) <= scheduled
    for name in scheduled:
        assert getattr(tasks, name).name == f"sb_sync.tasks.{name}"


@pytest.mark.parametrize("name", NAMES)
def test_each_has_limits_and_tries_again(name: str) -> None:
    task = getattr(tasks, name)
    assert 0 < task.soft_time_limit < task.time_limit
    assert (task.max_retries, task.retry_backoff, task.retry_jitter) == (5, True, True)
    assert OperationalError in task.autoretry_for


@pytest.mark.django_db
def test_a_database_that_is_away_for_a_while_costs_nothing_but_time(monkeypatch: Any) -> None:
    PerformanceMetrics.objects.create(operation_type="pull", processing_time=0.25)
    failures = [OperationalError("away"), OperationalError("away")]
    from sb_sync.ops import rollup

    work = rollup._roll_up_some

    def fail_first(most: int) -> int:
        if failures:
            raise failures.pop()
        return work(most)

    monkeypatch.setattr(rollup, "_roll_up_some", fail_first)
    assert tasks.roll_up_metrics.apply().get() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", NAMES)
def test_twice_is_as_good_as_once(name: str) -> None:
    PerformanceMetrics.objects.create(operation_type="pull", processing_time=0.25)
    results = [getattr(tasks, name).apply().get() for _ in range(2)]
    # A result goes through the result backend.
    assert json.loads(json.dumps(results[1])) is not None


@pytest.mark.django_db
class TestResults:
    def test_old_logs_are_counted_by_kind(self) -> None:
        SyncLog.objects.create(operation="PULL", status="SUCCESS", timestamp=timezone.now() - timedelta(days=91))
        done: Dict[str, int] = tasks.cleanup_old_sync_logs.apply().get()
        assert done["sync_logs"] == 1
        assert not SyncLog.objects.exists()

    def test_a_report_is_returned_and_logged(self, caplog: Any) -> None:
        day = timezone.now() - timedelta(days=1)
        SyncLog.objects.create(operation="PULL", status="SUCCESS", timestamp=day, object_count=4)
        with caplog.at_level(logging.INFO, logger="sb_sync"):
            told = tasks.generate_sync_report.apply().get()
        assert (told["day"], told["records"]) == (day.date().isoformat(), 4)
        (line,) = [record.getMessage() for record in caplog.records if "Report of" in record.getMessage()]
        assert json.loads(line.partition(": ")[2]) == json.loads(json.dumps(told))
        assert tasks.generate_sync_report.apply(("2001-01-01",)).get()["requests"] == 0

    def test_suggestions_are_logged(self, caplog: Any) -> None:
        PerformanceMetrics.objects.bulk_create(
            PerformanceMetrics(operation_type="push", model_name="a.B", processing_time=9.0) for _ in range(20)
        )
        found = tasks.performance_analysis.apply().get()
        assert [each["code"] for each in found["optimization_suggestions"]] == ["slow"]
        assert any("Performance: One push of a.B" in record.getMessage() for record in caplog.records)


@pytest.mark.django_db
class TestRefusals:
    @pytest.mark.parametrize("days", [0, -1, -5, 36_501, 999_999])
    def test_days_that_would_forget_everything_forget_nothing(self, days: int) -> None:
        SyncLog.objects.create(operation="PULL", status="SUCCESS", timestamp=timezone.now() - timedelta(days=200))
        PerformanceMetrics.objects.create(operation_type="pull", processing_time=0.25)
        with pytest.raises(Refused, match="at least 1 and at most 36,500"):
            tasks.cleanup_old_sync_logs.apply((days,)).get()
        assert (SyncLog.objects.count(), PerformanceMetrics.objects.filter(rolled_up_at=None).count()) == (1, 1)

    @pytest.mark.parametrize("days", [0, -1, -3, 999_999])
    def test_figures_of_no_days_are_refused(self, days: int) -> None:
        with pytest.raises(Refused, match="at least 1 and at most 36,500"):
            tasks.performance_analysis.apply((days,)).get()

    def test_a_day_without_a_tomorrow_has_no_report(self) -> None:
        with pytest.raises(Refused, match="9999-12-31"):
            tasks.generate_sync_report.apply(("9999-12-31",)).get()
