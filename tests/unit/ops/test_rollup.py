"""Measurements are rolled up once each, whatever happens at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any, List

import pytest
from django.contrib.sites.models import Site
from django.db import DatabaseError, connection, connections, transaction

from sb_sync.models import MetricRollup, PerformanceMetrics
from sb_sync.models.rollups import EVER, TOGETHER
from sb_sync.ops import rollup
from sb_sync.ops.rollup import roll_up
from sb_sync.optimizations.histogram import bucket_of
from sb_sync.testing.factories import make_organization

NOON = datetime(2026, 1, 5, 12, 20, tzinfo=timezone.utc)


def measure(site_id: Any = None, seconds: float = 0.5, when: datetime = NOON, **more: Any) -> PerformanceMetrics:
    values = {"operation_type": "push", "model_name": "a.B", "batch_size": 10, "query_count": 3, "memory_usage": 0.5}
    return PerformanceMetrics(site_id=site_id, processing_time=seconds, timestamp=when, **{**values, **more})


def counted(site_id: int, **chosen: Any) -> int:
    return sum(MetricRollup.objects.filter(site_id=site_id, **chosen).values_list("operations", flat=True))


@pytest.mark.django_db
class TestOne:
    def test_a_measurement_counts_in_its_hour_for_its_organization_and_for_all(self) -> None:
        acme = make_organization("acme")
        PerformanceMetrics.objects.bulk_create([measure(acme.pk), measure(acme.pk), measure(acme.pk, 8.0)])
        assert roll_up() == 3
        rows = MetricRollup.objects.filter(site_id=acme.pk).order_by("bucket")
        assert [(row.hour, row.bucket, row.operations, row.seconds) for row in rows] == [
            (NOON.replace(minute=0), -4, 2, 1.0),
            (NOON.replace(minute=0), 12, 1, 8.0),
        ]
        first = rows[0]
        assert (first.operation_type, first.model_name) == ("push", "a.B")
        assert (first.records, first.queries, first.memory) == (20, 6, 1.0)
        together = MetricRollup.objects.filter(site_id=TOGETHER)
        assert Counter(together.values_list("hour", "operations")) == {
            (hour, operations): 1 for hour in (NOON.replace(minute=0), EVER) for operations in (1, 2)
        }

    def test_what_was_counted_is_not_counted_again(self) -> None:
        PerformanceMetrics.objects.bulk_create([measure(), measure()])
        assert (roll_up(), roll_up()) == (2, 0)
        PerformanceMetrics.objects.bulk_create([measure()])
        assert roll_up() == 1
        assert counted(TOGETHER, hour=EVER) == counted(TOGETHER, hour__gt=EVER) == 3
        assert MetricRollup.objects.count() == 2

    def test_kinds_hours_and_organizations_are_kept_apart(self) -> None:
        one, two = make_organization("one"), make_organization("two")
        PerformanceMetrics.objects.bulk_create(
            [
                measure(one.pk),
                measure(two.pk),
                measure(one.pk, operation_type="pull"),
                measure(one.pk, model_name=""),
                measure(one.pk, when=NOON + timedelta(hours=1)),
            ]
        )
        roll_up()
        assert (counted(one.pk), counted(two.pk), counted(TOGETHER, hour=EVER)) == (4, 1, 5)
        assert MetricRollup.objects.filter(site_id=one.pk).count() == 4

    def test_the_figures_of_an_organization_go_with_it(self) -> None:
        acme = make_organization("acme")
        PerformanceMetrics.objects.bulk_create([measure(acme.pk)])
        roll_up()
        late = measure(acme.pk)
        late.save()
        Site.objects.filter(pk=acme.pk).delete()
        assert roll_up() == 1
        assert not MetricRollup.objects.filter(site_id=acme.pk).exists()
        assert counted(TOGETHER, hour=EVER) == 2

    def test_it_says_how_far_it_is(self) -> None:
        PerformanceMetrics.objects.bulk_create([measure() for _ in range(7)])
        told: List[int] = []
        assert roll_up(chunk=3, progress=told.append) == 7
        assert told == [3, 6, 7]

    def test_times_without_a_zone_are_counted_in_their_hour(self, settings: Any) -> None:
        settings.USE_TZ = False
        settings.TIME_ZONE = "UTC"
        measure(when=NOON.replace(tzinfo=None)).save()
        roll_up()
        hours = set(MetricRollup.objects.values_list("hour", flat=True))
        assert hours == {NOON.replace(minute=0, tzinfo=None), EVER.replace(tzinfo=None)}


@pytest.mark.django_db(transaction=True)
class TestSeveral:
    def test_what_fails_in_the_middle_counts_nothing(self, monkeypatch: Any) -> None:
        PerformanceMetrics.objects.bulk_create([measure() for _ in range(4)])

        def fail(*args: Any, **kwargs: Any) -> Any:
            raise DatabaseError

        with monkeypatch.context() as patched:
            patched.setattr(rollup, "split", fail)
            with pytest.raises(DatabaseError):
                roll_up()
        assert not MetricRollup.objects.exists()
        assert (roll_up(), counted(TOGETHER, hour=EVER)) == (4, 4)

    def test_several_at_once_count_each_measurement_once(self) -> None:
        """Writers go on meanwhile, as they do."""
        acme = make_organization("acme")
        faults: List[BaseException] = []

        def run(work: Any) -> None:
            try:
                work()
            except BaseException as error:
                faults.append(error)
            finally:
                connections.close_all()

        def write() -> None:
            for number in range(40):
                measure(acme.pk, 0.001 * (number + 1)).save()

        workers = [write, write, *[lambda: roll_up(chunk=7)] * 4]
        threads = [threading.Thread(target=run, args=(work,)) for work in workers]
        PerformanceMetrics.objects.bulk_create([measure(acme.pk, 0.01 * number) for number in range(200)])
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        roll_up()
        assert faults == []
        assert counted(acme.pk) == counted(TOGETHER, hour=EVER) == counted(TOGETHER, hour__gt=EVER) == 280
        times = PerformanceMetrics.objects.values_list("processing_time", flat=True)
        stored = dict(MetricRollup.objects.filter(site_id=acme.pk).values_list("bucket", "operations"))
        assert stored == Counter(map(bucket_of, times))

    @pytest.mark.only_on("postgresql", "mariadb", reason="one writer at a time has no late commits")
    def test_a_measurement_that_commits_late_is_counted(self) -> None:
        written, may_commit = threading.Event(), threading.Event()

        def write_late() -> None:
            try:
                with transaction.atomic():
                    measure(seconds=4.0).save()
                    written.set()
                    assert may_commit.wait(30)
            finally:
                written.set()
                connection.close()

        thread = threading.Thread(target=write_late)
        thread.start()
        assert written.wait(30)
        # A higher number that is there before the lower one.
        measure(seconds=0.5).save()
        assert roll_up() == 1
        may_commit.set()
        thread.join()
        assert roll_up() == 1
        assert counted(TOGETHER, hour=EVER) == 2
