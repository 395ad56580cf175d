"""What is old goes, what is young or not counted yet stays, in every table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Dict, List, Tuple

import pytest
from django.utils import timezone

from sb_sync.maintenance import Refused, clean_up, clean_up_measurements
from sb_sync.maintenance.retention import forget_metrics
from sb_sync.models import MetricRollup, Organization, PerformanceMetrics, SyncLog, TokenFamily
from sb_sync.models.rollups import EVER, TOGETHER
from sb_sync.ops.metrics import read_totals
from sb_sync.ops.rollup import roll_up
from sb_sync.testing.factories import make_member, make_organization

pytestmark = pytest.mark.django_db

AGES = (1, 89, 91, 400)


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


@pytest.fixture
def rows(acme: Organization) -> None:
    """One row of each age in every table."""
    user = make_member(acme)
    for days in AGES:
        then = timezone.now() - timedelta(days=days)
        SyncLog.objects.create(user=user, site_id=acme.pk, operation="PULL", status="SUCCESS", timestamp=then)
        PerformanceMetrics.objects.create(site_id=acme.pk, operation_type="pull", processing_time=1, timestamp=then)
        TokenFamily.objects.create(user=user, refresh_jti=str(days), expires_at=then)


def count() -> Tuple[int, ...]:
    hourly = MetricRollup.objects.exclude(hour=EVER).filter(site_id=TOGETHER)
    return (SyncLog.objects.count(), PerformanceMetrics.objects.count(), hourly.count(), TokenFamily.objects.count())


def test_what_is_old_goes_everywhere(rows: None) -> None:
    report = clean_up()
    assert report.rolled_up == len(AGES)
    assert count() == (2, 2, 2, 2)
    # Each hour stands for the organization and for all together.
    expected = {"sync_logs": 2, "measurements": 2, "rolled_up_measurements": 4, "log_ins": 2}
    assert {name: report.deleted[name] for name in expected} == expected
    assert report.total == 10
    assert clean_up().total == 0


def test_the_number_of_days_may_be_given_or_set(rows: None, settings: Any) -> None:
    clean_up(days=300)
    assert count() == (3, 3, 3, 3)
    settings.SB_SYNC = {"LOG_RETENTION_DAYS": 30}
    clean_up()
    assert count() == (1, 1, 1, 1)


@pytest.mark.parametrize("rolled_up", ["none", "some", "all"])
def test_a_dry_run_tells_the_same_and_changes_nothing(acme: Organization, rows: None, rolled_up: str) -> None:
    if rolled_up != "none":
        roll_up()
    if rolled_up == "some":
        # One in an hour that has a row already, one in an hour of its own, one that is young.
        for days in (400, 200, 2):
            then = timezone.now() - timedelta(days=days)
            PerformanceMetrics.objects.create(site_id=acme.pk, operation_type="pull", processing_time=1, timestamp=then)
    before = count()
    told = clean_up(dry_run=True)
    assert count() == before
    done = clean_up()
    assert told.deleted == done.deleted
    assert told.rolled_up == done.rolled_up == {"none": 4, "some": 3, "all": 0}[rolled_up]
    assert done.deleted["measurements"] == (4 if rolled_up == "some" else 2)
    assert done.deleted["rolled_up_measurements"] == (6 if rolled_up == "some" else 4)


def test_a_measurement_that_is_not_counted_yet_stays(rows: None) -> None:
    before = timezone.now() - timedelta(days=90)
    assert forget_metrics(before=before) == 0
    roll_up()
    assert forget_metrics(before=before) == 2


def test_measurements_may_be_forgotten_alone(rows: None) -> None:
    report = clean_up_measurements()
    assert (report.rolled_up, report.deleted) == (4, {"measurements": 2, "rolled_up_measurements": 4})
    assert count() == (4, 2, 2, 4)
    assert read_totals().total.operations == len(AGES)


def test_the_sums_since_ever_stay(rows: None) -> None:
    clean_up(days=1)
    assert read_totals().total.operations == len(AGES)


def test_it_says_how_far_it_is(rows: None, monkeypatch: Any) -> None:
    monkeypatch.setattr("sb_sync.maintenance.retention.CHUNK", 1)
    told: Dict[str, List[int]] = {}
    clean_up(progress=lambda done, what: told.setdefault(what, []).append(done))
    assert told["sync logs deleted"] == [1, 2, 2]
    assert told["measurements rolled up"] == [len(AGES)]


@pytest.mark.parametrize("days", [0, -5, 36_501])
def test_no_days_would_be_everything_and_are_refused(rows: None, days: int) -> None:
    before = count()
    for dry_run in (True, False):
        with pytest.raises(Refused, match="at least 1 and at most 36,500"):
            clean_up(days=days, dry_run=dry_run)
    assert count() == before
