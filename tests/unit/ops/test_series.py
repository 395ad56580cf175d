"""Figures of a period are those of its hours, and of the hours before it, rolled up or not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, List, Optional

import pytest

from sb_sync.models import Organization, PerformanceMetrics
from sb_sync.ops import series
from sb_sync.ops.rollup import roll_up
from sb_sync.ops.series import HOUR, Period, Selection, read_comparison, read_hours
from sb_sync.optimizations import measure
from sb_sync.testing.factories import make_organization

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 2, 10, tzinfo=timezone.utc)
PERIOD = Period(BEGIN, BEGIN + 4 * HOUR)


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


def write(place: Optional[Organization], hours: float, *, times: int = 1, **fields: Any) -> None:
    given = {"operation_type": "push", "model_name": "a.B", "processing_time": 0.1, "batch_size": 10, "query_count": 5}
    PerformanceMetrics.objects.bulk_create(
        PerformanceMetrics(site_id=place and place.pk, timestamp=BEGIN + timedelta(hours=hours), **{**given, **fields})
        for _ in range(times)
    )


def hourly(selection: Selection) -> List[Any]:
    found = read_comparison(selection).now.hours
    return [((hour - BEGIN) // HOUR, operation, each.operations) for (hour, operation), each in sorted(found.items())]


@pytest.mark.parametrize("rolled_up", [True, False])
def test_each_hour_has_its_own_figures_and_an_empty_one_none(acme: Organization, rolled_up: bool) -> None:
    write(acme, 0, times=2)
    write(acme, 0.99, operation_type="pull", processing_time=0.4)
    write(acme, 3.5)
    if rolled_up:
        roll_up()
    selection = Selection(PERIOD, (acme.pk,))
    assert hourly(selection) == [(0, "pull", 1), (0, "push", 2), (3, "push", 1)]
    first = read_comparison(selection).now.hours[BEGIN, "push"]
    assert (first.seconds, first.records, first.queries) == (pytest.approx(0.2), 20, 10)
    assert first.percentile(0.5) == pytest.approx(0.1, rel=0.19)


@pytest.mark.parametrize("rolled_up", [True, False])
def test_what_lies_outside_is_left_out_and_what_lies_before_is_compared(acme: Organization, rolled_up: bool) -> None:
    for hours, times in ((-4.1, 1), (-4, 2), (-0.1, 3), (0, 5), (3.9, 7), (4, 11)):
        write(acme, hours, times=times)
    if rolled_up:
        roll_up()
    found = read_comparison(Selection(PERIOD, (acme.pk,)))
    assert (found.figures.total.operations, found.is_whole) == (12, True)
    assert [each.operations for each in found.before.by_kind] == [5]
    assert found.before.period == Period(BEGIN - 4 * HOUR, BEGIN)


@pytest.mark.parametrize("rolled_up", [True, False])
def test_organizations_operations_and_models_are_told_apart(acme: Organization, rolled_up: bool) -> None:
    beta, gamma = make_organization("beta"), make_organization("gamma")
    write(acme, 1)
    write(acme, 1, operation_type="pull", times=2)
    write(beta, 1, model_name="a.C", times=4)
    write(gamma, 1, times=8)
    write(None, 1, times=16)
    if rolled_up:
        roll_up()

    def count(**limits: Any) -> int:
        return int(read_comparison(Selection(PERIOD, **limits)).figures.total.operations)

    assert [count(), count(sites=(acme.pk, beta.pk)), count(sites=(acme.pk,)), count(sites=())] == [31, 7, 3, 0]
    assert [count(operation="pull"), count(model="a.C"), count(model="a.C", operation="pull")] == [2, 4, 0]
    assert [count(sites=(acme.pk,), operation="push"), count(model="a.Unknown"), count(sites=(-7,))] == [1, 0, 0]


@pytest.mark.parametrize("sites", [None, "two"])
def test_the_statements_do_not_grow(acme: Organization, sites: Optional[str]) -> None:
    selection = Selection(PERIOD, None if sites is None else (acme.pk, make_organization("beta").pk))
    counts = []
    for times in (1, 300):
        write(acme, 2, times=times)
        roll_up()
        write(acme, 1, times=times)
        with measure() as reading:
            read_comparison(selection)
        counts.append(reading.queries)
    assert counts == [4, 4]


def test_roll_ups_that_fell_behind_are_told(acme: Organization, monkeypatch: Any) -> None:
    monkeypatch.setattr(series, "LONGEST_TAIL", 10)
    write(acme, 1, times=11)
    late = read_comparison(Selection(PERIOD))
    assert (late.is_whole, late.figures.total.operations) == (False, 10)
    roll_up()
    whole = read_comparison(Selection(PERIOD))
    assert (whole.is_whole, whole.figures.total.operations) == (True, 11)


@pytest.mark.parametrize("rolled_up", [True, False])
def test_hours_alone_are_read_by_two_statements(acme: Organization, rolled_up: bool) -> None:
    write(acme, 1, times=3)
    write(make_organization("beta"), 1, times=4)
    write(acme, 2, times=2, operation_type="pull", model_name="a.C")
    if rolled_up:
        roll_up()
    with measure() as reading:
        found = read_hours(Selection(PERIOD, sites=(acme.pk,)))
    assert reading.queries == 2
    assert sorted((operation, each.operations) for (_hour, operation), each in found.hours.items()) == [
        ("pull", 2), ("push", 3)
    ]  # fmt: skip
    assert found.hours == read_comparison(Selection(PERIOD, sites=(acme.pk,))).now.hours
