"""Checkpoints must be written for an answer to leave; journals should be."""

from __future__ import annotations

from typing import Any, Iterator, List

import pytest
from django.db import connection

from sb_sync.events import pull_finished
from sb_sync.models import Checkpoint, DataFilter, SyncLog, UserSyncMetadata
from tests.integration.feed.concurrent.sessions import sessions
from tests.integration.pull.puller import Puller, make_puller
from tests.testapp.models import Customer


@pytest.fixture
def puller() -> Puller:
    """Return a puller whose organization has a customer."""
    acme, puller = make_puller()
    Customer.objects.create(organization=acme, name="John")
    return puller


@pytest.fixture
def _no_journal() -> Iterator[None]:
    """Take the journal's table away."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sb_sync_synclog RENAME TO away")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE away RENAME TO sb_sync_synclog")


@pytest.mark.usefixtures("_no_journal")
def test_a_journal_that_cannot_be_written_costs_no_answer(puller: Puller) -> None:
    (answer,) = puller.pull(["testapp.Customer"])
    assert [record["name"] for record in answer["data"]] == ["John"]
    Customer.objects.update(age=5)
    (answer,) = puller.pull()
    assert [record["age"] for record in answer["data"]] == [5]
    assert not answer["metadata"]["testapp.Customer"].get("reset")
    puller.check()


@pytest.mark.usefixtures("_no_journal")
def test_a_pull_that_is_not_remembered_gives_no_time_to_go_on_from(puller: Puller) -> None:
    (answer,) = puller.pull(["testapp.Customer"])
    assert answer["metadata"]["testapp.Customer"]["last_sync"] is None
    assert answer["metadata"]["testapp.Customer"]["cursor"]


def test_an_observer_that_fails_costs_neither_answer_nor_journal(puller: Puller) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("observer")

    pull_finished.connect(fail)
    try:
        puller.pull(["testapp.Customer"])
    finally:
        pull_finished.disconnect(fail)
    assert SyncLog.objects.filter(operation="PULL", object_count=1).count() == 1


def test_without_its_checkpoint_no_answer_leaves(puller: Puller) -> None:
    puller.pull(["testapp.Region"])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sb_sync_checkpoint RENAME TO away")
    try:
        with pytest.raises(Exception, match="sb_sync_checkpoint"):
            puller.ask({"models": ["testapp.Customer"]})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO sb_sync_checkpoint")
    assert not UserSyncMetadata.objects.filter(model_name="testapp.Customer").exists()


@pytest.mark.only_on("postgresql", reason="the others have no such choice")
def test_only_an_answer_without_news_is_written_down_without_waiting_for_the_disk(puller: Puller) -> None:
    waits: List[bool] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "sb_sync_synclog" in sql:
            assert not connection.in_atomic_block
            waits.append("'synchronous_commit', 'off'" not in sql)
        return execute(sql, params, many, context)

    def change() -> None:
        Customer.objects.update(age=7)

    def reset() -> None:
        Checkpoint.objects.all().delete()

    def leave() -> None:
        DataFilter.objects.create(
            site_id=puller.scope().site_id,
            group_id=puller.scope().group_id,
            model_name="testapp.Customer",
            filter_name="none",
            filter_condition={"field": "name", "operator": "exact", "value": "nobody"},
        )

    with connection.execute_wrapper(note):
        puller.pull(["testapp.Customer"])
        for happens in (None, change, None, reset, None, leave, None):
            if happens is not None:
                happens()
            puller.step()
    assert waits == [True, False, True, False, True, False, True, False]
    assert SyncLog.objects.filter(operation="PULL").count() == len(waits)
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


@pytest.mark.only_on("postgresql", reason="what is looked at by its names, and met by its locks")
def test_transactions_that_meet_are_tried_again(puller: Puller) -> None:
    puller.pull(["testapp.Customer"])
    Customer.objects.update(age=6)
    memory = UserSyncMetadata.objects.get(model_name="testapp.Customer")
    with sessions(2) as (other, client):
        other.begin()
        other.do(lambda: UserSyncMetadata.objects.filter(pk=memory.pk).update(total_synced=0))
        pulling = client.start(puller.pull)
        # The pull writes to the log and waits for the other one, which now waits for the log: the database refuses one.
        other.do(lambda: connection.cursor().execute("LOCK TABLE sb_sync_synclog IN SHARE MODE"))
        other.commit()
        (answer,) = pulling.result(30)
    assert [record["age"] for record in answer["data"]] == [6]
    assert SyncLog.objects.filter(operation="PULL").count() == 2
