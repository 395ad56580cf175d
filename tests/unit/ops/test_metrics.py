"""Figures are those of what was measured, rolled up or not, and reading them costs the same whatever their number."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, List, Optional

import pytest
from django.db import connection
from django.utils import timezone

from sb_sync.models import MetricRollup, Organization, PerformanceMetrics
from sb_sync.models.rollups import TOGETHER
from sb_sync.ops import metrics
from sb_sync.ops.metrics import CacheFigures, read_figures, read_totals
from sb_sync.ops.rollup import roll_up
from sb_sync.optimizations import measure
from sb_sync.testing.factories import make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def write(
    place: Optional[Organization], times: List[float], model: str = "a.B", operation: str = "push", **more: Any
) -> None:
    PerformanceMetrics.objects.bulk_create(
        PerformanceMetrics(
            site_id=place and place.pk,
            operation_type=operation,
            model_name=model,
            processing_time=seconds,
            **{"batch_size": 10, "query_count": 5, **more},
        )
        for seconds in times
    )


def fill_with_rollups(place: Organization) -> None:
    """Let a week of many organizations stand there, and the planner know it: on a few rows, its choice is a whim."""
    week = [timezone.now() - timedelta(hours=hours) for hours in range(24 * 7)]
    MetricRollup.objects.bulk_create(
        MetricRollup(site_id=site_id, hour=hour, operation_type="push", model_name="a.B", bucket=1)
        for site_id in (TOGETHER, place.pk, *range(100_000, 100_030))
        for hour in week
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {MetricRollup._meta.db_table}")


@pytest.mark.parametrize("rolled_up", [0, 60, 100])
def test_figures_are_the_same_however_much_is_rolled_up(acme: Organization, rolled_up: int) -> None:
    times = [0.01 * (number + 1) for number in range(100)]
    write(acme, times[:rolled_up])
    roll_up()
    write(acme, times[rolled_up:])
    (push,) = read_figures(acme.pk).by_kind
    assert (push.operation, push.model, push.operations) == ("push", "a.B", 100)
    assert push.average == pytest.approx(0.505)
    assert push.percentile(0.5) == pytest.approx(0.5, rel=0.19)
    assert push.percentile(0.95) == pytest.approx(0.95, rel=0.19)
    assert push.percentile(0.99) == pytest.approx(0.99, rel=0.19)
    assert (push.records, push.queries) == (1000, 500)
    total = read_figures(None).total
    assert (total.operations, total.seconds) == (100, pytest.approx(50.5))
    assert total.percentile(0.5) == push.percentile(0.5)


@pytest.mark.parametrize("rolled_up", [True, False])
def test_each_organization_sees_its_own(acme: Organization, rolled_up: bool) -> None:
    other = make_organization("other")
    write(acme, [0.1] * 3)
    write(other, [0.2] * 4)
    write(None, [0.3])
    if rolled_up:
        roll_up()
    assert [read_figures(place).total.operations for place in (acme.pk, other.pk, None)] == [3, 4, 8]
    assert read_figures(999_999).by_kind == ()


@pytest.mark.parametrize("rolled_up", [True, False])
def test_models_that_the_reader_may_not_know_of_have_no_name(acme: Organization, rolled_up: bool) -> None:
    write(acme, [0.1] * 3, "a.Open")
    write(acme, [0.2] * 2, "a.Secret")
    write(acme, [0.4], "")
    if rolled_up:
        roll_up()
    found = read_figures(acme.pk, names={"a.Open": "shop.Open"})
    assert [(each.model, each.operations) for each in found.by_kind] == [("", 3), ("shop.Open", 3)]
    assert found.total.seconds == pytest.approx(1.1)


@pytest.mark.parametrize("rolled_up", [True, False])
def test_what_is_older_is_left_out(acme: Organization, rolled_up: bool) -> None:
    for days in (0, 6, 8, 50):
        write(acme, [0.1], timestamp=timezone.now() - timedelta(days=days))
    if rolled_up:
        roll_up()
    counts = [read_figures(acme.pk, days=days).total.operations for days in (1, 7, 30, 90)]
    assert counts == [1, 2, 3, 4]
    assert read_totals().total.operations == 4


def test_totals_never_fall(acme: Organization) -> None:
    write(acme, [0.1] * 3)
    seen = [read_totals().total.operations]
    roll_up()
    seen.append(read_totals().total.operations)
    PerformanceMetrics.objects.all().delete()
    MetricRollup.objects.filter(site_id=acme.pk).delete()
    write(acme, [0.1])
    seen.append(read_totals().total.operations)
    assert seen == [3, 3, 4]


def test_nothing_measured_is_told_as_nothing(acme: Organization) -> None:
    total = read_figures(acme.pk).total
    assert (total.operations, total.average, total.percentile(0.5)) == (0, None, None)
    assert CacheFigures(0, 0).hit_rate is None
    assert CacheFigures(3, 1).hit_rate == 0.75


class TestCost:
    """However much was measured: two statements, and no measurement that was rolled up."""

    @pytest.mark.parametrize("place", ["acme", "all"])
    def test_what_was_rolled_up_is_read_no_more(self, acme: Organization, place: str) -> None:
        site_id = acme.pk if place == "acme" else None
        write(acme, [0.01 * number for number in range(2000)])
        roll_up()
        write(acme, [0.1] * 30)
        with measure() as reading:
            before = read_figures(site_id)
        assert reading.queries == 2
        PerformanceMetrics.objects.exclude(rolled_up_at=None).delete()
        assert read_figures(site_id) == before

    def test_the_rows_that_are_read_do_not_grow_with_the_measurements(self, acme: Organization) -> None:
        rows = []
        for times in (100, 1000):
            write(acme, [0.01, 0.1, 1.0] * times)
            roll_up()
            rows.append(MetricRollup.objects.filter(site_id=acme.pk).count())
        hours = MetricRollup.objects.values("hour").distinct().count() - 1
        assert rows[0] == 3
        assert rows[1] <= 3 * hours

    def test_a_roll_up_that_fell_behind_makes_no_answer_slow(self, acme: Organization, monkeypatch: Any) -> None:
        monkeypatch.setattr(metrics, "LONGEST_TAIL", 50)
        write(acme, [0.1] * 51)
        with measure() as reading:
            late = read_figures(acme.pk)
        assert (late.total.operations, late.is_whole, reading.queries) == (50, False, 2)
        roll_up()
        assert (read_figures(acme.pk).total.operations, read_figures(acme.pk).is_whole) == (51, True)

    @pytest.mark.only_on("postgresql", reason="it tells how it reads")
    @pytest.mark.parametrize("place", ["acme", "all"])
    def test_both_statements_go_by_an_index(self, acme: Organization, place: str) -> None:
        site_id = acme.pk if place == "acme" else None
        fill_with_rollups(acme)
        statements: List[Any] = []

        def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
            statements.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            read_figures(site_id)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            plans = []
            for sql, params in statements:
                cursor.execute("EXPLAIN " + sql, params)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
        assert "sb_sync_one_rollup" in plans[0]
        assert "Index Scan Backward using sb_sync_metric_rollup" in plans[1]
        assert "Sort" not in plans[1]
