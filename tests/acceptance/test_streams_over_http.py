"""Streams over real HTTP: memory, transactions, and clients that are slow or go away."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any, Callable, Iterator, List, Optional

import pytest
from django.core.cache import cache
from django.db import connection, connections

from sb_sync.models import Organization, SyncLog
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import Api
from tests.servers.http import PATIENCE_SECONDS, HTTPServer, serving
from tests.testapp.models import Region, Visit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc"),
]

#: Where it counts most; on the other databases the same with fewer.
MANY = 200_000 if os.environ.get("SB_SYNC_TEST_DB") == "postgresql" else 60_000
FEW = 6_000
NOTE = "Delivered to the back door; the owner asks for a visit before noon. " * 4
MOST_MEMORY = 60.0
# Of the time that the stream takes, which is a hundred pages; a transaction is part of one, also on a busy machine.
LONGEST_TRANSACTION = 0.1
DIGITS = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))


@pytest.fixture
def organization() -> Organization:
    made = make_organization("acme")
    grant(made)
    return made


@pytest.fixture
def token(organization: Organization) -> Iterator[str]:
    make_member(organization, username="ann", password="pass")
    cache.clear()
    yield str(Api().log_in("ann")["token"])
    cache.clear()


def make_visits(organization: Organization, count: int) -> None:
    """Make rows without Django, by the same SQL for every database."""
    tens = ", ".join(f"({DIGITS}) d{number}" for number in range(6))
    number = " + ".join(f"{10**place} * d{place}.d" for place in range(6))
    table = connection.ops.quote_name(Visit._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (organization_id, note) SELECT %s, %s FROM {tens} WHERE {number} < %s",
            [organization.pk, NOTE, count],
        )


class Oldest:
    """Watches PostgreSQL from a connection of its own: the age of the oldest transaction of others."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.looks = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Oldest:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._is_over.wait(0.02):
                self.seconds = max(self.seconds, find_oldest() or 0.0)
                self.looks += 1
        finally:
            connections.close_all()


def find_oldest() -> Optional[float]:
    """Return the age of the oldest open transaction in this database, of other connections."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        (seconds,) = cursor.fetchone()
    return None if seconds is None else float(seconds)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again until it is so."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < ends_at, "it never came to be"


def test_a_large_stream_takes_little_memory_and_no_long_transaction(
    organization: Organization, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_visits(organization, MANY)
    with serving("gthread") as server:
        warm_up(server, token)
        idle = server.memory()["VmRSS"]
        began = time.monotonic()
        if connection.vendor == "postgresql":
            with Oldest() as oldest:
                count, size = read_all(server, token)
            assert oldest.looks > 20
            assert 0 < oldest.seconds < LONGEST_TRANSACTION * (time.monotonic() - began)
            watched = f", oldest transaction {oldest.seconds * 1000:.0f} ms in {oldest.looks} looks"
        else:
            count, size = read_all(server, token)
            watched = ""
        seconds = time.monotonic() - began
        grown = server.memory()["VmHWM"] - idle
    assert count == MANY
    with capsys.disabled():
        print(
            f"\nstream of {count:,} records, {size / 2**20:.0f} MiB in {seconds:.1f} s: the worker held {idle:.0f} MiB"
            f" before and {grown:.1f} MiB more at its peak{watched}"
        )
    assert grown < MOST_MEMORY


def warm_up(server: HTTPServer, token: str) -> None:
    """Let the worker load what it loads once."""
    with server.pull(token, {"models": ["testapp.Visit"], "batch_size": 1}) as answer:
        assert answer.read()


def read_all(server: HTTPServer, token: str) -> Any:
    """Read a stream as a client does that keeps nothing; return how many records and bytes came."""
    count = size = 0
    line = b""
    with server.pull(token, {"models": ["testapp.Visit"]}) as answer:
        for line in answer:
            size += len(line)
            count += line.startswith(b'{"_model"')
    end = json.loads(line)
    assert end["batch_info"] == {"batch_size": None, "total_records": count, "has_more": False}
    return count, size


@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_a_stream_comes_whole_from_every_kind_of_worker(
    organization: Organization, token: str, worker_class: str
) -> None:
    make_visits(organization, FEW)
    with serving(worker_class) as server, server.pull(token, {"models": ["testapp.Visit"]}) as answer:
        lines = [json.loads(line) for line in answer]
    assert {line["id"] for line in lines if "_model" in line} == set(Visit.objects.values_list("pk", flat=True))
    assert len([line for line in lines if "_mark" in line]) >= FEW / 2000


def test_a_client_that_stops_reading_holds_nobody_up(organization: Organization, token: str) -> None:
    make_visits(organization, 60_000)
    with serving("gthread") as server:
        with server.pull(token, {"models": ["testapp.Visit"]}, receive_buffer=4096) as answer:
            assert b"".join(answer.read(1) for _ in range(3)) == b'{"_'
            # The server has far more to send than fits into any buffer between: it waits for us.
            if connection.vendor == "postgresql":
                wait_until(lambda: all(find_oldest() is None for _ in range(20)))
            Region.objects.create(site_id=organization.pk, name="written meanwhile")
            # Another client of the same worker is served.
            with server.pull(token, {"models": ["testapp.Region"]}) as other:
                assert json.loads(other.readline())["name"] == "written meanwhile"
                other.read()
        left = SyncLog.objects.filter(error_message="closed by the client")
        wait_until(left.all().exists)
        assert 0 < left.get().object_count < 60_000
        assert left.get().status == "WARNING"


@pytest.mark.only_on("postgresql", reason="it lets its connections be counted by name")
def test_connections_are_not_left_behind(organization: Organization, token: str) -> None:
    make_visits(organization, FEW)
    with serving("gthread") as server:
        for _ in range(12):
            with server.pull(token, {"models": ["testapp.Visit"]}, receive_buffer=4096) as answer:
                answer.read(10)
        wait_until(lambda: SyncLog.objects.filter(operation="PULL").count() == 12)
        wait_until(lambda: _count_connections() <= 1)


def _count_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        counted: List[int] = list(cursor.fetchone())
    return counted[0]
