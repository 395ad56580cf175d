"""An organization at work, as the staff pages show it: the same at every run but for its times."""

from __future__ import annotations

import math
import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Dict, Iterator, List, Sequence

from django.contrib.auth.models import Group
from django.utils import timezone

from sb_sync.models import DataFilter, Organization, PerformanceMetrics, SyncConflict, SyncJob, SyncLog

__all__ = ["World", "fill", "make_world"]

HOURS = 14 * 24
REFUSED = "2 of 40 records were refused."
OLD_PHONE, NEW_PHONE, OTHER_PHONE = "+49 40 123456", "+49 40 654321", "+49 40 987654"


@dataclass(frozen=True)
class World:
    """What pages are about: an organization, a member with a group there, and two labels of its models."""

    organization: Organization
    member: Any
    group: Group
    label: str
    other_label: str

    @property
    def filter_key(self) -> str:
        """Return the key of the group's row filter."""
        return str(self._newest(DataFilter.objects.filter(group=self.group)).pk)

    @property
    def failed_entry(self) -> SyncLog:
        """Return the newest entry of the log with refused records."""
        return self._newest(SyncLog.objects.exclude(error_message="").order_by("-timestamp"))

    @property
    def open_conflict(self) -> SyncConflict:
        """Return the newest conflict that waits for staff."""
        return self._newest(SyncConflict.objects.filter(status="unsettled").order_by("-created_at"))

    def find_job(self, state: str) -> SyncJob:
        """Return the newest job in a state."""
        return self._newest(SyncJob.objects.filter(state=state).order_by("-created_at"))

    def _newest(self, rows: Any) -> Any:
        found = rows.filter(site=self.organization.pk).first()
        assert found is not None
        return found


def make_world(organization: Organization, member: Any, group: Group, labels: Sequence[str]) -> World:
    """Return what pages are about, with a row filter of the group."""
    DataFilter.objects.create(
        site_id=organization.pk, group=group, model_name=labels[0], filter_name="Customers with a name",
        filter_condition={"field": "name", "operator": "ne", "value": "unknown"},
    )  # fmt: skip
    return World(organization, member, group, labels[0], labels[1])


def fill(world: World) -> None:
    """Write two weeks of measurements, two days of the log, conflicts and jobs."""
    now, chance = timezone.now(), random.Random(7)
    PerformanceMetrics.objects.bulk_create(_measure(world, now, chance))
    SyncLog.objects.bulk_create(_log(world, now, chance))
    SyncConflict.objects.bulk_create(_conflict(world, now, number) for number in range(3))
    SyncJob.objects.bulk_create(_list_jobs(world, now))


def _measure(world: World, now: datetime, chance: random.Random) -> Iterator[PerformanceMetrics]:
    """Yield measurements of two weeks: busy days, quiet nights."""
    for hour in range(HOURS):
        moment = now - timedelta(hours=hour, minutes=1)
        busy = 1 + math.cos((moment.hour - 13) / 24 * 2 * math.pi)
        for number in range(round(4 * busy)):
            is_push = number % 3 == 0
            records = chance.randint(5, 60) if is_push else chance.randint(40, 400)
            yield PerformanceMetrics(
                operation_type="push" if is_push else "pull",
                site_id=world.organization.pk,
                model_name=(world.label, world.other_label, "")[number % 3 if number % 5 else 2],
                batch_size=records,
                processing_time=0.02 + records * 0.0004 * chance.uniform(0.6, 2.4),
                memory_usage=chance.uniform(0, 1.5),
                query_count=chance.randint(8, 24) if is_push else chance.randint(4, 9),
                timestamp=moment,
            )


def _log(world: World, now: datetime, chance: random.Random) -> Iterator[SyncLog]:
    """Yield entries of two days, some of them with refused records."""
    for number in range(130):
        is_push, fails, warns = number % 3 == 0, number % 29 == 6, number % 12 == 3
        label = (world.label, world.other_label)[number % 2]
        counts: Dict[str, int] = {"updated": 31, "created": 7, "failed": 2 * warns} if is_push else {"pulled": 180}
        yield SyncLog(
            site_id=world.organization.pk,
            user=world.member,
            operation="PUSH" if is_push else "PULL",
            status="ERROR" if fails else "WARNING" if warns else "SUCCESS",
            model_name=label,
            object_count=sum(counts.values()),
            error_message="The request is no JSON document." if fails else REFUSED if warns else "",
            request_data={"data": [{"_model": label, "name": "Harbour Café"}]}
            if is_push
            else {"models": {label: None}},
            outcome={"models": {label: counts}, "failures": _list_failures(label) if warns else []},
            request_id=str(uuid.UUID(int=number + 1)),
            timestamp=now - timedelta(minutes=number * 22 + chance.randint(2, 15)),
            processing_time=chance.uniform(0.01, 0.4),
        )


def _list_failures(label: str) -> List[Dict[str, Any]]:
    return [
        {"index": 3, "model": label, "id": "17", "code": "invalid", "errors": {"email": ["Enter a valid address."]}},
        {"index": 9, "model": label, "client_id": "c-9", "code": "duplicate", "errors": {"name": ["It exists."]}},
    ]


def _conflict(world: World, now: datetime, number: int) -> SyncConflict:
    base = {"id": str(number), "name": "Harbour Café", "phone": OLD_PHONE, "note": ""}
    is_settled = number == 2
    return SyncConflict(
        user=world.member,
        site_id=world.organization.pk,
        model_name=world.label,
        object_key=str(number),
        policy="server_wins" if is_settled else "merge",
        status="server_wins" if is_settled else "unsettled",
        base=base,
        client={**base, "phone": NEW_PHONE, "note": "Closed on Mondays"},
        server={**base, "phone": OTHER_PHONE},
        fields=["phone"],
        created_at=now - timedelta(minutes=20 + 70 * number),
        settled_at=now - timedelta(minutes=20) if is_settled else None,
    )


def _list_jobs(world: World, now: datetime) -> Iterator[SyncJob]:
    """Yield a job in each state."""
    done = {"queued": 0, "running": 6200, "done": 10000, "failed": 0, "cancelled": 3000}
    for number, (state, count) in enumerate(done.items()):
        created = now - timedelta(minutes=3 + 45 * number)
        has_ended = state in ("done", "failed", "cancelled")
        yield SyncJob(
            user=world.member,
            site_id=world.organization.pk,
            state=state,
            record_count=10000,
            done_count=count,
            code="invalid_body" if state == "failed" else "",
            detail="The body is no list of records." if state == "failed" else "",
            answer=_answer(world) if state == "done" else None,
            created_at=created,
            started_at=None if state == "queued" else created + timedelta(seconds=2),
            finished_at=created + timedelta(seconds=41) if has_ended else None,
            due_at=None if has_ended else now + timedelta(minutes=5),
            seconds=39.0 if has_ended else 0.0,
        )


def _answer(world: World) -> Dict[str, Any]:
    """Return what a push of ten thousand records was answered; two of them were refused."""
    refused = [
        {"index": index, "status": "error", "_model": world.label, "code": "invalid", "errors": {"name": [text]}}
        for index, text in ((17, "This field cannot be blank."), (4711, "Ensure this value has at most 80 characters."))
    ]
    return {
        "success_count": 9998,
        "error_count": 2,
        "conflict_count": 0,
        "processed_models": {
            world.label: {"created": 6200, "updated": 1700, "failed": 2},
            world.other_label: {"created": 1900, "unchanged": 198},
        },
        "results": refused,
    }
