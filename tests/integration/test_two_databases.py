"""Synchronised models in two databases: one push and one pull over both, and a commit that only one of them takes."""

from __future__ import annotations

import os
import re
import uuid
from typing import Any, Dict, Iterator, List, Optional

import django
import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, connections, transaction
from django.db.models import signals
from django.test.utils import CaptureQueriesContext

from sb_sync import catalog, pull
from sb_sync.access import resolve_scope
from sb_sync.errors import MalformedRequest
from sb_sync.feed import install
from sb_sync.maintenance import forget_jobs
from sb_sync.models import ClientRecord, SyncConflict, SyncJobChunk
from sb_sync.protocol import RequestInfo
from sb_sync.push import Retry, jobs, run, settle_conflict
from sb_sync.push.jobs import leases, parting
from tests.integration.push.jobs.queue import Queue
from tests.integration.push.world import World, make_world
from tests.staff import CONFIG, make_chief, make_client
from tests.testapp.models import Gauge, Region

OTHER = "other"

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", OTHER])
may_fail_at_commit = pytest.mark.only_on("sqlite", "postgresql", reason="commits of MariaDB find nothing out")


class Router:
    """Keeps gauges, with what the feed needs, in a database of their own."""

    def db_for_read(self, model: Any, **hints: Any) -> Optional[str]:
        return OTHER if model is Gauge else None

    db_for_write = db_for_read

    def allow_relation(self, *rows: Any, **hints: Any) -> bool:
        return True


