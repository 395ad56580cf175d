"""A day's report tells what the log of that day holds, and of no other."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.utils import timezone as django_timezone

from sb_sync.maintenance import Refused, report_day
from sb_sync.models import Organization, SyncConflict, SyncLog
from sb_sync.testing.factories import make_member, make_organization

pytestmark = pytest.mark.django_db

DAY = date(2026, 1, 5)
NOON = datetime(2026, 1, 5, 12, tzinfo=timezone.utc)


def log(user: Any, place: Organization, status: str = "SUCCESS", when: datetime = NOON, **more: Any) -> None:
    values = {"operation": "PUSH", "object_count": 10, "processing_time": 0.5, **more}
    SyncLog.objects.create(user=user, site_id=place.pk, status=status, timestamp=when, **values)


def test_a_day_is_told_by_operation_organization_and_error() -> None:
    north, south = make_organization("north"), make_organization("south")
    ann, ben = make_member(north), make_member(south)
    log(ann, north)
    log(ann, north, processing_time=1.5)
    log(ann, north, "ERROR", error_message="invalid: 1", object_count=0)
    log(ben, south, "WARNING", error_message="invalid: 1", operation="PULL")
    for when in (NOON - timedelta(hours=13), NOON + timedelta(hours=12)):
        log(ben, south, when=when)
    names = {"site_id": north.pk, "model_name": "a.B", "policy": "reject", "client": {}, "fields": []}
    SyncConflict.objects.create(status="unsettled", created_at=NOON, **names)
    SyncConflict.objects.create(status="client_wins", created_at=NOON - timedelta(days=9), **names)
    report = report_day(DAY)
    assert (report.requests, report.records, report.users) == (4, 30, 2)
    assert (report.conflicts, report.unsettled_conflicts) == (1, 1)
    told = [(each.operation, each.status, each.requests, each.average, each.longest) for each in report.operations]
    assert told == [
        ("PULL", "WARNING", 1, 0.5, 0.5),
        ("PUSH", "ERROR", 1, 0.5, 0.5),
        ("PUSH", "SUCCESS", 2, 1.0, 1.5),
    ]
    assert [(each.slug, each.requests, each.failed) for each in report.organizations] == [
        ("north", 3, 1),
        ("south", 1, 1),
    ]
    assert report.errors == (("invalid: 1", 2),)
    assert json.loads(json.dumps(report.as_object()))["day"] == "2026-01-05"


def test_an_empty_day_is_told_too() -> None:
    report = report_day(DAY)
    assert (report.requests, report.records, report.operations, report.errors) == (0, 0, (), ())


def test_a_day_is_one_of_the_project_s_time_zone(settings: Any) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    django_timezone.get_default_timezone.cache_clear()
    acme = make_organization("acme")
    log(None, acme, when=datetime(2026, 1, 4, 12, tzinfo=timezone.utc))
    try:
        assert (report_day(DAY).requests, report_day(DAY - timedelta(days=1)).requests) == (1, 0)
    finally:
        django_timezone.get_default_timezone.cache_clear()


def test_yesterday_is_what_is_reported_by_default() -> None:
    acme = make_organization("acme")
    log(None, acme, when=django_timezone.now() - timedelta(days=1))
    assert report_day().requests == 1
    assert report_day().day == (django_timezone.now() - timedelta(days=1)).date()


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_day_at_the_edge_of_the_calendar_is_refused(settings: Any, day: date, zone: str) -> None:
    settings.TIME_ZONE = zone
    if day == date.min and zone.startswith("America"):
        assert report_day(day).requests == 0
        return
    with pytest.raises(Refused, match=f"no report of {day.isoformat()}"):
        report_day(day)
