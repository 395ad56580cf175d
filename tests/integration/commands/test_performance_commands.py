"""cleanup_sync_logs, generate_sync_report and optimize_performance, without a broker."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from sb_sync import feed
from sb_sync.models import MetricRollup, PerformanceMetrics, SyncLog
from sb_sync.testing.factories import make_member, make_organization


def run(command: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def run_json(command: str, *arguments: str) -> Any:
    return json.loads(run(command, *arguments, "--json"))


def make_rows(days: int, count: int = 1) -> None:
    then = timezone.now() - timedelta(days=days)
    for _ in range(count):
        SyncLog.objects.create(operation="PULL", status="SUCCESS", timestamp=then, object_count=3)
        PerformanceMetrics.objects.create(operation_type="pull", processing_time=0.25, batch_size=3, timestamp=then)


@pytest.mark.django_db
class TestCleanup:
    def test_old_logs_go_and_their_counts_stay(self) -> None:
        make_rows(1)
        make_rows(100, count=2)
        would = run_json("cleanup_sync_logs", "--dry-run")["deleted"]
        assert would["sync_logs"] == 2
        assert SyncLog.objects.count() == 3
        told = run_json("cleanup_sync_logs")
        assert (told["dry_run"], told["deleted"]["sync_logs"], told["deleted"]["measurements"]) == (False, 2, 2)
        assert SyncLog.objects.count() == 1
        assert would == told["deleted"]
        # They were counted before they went: since ever, as their hours are gone.
        assert sum(MetricRollup.objects.filter(site_id=-1, hour__year=1980).values_list("operations", flat=True)) == 3

    def test_it_prints_a_table(self) -> None:
        make_rows(100)
        text = run("cleanup_sync_logs", "--days", "90", "--dry-run")
        assert "would be deleted" in text
        assert "rolled up measurements" in text
        assert "Nothing was deleted" in text

    @pytest.mark.parametrize("days", ["0", "-1", "36501", "999999", "9999999999"])
    def test_a_day_at_least_is_kept_and_a_century_at_most(self, days: str) -> None:
        make_rows(1)
        with pytest.raises(CommandError, match="at least 1 and at most 36,500"):
            run("cleanup_sync_logs", "--days", days)
        assert (SyncLog.objects.count(), PerformanceMetrics.objects.filter(rolled_up_at=None).count()) == (1, 1)


@pytest.mark.django_db
class TestReport:
    def test_a_day_is_told(self) -> None:
        acme = make_organization("acme")
        day = timezone.now() - timedelta(days=1)
        SyncLog.objects.create(
            user=make_member(acme), site_id=acme.pk, operation="PUSH", status="ERROR", timestamp=day,
            error_message="not_found: 1", object_count=7,
        )  # fmt: skip
        for text in (run("generate_sync_report"), run("generate_sync_report", "--day", f"{day:%Y-%m-%d}")):
            assert "1 requests of 1 users, 7 records" in text
            assert "not_found: 1" in text
            assert "acme" in text
        assert run_json("generate_sync_report")["operations"][0]["records"] == 7

    def test_an_empty_day_is_told(self) -> None:
        assert "0 requests" in run("generate_sync_report", "--day", "2001-01-01")

    @pytest.mark.parametrize("day", ["yesterday", "2026-13-01", ""])
    def test_what_is_no_day_is_refused(self, day: str) -> None:
        with pytest.raises(CommandError, match="2026-01-31"):
            run("generate_sync_report", "--day", day)

    def test_a_day_without_a_tomorrow_is_refused(self) -> None:
        with pytest.raises(CommandError, match="There is no report of 9999-12-31"):
            run("generate_sync_report", "--day", "9999-12-31")


@pytest.mark.django_db(transaction=True)
class TestPerformance:
    def test_figures_are_shown_with_what_they_suggest(self) -> None:
        make_rows(1, count=5)
        PerformanceMetrics.objects.bulk_create(
            PerformanceMetrics(operation_type="push", model_name="a.B", processing_time=9.0) for _ in range(20)
        )
        text = run("optimize_performance")
        assert "250.0 ms" in text
        assert "! One push of a.B in twenty takes more than" in text
        told = run_json("optimize_performance", "--action", "analyze", "--days", "1")
        assert told["performance_stats"]["total_operations"] in (20, 25)
        assert [each["code"] for each in told["optimization_suggestions"]] == ["slow"]

    def test_nothing_measured_is_told(self) -> None:
        assert "0 operations" in run("optimize_performance", "--action", "analyze")

    @pytest.mark.parametrize("options", [[], ["--force"]])
    def test_tables_are_looked_after(self, options: Any) -> None:
        make_rows(1, count=3)
        told = run_json("optimize_performance", "--action", "optimize", *options)
        assert told["rolled_up"] == 3
        assert len(told["statements"]) > 5
        assert told["warmth"]["models"] > 10
        assert told["memory"]["after"] > 1
        text = run("optimize_performance", "--action", "optimize", *options)
        assert "0 measurements rolled up." in text
        assert f"looked up {told['warmth']['models']} models" in text

    def test_old_measurements_go_and_logs_stay(self) -> None:
        make_rows(1)
        make_rows(100, count=2)
        told = run_json("optimize_performance", "--action", "cleanup")
        assert (told["rolled_up"], told["measurements"], told["rolled_up_measurements"]) == (3, 2, 1)
        assert (PerformanceMetrics.objects.count(), SyncLog.objects.count()) == (1, 3)

    def test_how_everything_is_just_now_is_shown(self) -> None:
        text = run("optimize_performance", "--action", "monitor")
        assert "All in all: healthy." in text
        told = run_json("optimize_performance", "--action", "monitor")
        assert set(told["checks"]) == {"database", "cache", "logging", "feed", "memory"}

    def test_what_is_unhealthy_ends_with_a_status(self) -> None:
        backend = feed.backend_for("default")
        backend.remove(backend.triggers())
        try:
            with pytest.raises(SystemExit) as ended:
                run("optimize_performance", "--action", "monitor")
        finally:
            feed.install("default")
        assert ended.value.code == 1

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--action", "monitor", "--days", "7"],
            ["--action", "monitor", "--days", "0"],
            ["--action", "analyze", "--force"],
        ],
    )
    def test_an_option_that_would_be_ignored_is_refused(self, arguments: Any) -> None:
        with pytest.raises(CommandError):
            run("optimize_performance", *arguments)

    @pytest.mark.parametrize("days", ["0", "-3", "999999"])
    def test_days_that_cannot_be_looked_back_are_refused(self, days: str) -> None:
        with pytest.raises(CommandError, match="at least 1 and at most 36,500"):
            run("optimize_performance", "--action", "analyze", "--days", days)