@pytest.fixture(scope="module")
def other_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Make a second database of the same kind."""
    own: Dict[str, Any] = dict(django_settings.DATABASES["default"])
    name = os.path.join(os.environ["SB_SYNC_TEST_FOLDER"], "other.sqlite3")
    is_file = own["ENGINE"].endswith("sqlite3")
    own["TEST"] = {**own["TEST"], "NAME": name if is_file else f"test_sb_sync_other_{os.getpid()}"}
    connections.databases[OTHER] = own
    # Django 6.1 never serializes here, and is not to be told so.
    options = {} if django.VERSION >= (6, 1) else {"serialize": False}
    with django_db_blocker.unblock():
        connections[OTHER].creation.create_test_db(verbosity=0, autoclobber=True, **options)
        try:
            yield
        finally:
            connections[OTHER].creation.destroy_test_db(name if is_file else "postgres", verbosity=0)
            connections[OTHER].close()
            delattr(connections._connections, OTHER)
            del connections.databases[OTHER]


@pytest.fixture
def world(other_database: None, transactional_db: None, settings: Any) -> Iterator[World]:
    settings.DATABASE_ROUTERS = [Router()]
    catalog.reload()
    for using in ("default", OTHER):
        install(using)
    yield make_world()
    catalog.reload()


def both(**more: Any) -> List[Dict[str, Any]]:
    return [{"_model": "testapp.Region", "name": "R", **more}, {"_model": "testapp.Gauge", "name": "G", **more}]


def read_all(world: World, models: Any = None) -> Dict[str, Any]:
    scope = resolve_scope(world.user, None)
    body = {"models": models or {"testapp.Region": None, "testapp.Gauge": None}}
    return pull.run(scope, body, request=RequestInfo(uuid.uuid4().hex)).body


def test_a_push_writes_each_record_where_its_model_is(world: World) -> None:
    results = world.results(*both(_client_id="a"))
    assert [result["status"] for result in results] == ["created", "created"]
    assert (Region.objects.count(), Gauge.objects.using(OTHER).count()) == (1, 1)
    assert not Gauge.objects.using("default").exists()
    assert [result["status"] for result in world.results(*both(_client_id="a"))] == ["unchanged", "unchanged"]
    assert ClientRecord.objects.using(OTHER).get().user_id == world.user.pk


def test_an_atomic_push_over_both_is_refused(world: World) -> None:
    with pytest.raises(MalformedRequest):
        world.push(*both(), atomic=True)
    assert world.push(both()[1], atomic=True).status == 200
    assert not Region.objects.exists()


def test_a_conflict_stands_beside_its_row(world: World) -> None:
    (made,) = world.results(both()[1])
    stale = {"_model": "testapp.Gauge", "id": made["id"], "name": "H", "_version": "0.0"}
    assert world.results(stale)[0]["status"] == "conflict"
    assert SyncConflict.objects.using(OTHER).get().user_id == world.user.pk


def test_a_conflict_is_settled_beside_its_row(world: World) -> None:
    (made,) = world.results(both()[1])
    world.results({"_model": "testapp.Gauge", "id": made["id"], "name": "H", "_version": "0.0"})
    settle_conflict(SyncConflict.objects.using(OTHER).get(), "client", user=world.user)
    kept = SyncConflict.objects.using(OTHER).get()
    assert (kept.status, kept.settled_by_id) == ("settled", world.user.pk)
    assert Gauge.objects.using(OTHER).get().name == "H"


def test_the_staff_pages_show_and_settle_a_conflict_beside_its_row(world: World) -> None:
    (made,) = world.results(both()[1])
    world.results({"_model": "testapp.Gauge", "id": made["id"], "name": "H", "_version": "0.0"})
    conflict = SyncConflict.objects.using(OTHER).get()
    client, pages = make_client(make_chief()), f"{CONFIG}conflicts/"
    assert "There are no conflicts" in client.get(pages).content.decode()
    assert f"{pages}{conflict.pk}/?database=other" in client.get(pages, {"database": OTHER}).content.decode()
    assert client.get(pages, {"database": "third"}).status_code == 400
    assert client.get(f"{pages}{conflict.pk}/").status_code == 404
    overview = client.get(CONFIG).content.decode()
    assert re.search(r"Open conflicts</a></span>\s*<span class=\"tile-value warn\">1<", overview)
    answer = client.post(f"{pages}{conflict.pk}/?database=other", {"choice": "client"})
    assert answer["Location"] == f"{pages}{conflict.pk}/?database=other"
    assert "The conflict is settled." in client.get(answer["Location"]).content.decode()
    assert Gauge.objects.using(OTHER).get().name == "H"


def test_a_request_that_is_sent_again_is_done_once_in_both(world: World) -> None:
    scope = resolve_scope(world.user, None)
    retry = Retry(key="k", path="/push/", body_digest="d")
    answers = [run(scope, {"data": both()}, request=RequestInfo("r"), retry=retry) for _ in range(2)]
    assert [answer.is_replayed for answer in answers] == [False, True]
    assert answers[0].body == answers[1].body
    assert (Region.objects.count(), Gauge.objects.using(OTHER).count()) == (1, 1)


def test_a_pull_reads_both_and_goes_on_in_both(world: World) -> None:
    world.results(*both())
    first = read_all(world)
    assert sorted(record["_model"] for record in first["data"]) == ["testapp.Gauge", "testapp.Region"]
    cursors = {label: found["cursor"] for label, found in first["metadata"].items()}
    assert read_all(world, cursors)["data"] == []
    Gauge.objects.using(OTHER).update(name="H")
    assert [record["name"] for record in read_all(world, cursors)["data"]] == ["H"]


def test_a_pull_that_finds_nothing_writes_where_the_journals_are_and_nowhere_else(world: World) -> None:
    world.results(*both())
    cursors = {label: found["cursor"] for label, found in read_all(world)["metadata"].items()}
    with CaptureQueriesContext(connections[OTHER]) as captured:
        assert read_all(world, cursors)["data"] == []
    statements = [query["sql"] for query in captured.captured_queries]
    assert statements
    assert not [sql for sql in statements if sql.startswith(("INSERT", "UPDATE"))]


def fail_at_commit(using: str) -> None:
    """Leave what the database finds out when it commits, and not before."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS doomed (id integer PRIMARY KEY, up integer REFERENCES doomed (id)"
            " DEFERRABLE INITIALLY DEFERRED)"
        )
        cursor.execute("INSERT INTO doomed VALUES (1, 2)")


