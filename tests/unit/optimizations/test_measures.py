"""Queries, memory, caches and fields: counted and kept."""

from __future__ import annotations

import threading
from typing import Any, Iterator

import pytest
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.db import connection

from sb_sync.cache_counts import CacheCount, all_counts, count_cache
from sb_sync.models import SyncLog
from sb_sync.optimizations import CacheOptimizer, MemoryOptimizer, ModelMetadataCache, QueryOptimizer
from sb_sync.optimizations.memory import find_memory_limit
from sb_sync.testing.factories import make_member, make_organization
from tests.testapp.models import Region


@pytest.fixture
def _clean_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class TestQueries:
    @pytest.mark.django_db
    def test_they_are_counted_also_without_debug(self, settings: Any) -> None:
        settings.DEBUG = False

        @QueryOptimizer.count_queries
        def look(times: int) -> int:
            """Look several times."""
            return sum(Region.objects.count() for _ in range(times))

        assert look.query_count == 0  # type: ignore[attr-defined]  # left there by the decorator
        assert (look(3), look.query_count) == (0, 3)  # type: ignore[attr-defined]
        assert (look(1), look.query_count) == (0, 1)  # type: ignore[attr-defined]
        assert (look.__name__, look.__doc__) == ("look", "Look several times.")
        assert connection.queries == []

    @pytest.mark.django_db
    def test_they_are_counted_where_the_function_fails(self) -> None:
        @QueryOptimizer.count_queries
        def fail() -> None:
            Region.objects.count()
            raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert fail.query_count == 1  # type: ignore[attr-defined]

    @pytest.mark.django_db
    def test_a_users_log_is_that_of_one_organization(self, django_assert_num_queries: Any) -> None:
        north, south = make_organization("north"), make_organization("south")
        ann, ben = make_member(north, username="ann"), make_member(north, username="ben")
        for user, place in ((ann, north), (ann, south), (ben, north), (ann, north)):
            SyncLog.objects.create(user=user, site_id=place.pk, operation="PUSH", status="SUCCESS", request_data={})
        for named in (north, Site.objects.get(pk=north.pk), north.pk, "north"):
            with django_assert_num_queries(1):
                found = [(log.user, log.site.domain) for log in QueryOptimizer.get_optimized_sync_logs(ann, named)]
            assert found == [(ann, "north")] * 2
        keys = [log.pk for log in QueryOptimizer.get_optimized_sync_logs(ann)]
        assert (len(keys), keys) == (3, sorted(keys, reverse=True))
        assert not QueryOptimizer.get_optimized_sync_logs(ben, "nowhere").exists()


class TestMemory:
    def test_what_is_held_is_seen(self) -> None:
        before = MemoryOptimizer.get_memory_usage()
        held = bytearray(b"x" * (64 * 1024 * 1024))
        after = MemoryOptimizer.get_memory_usage()
        assert len(held) > 0
        assert 48 < after - before < 200

    def test_a_function_tells_what_it_took(self) -> None:
        kept = []

        @MemoryOptimizer.monitor_memory
        def take() -> None:
            kept.append(bytearray(b"x" * (64 * 1024 * 1024)))

        take()
        assert 48 < take.memory_used < 200  # type: ignore[attr-defined]

    def test_there_is_a_limit_above_what_is_held(self) -> None:
        limit = find_memory_limit()
        assert limit is not None
        assert limit > MemoryOptimizer.get_memory_usage()


@pytest.mark.usefixtures("_clean_cache")
class TestCache:
    @pytest.mark.parametrize("value", [None, 0, "", [], {"a": 1}])
    def test_a_value_is_found_once(self, value: Any) -> None:
        calls = []

        def find() -> Any:
            calls.append(1)
            return value

        before = count_cache("data").numbers
        assert [CacheOptimizer.get_or_set_cache("answer", find) for _ in range(3)] == [value] * 3
        assert len(calls) == 1
        hits, misses = count_cache("data").numbers
        assert (hits - before[0], misses - before[1]) == (2, 1)

    def test_data_is_given_again(self) -> None:
        CacheOptimizer.cache_model_data("rows", [1])
        CacheOptimizer.cache_model_data("rows", [2], timeout=10)
        assert CacheOptimizer.get_or_set_cache("rows", list) == [2]
        CacheOptimizer.cache_model_data("rows", [3], timeout=0)
        assert CacheOptimizer.get_or_set_cache("rows", list) == []

    @pytest.mark.parametrize("key", ["with blanks and ümlauts", "x" * 1000, "\ud83d", ""])
    def test_every_key_is_taken(self, key: str, recwarn: Any) -> None:
        CacheOptimizer.cache_model_data(key, 1)
        assert CacheOptimizer.get_or_set_cache(key, lambda: 2) == 1
        assert CacheOptimizer.get_or_set_cache(key + "y", lambda: 2) == 2
        assert not recwarn.list


class TestFields:
    def test_they_are_told_by_name(self) -> None:
        ModelMetadataCache.clear()
        fields = ModelMetadataCache.get_model_fields("testapp.customer")
        assert fields is ModelMetadataCache.get_model_fields("testapp.Customer")
        assert (fields["id"].primary_key, fields["id"].type) == (True, "UUIDField")
        assert (fields["region"].attname, fields["region"].related_model) == ("region_id", "testapp.Region")
        assert (fields["tags"].type, fields["name"].max_length, fields["age"].null) == ("ManyToManyField", 100, True)

    @pytest.mark.parametrize("label", ["nowhere.Model", "testapp.Nothing", "Customer", "", "a.b.c"])
    def test_a_model_that_there_is_not_is_refused(self, label: str) -> None:
        with pytest.raises(LookupError):
            ModelMetadataCache.get_model_fields(label)

    def test_nobody_changes_them(self) -> None:
        with pytest.raises(TypeError):
            ModelMetadataCache.get_model_fields("testapp.Tag")["slug"] = None  # type: ignore[index]


def test_no_look_up_is_lost_among_threads() -> None:
    counted = CacheCount()

    def add() -> None:
        for number in range(5000):
            counted.add(hit=bool(number % 5))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted.numbers == (16_000, 4_000)


def test_every_cache_has_a_name() -> None:
    assert {"data", "model fields"} <= set(all_counts())
