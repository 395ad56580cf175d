"""What happened on a day, out of the sync log."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Dict, Optional, Tuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Avg, Count, Max, QuerySet, Sum
from django.utils import timezone

from sb_sync import compat
from sb_sync.feed import to_utc
from sb_sync.maintenance.verify import feed_databases
from sb_sync.models import SyncConflict, SyncLog
from sb_sync.refusal import Refused

__all__ = ["OperationReport", "OrganizationReportLine", "SyncReport", "report_day"]

#: Organizations and errors that are named: the ones with the most.
MOST_NAMED = 20


@dataclass(frozen=True)
class OperationReport:
    """Requests of one kind that ended in one way; times in seconds."""

    operation: str
    status: str
    requests: int
    records: int
    average: float
    longest: float


@dataclass(frozen=True)
class OrganizationReportLine:
    """What one organization did; `slug` is empty for requests of organizations that are gone."""

    slug: str
    requests: int
    records: int
    failed: int


@dataclass(frozen=True)
class SyncReport:
    """One day, from midnight to midnight in the project's time zone."""

    day: date
    requests: int
    records: int
    users: int
    conflicts: int
    unsettled_conflicts: int
    operations: Tuple[OperationReport, ...]
    organizations: Tuple[OrganizationReportLine, ...]
    errors: Tuple[Tuple[str, int], ...]

    def as_object(self) -> Dict[str, Any]:
        """Return the report as JSON."""
        errors = [{"message": message, "requests": count} for message, count in self.errors]
        return {**asdict(self), "day": self.day.isoformat(), "errors": errors}


def report_day(day: Optional[date] = None) -> SyncReport:
    """Return the report of a day, by default yesterday. Raises `Refused` for one at the edge of the calendar."""
    chosen = _today() - timedelta(days=1) if day is None else day
    begin, end = _bounds(chosen)
    logs = SyncLog.objects.using(DEFAULT_DB_ALIAS).filter(timestamp__gte=begin, timestamp__lt=end).order_by()
    total = logs.aggregate(requests=Count("pk"), records=Sum("object_count"), users=Count("user", distinct=True))
    conflicts = [SyncConflict.objects.using(using).order_by() for using in feed_databases()]
    return SyncReport(
        day=chosen,
        requests=total["requests"],
        records=total["records"] or 0,
        users=total["users"],
        conflicts=sum(rows.filter(created_at__gte=begin, created_at__lt=end).count() for rows in conflicts),
        unsettled_conflicts=sum(rows.filter(status=SyncConflict.Status.UNSETTLED).count() for rows in conflicts),
        operations=_report_operations(logs),
        organizations=_report_organizations(logs),
        errors=_report_errors(logs),
    )


def _report_operations(logs: QuerySet[SyncLog]) -> Tuple[OperationReport, ...]:
    rows = logs.values_list("operation", "status").annotate(
        Count("pk"), Sum("object_count"), Avg("processing_time"), Max("processing_time")
    )
    return tuple(OperationReport(*row) for row in sorted(rows))


def _report_organizations(logs: QuerySet[SyncLog]) -> Tuple[OrganizationReportLine, ...]:
    """Return the organizations with the most requests."""
    rows = logs.values("site__domain").annotate(requests=Count("pk"), records=Sum("object_count"))
    failed = dict(_failed(logs).values_list("site__domain").annotate(Count("pk")))
    busiest: Any = rows.order_by("-requests", "site__domain")[:MOST_NAMED]
    return tuple(
        OrganizationReportLine(
            row["site__domain"] or "", row["requests"], row["records"], failed.get(row["site__domain"], 0)
        )
        for row in busiest
    )


def _report_errors(logs: QuerySet[SyncLog]) -> Tuple[Tuple[str, int], ...]:
    """Return the messages that came most often."""
    rows = _failed(logs).exclude(error_message="").values_list("error_message").annotate(count=Count("pk"))
    return tuple((message, count) for message, count in rows.order_by("-count", "error_message")[:MOST_NAMED])


def _failed(logs: QuerySet[SyncLog]) -> QuerySet[SyncLog]:
    return logs.exclude(status=SyncLog.Status.SUCCESS)


def _today() -> date:
    """Return the day that it is in the project's time zone."""
    zone = timezone.get_default_timezone()
    return to_utc(timezone.now()).astimezone(zone).date()


def _bounds(day: date) -> Tuple[datetime, datetime]:
    """Return when a day began and ended. Raises `Refused` for one at the edge of the calendar."""
    try:
        begin, end = _midnight(day), _midnight(day + timedelta(days=1))
        # As databases are asked: midnight may be another day in UTC.
        to_utc(begin), to_utc(end)
    except OverflowError as error:
        raise Refused(f"There is no report of {day.isoformat()}: the calendar ends there.") from error
    return begin, end


def _midnight(day: date) -> datetime:
    """Return the beginning of a day, as times are stored."""
    naive = datetime.combine(day, time.min)
    # Some zones have no midnight on some days.
    return compat.localize(naive) if settings.USE_TZ else naive