@pytest.fixture
def doomed(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[List[str]]:
    """Let the commits of these databases fail, at the very end."""
    from sb_sync.push import transactions

    places: List[str] = []
    keep_conflicts = transactions.keep_conflicts

    def conclude(state: Any, *args: Any, **kwargs: Any) -> None:
        keep_conflicts(state, *args, **kwargs)
        if state.using in places:
            fail_at_commit(state.using)

    monkeypatch.setattr(transactions, "keep_conflicts", conclude)
    yield places
    for using in ("default", OTHER):
        with connections[using].cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS doomed")


@may_fail_at_commit
def test_what_one_database_committed_is_told_where_the_other_fails(world: World, doomed: List[str]) -> None:
    doomed.append("default")
    answer = world.push(*both())
    assert (answer.status, answer.body["status"], answer.body["success_count"]) == (200, "partial", 1)
    assert [result.get("code", result["status"]) for result in answer.body["results"]] == ["internal", "created"]
    assert (Region.objects.count(), Gauge.objects.using(OTHER).count()) == (0, 1)


@may_fail_at_commit
def test_nothing_stands_where_the_first_commit_fails(world: World, doomed: List[str]) -> None:
    doomed.append(OTHER)
    with pytest.raises(IntegrityError):
        world.push(*both())
    assert (Region.objects.count(), Gauge.objects.using(OTHER).count()) == (0, 0)


def test_project_code_that_fails_after_the_commit_takes_nothing_back(world: World) -> None:
    def receiver(**kwargs: Any) -> None:
        def fail() -> None:
            raise RuntimeError("a secret")

        transaction.on_commit(fail)

    signals.post_save.connect(receiver, sender=Region)
    try:
        (result,) = world.results(both()[0])
    finally:
        signals.post_save.disconnect(receiver, sender=Region)
    assert result["status"] == "created"
    assert Region.objects.count() == 1


@pytest.mark.parametrize("atomic", [False, True])
def test_a_background_push_applies_nothing_twice_where_its_own_database_fails_after_that_of_the_rows(
    world: World, monkeypatch: pytest.MonkeyPatch, atomic: bool
) -> None:
    queue = Queue(world)
    records = [record for number in range(4) for record in both(_client_id=None, name=f"N{number}")]
    # An atomic one may have rows in one database only.
    records = [record for record in records if not atomic or record["_model"] == "testapp.Gauge"]
    job = queue.accept(*records, atomic=atomic)
    wrapper: Any = type(connections["default"])
    commit = wrapper._commit
    failures: List[int] = []

    def fail(self: Any) -> None:
        # The rows are committed, and the job is about to hear of it.
        if self.alias == "default" and not failures and Gauge.objects.using(OTHER).exists():
            failures.append(SyncJobChunk.objects.using(OTHER).filter(results__isnull=False).count())
            # As the database does when a process is gone.
            self.connection.rollback()
            raise KeyboardInterrupt
        commit(self)

    monkeypatch.setattr(wrapper, "_commit", fail)
    with pytest.raises(KeyboardInterrupt):
        jobs.work(job)
    assert failures == [1]
    assert Gauge.objects.using(OTHER).count() == 4
    queue.let_lease_run_out()
    assert jobs.work(job) is jobs.Attempt.ENDED
    told = queue.tell(job)
    assert (told["status"], told["result"]["status"]) == ("done", "success")
    assert [result["index"] for result in told["result"]["results"]] == list(range(len(records)))
    assert (Region.objects.count(), Gauge.objects.using(OTHER).count()) == (0 if atomic else 4, 4)
    assert not SyncJobChunk.objects.using(OTHER).exists()


def test_an_atomic_background_push_over_both_fails_as_a_whole(world: World) -> None:
    told = Queue(world).do(*both(), atomic=True)
    assert (told["status"], told["code"], told["result"]) == ("failed", "malformed", None)
    assert Queue(world).do(both()[1], atomic=True)["status"] == "done"
    assert Queue(world).do(both()[1], {"_model": "testapp.Gauge"}, atomic=True)["result"]["status"] == "error"
    assert not SyncJobChunk.objects.using(OTHER).exists()
    assert (Region.objects.count(), Gauge.objects.using(OTHER).count()) == (0, 1)


def test_chunks_of_users_who_are_gone_are_forgotten_in_the_other_database(world: World) -> None:
    queue = Queue(world)
    kept, lost = (queue.accept(both()[1], user=user) for user in (world.user, world.stranger))
    for job in (kept, lost):
        lease = leases.take(job)
        assert lease is not None
        parting.part(lease, lease.read())
    world.stranger.delete()
    assert SyncJobChunk.objects.using(OTHER).count() == 2
    forget_jobs(OTHER, dry_run=True)
    assert SyncJobChunk.objects.using(OTHER).count() == 2
    forget_jobs(OTHER)
    assert [chunk.job_id for chunk in SyncJobChunk.objects.using(OTHER)] == [kept]
