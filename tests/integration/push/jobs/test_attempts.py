"""What workers make of a background push, and what stops them."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.models.signals import pre_save
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from sb_sync.models import ModelPermission, Organization, SyncConflict, SyncJob, SyncJobChunk, SyncLog, UserSite
from sb_sync.push import jobs
from sb_sync.push.jobs import attempts as trying
from tests.integration.push.declaring import declared
from tests.integration.push.jobs.queue import Queue, regions
from tests.integration.push.world import World
from tests.testapp.models import Customer, Order, Region, Team, Visit


@pytest.fixture
def listener() -> Any:
    """Call functions when a region is saved, which makes regions go one by one."""
    calls: List[Any] = []

    def call(sender: Any, instance: Any, **kwargs: Any) -> None:
        for each in calls:
            each(instance)

    pre_save.connect(call, sender=Region)
    yield calls
    pre_save.disconnect(call, sender=Region)


@pytest.mark.usefixtures("small_chunks")
class TestChunks:
    def test_references_to_later_records_hold_across_chunks(self, queue: Queue) -> None:
        visits = [
            {"_model": "testapp.Visit", "_client_id": f"v{number}", "previous": {"_client_id": f"v{number + 1}"}}
            for number in range(10)
        ]
        told = queue.do(*visits, {"_model": "testapp.Visit", "_client_id": "v10", "customer": {"_client_id": "c"}},
                        {"_model": "testapp.Customer", "_client_id": "c", "name": "C"})  # fmt: skip
        assert told["result"]["status"] == "success"
        assert [result["index"] for result in told["result"]["results"]] == list(range(12))
        assert Visit.objects.filter(previous__isnull=True).count() == 1

    def test_records_that_need_each_other_stay_in_one_chunk(self, queue: Queue) -> None:
        team = {"_model": "testapp.Team", "_client_id": "t", "name": "T", "lead": {"_client_id": "m"}}
        member = {"_model": "testapp.Member", "_client_id": "m", "name": "M", "team": {"_client_id": "t"}}
        told = queue.do(team, *regions(7), member)
        assert told["result"]["status"] == "success"
        assert Team.objects.get().lead is not None

    def test_the_first_of_two_that_want_a_unique_value_has_it_also_where_it_waits(self, queue: Queue) -> None:
        told = queue.do(
            {"_model": "testapp.Customer", "name": "A", "email": "a@x.yz", "region": {"_client_id": "r"}},
            {"_model": "testapp.Customer", "name": "B", "email": "a@x.yz"},
            *regions(5),
            {"_model": "testapp.Region", "_client_id": "r", "name": "R"},
        )
        results = told["result"]["results"]
        assert [result.get("code") for result in results] == [None, "duplicate", *[None] * 6]
        assert Customer.objects.get().name == "A"

    def test_a_unique_value_that_a_deletion_frees_is_free_also_where_that_waits(self, queue: Queue) -> None:
        queue.do(
            {"_model": "testapp.Customer", "_client_id": "a", "name": "A", "email": "a@x.yz"},
            {"_model": "testapp.Order", "_client_id": "o", "customer": {"_client_id": "a"}, "number": "1"},
        )
        told = queue.do(
            {"_model": "testapp.Customer", "_client_id": "a", "_deleted": True},
            {"_model": "testapp.Customer", "name": "B", "email": "a@x.yz"},
            *regions(5),
            {"_model": "testapp.Order", "_client_id": "o", "_deleted": True},
        )
        assert told["result"]["status"] == "success"
        assert [result["status"] for result in told["result"]["results"]] == ["deleted", *["created"] * 6, "deleted"]
        assert Customer.objects.get().name == "B"

    def test_who_refers_to_a_refused_record_is_refused(self, queue: Queue) -> None:
        told = queue.do(
            {"_model": "testapp.Order", "customer": {"_client_id": "c"}, "number": "1"},
            *regions(5),
            {"_model": "testapp.Customer", "_client_id": "c", "name": ""},
        )
        first, *others, last = told["result"]["results"]
        assert (first["code"], last["code"]) == ("not_found", "invalid")
        assert {each["status"] for each in others} == {"created"}
        assert told["result"]["status"] == "partial"
        assert not Order.objects.exists()

    def test_records_of_one_row_apply_in_their_order(self, queue: Queue) -> None:
        row = {"_model": "testapp.Customer", "id": "5a0c34a2-7b0e-4b6f-9f0e-3f7a4f0d9a11"}
        told = queue.do(*[{**row, "name": f"N{number}"} for number in range(8)])
        assert [result["status"] for result in told["result"]["results"]] == ["created", *["updated"] * 7]
        assert Customer.objects.get().name == "N7"

    def test_counts_and_statuses_are_those_of_all_chunks(self, queue: Queue) -> None:
        told = queue.do(*regions(4), {"_model": "no.Such"}, {"_model": "testapp.Region", "name": "x" * 50}, None)
        result = told["result"]
        assert (result["success_count"], result["error_count"], result["conflict_count"]) == (4, 3, 0)
        assert result["processed_models"] == {
            "testapp.Region": {"created": 4, "updated": 0, "deleted": 0, "unchanged": 0}
        }
        assert [each["status"] for each in result["results"]] == [*["created"] * 4, *["error"] * 3]

    def test_where_all_is_refused_for_lack_of_rights_the_answer_says_so(self, queue: Queue) -> None:
        job = queue.accept(*regions(7))
        ModelPermission.objects.all().delete()
        jobs.work(job)
        told = queue.tell(job)
        assert (told["status"], told["result"]["code"]) == ("done", "permission_denied")
        assert told["result"]["status"] == "error"

    def test_after_push_gets_the_places_of_the_whole_push(self, queue: Queue) -> None:
        places: List[int] = []

        def after_push(self: Any, results: List[Dict[str, Any]], scope: Any) -> None:
            places.extend(result["index"] for result in results)

        with declared(Region, after_push=after_push):
            queue.do(*regions(8))
        assert sorted(places) == list(range(8))

    def test_conflicts_are_kept_and_shown(self, queue: Queue) -> None:
        region = Region.objects.create(site_id=queue.world.acme.pk, name="theirs")
        told = queue.do(*regions(4), {"_model": "testapp.Region", "id": region.pk, "_version": "x.y", "name": "mine"})
        assert told["result"]["conflict_count"] == 1
        assert told["result"]["results"][-1]["server"]["name"] == "theirs"
        assert SyncConflict.objects.get().client["name"] == "mine"

    def test_progress_only_grows_and_is_whole_only_at_the_end(self, queue: Queue, listener: List[Any]) -> None:
        seen: List[int] = []
        job = queue.accept(*regions(30))
        listener.append(lambda instance: seen.append(SyncJob.objects.get().progress))
        assert queue.tell(job)["progress"] == 0
        jobs.work(job)
        assert seen == sorted(seen)
        assert len(set(seen)) == 10
        assert seen[-1] < 100
        assert queue.tell(job)["progress"] == 100

    def test_nothing_of_what_was_sent_is_left_while_it_is_worked_on(self, queue: Queue, listener: List[Any]) -> None:
        job = queue.accept(*regions(9))

        def look(instance: Any) -> None:
            if instance.name == "R8":
                chunks = SyncJobChunk.objects.order_by("number")
                assert [chunk.records is None for chunk in chunks] == [True, True, False]
                assert SyncJob.objects.get().body is None

        listener.append(look)
        jobs.work(job)
        assert queue.tell(job)["result"]["success_count"] == 9
        assert not SyncJobChunk.objects.exists()

    def test_a_job_that_takes_long_lets_others_have_a_turn(self, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(trying, "TURN", 0)
        job = queue.accept(*regions(7))
        attempts = [jobs.work(job)]
        while attempts[-1] is not jobs.Attempt.ENDED:
            assert attempts[-1] is jobs.Attempt.UNFINISHED
            assert SyncJob.objects.get().state == "queued"
            attempts.append(jobs.work(job))
        assert len(attempts) == 5
        assert queue.tell(job)["result"]["success_count"] == Region.objects.count() == 7

    def test_each_chunk_has_the_rights_of_its_moment(self, queue: Queue, listener: List[Any]) -> None:
        job = queue.accept(*regions(9), user=queue.world.clerk)

        def withdraw(instance: Any) -> None:
            if instance.name == "R3":
                ModelPermission.objects.filter(group__name="Clerks").update(can_push=False)

        listener.append(withdraw)
        jobs.work(job)
        told = queue.tell(job, queue.world.clerk)
        codes = [result.get("code") for result in told["result"]["results"]]
        assert codes == [*[None] * 6, *["permission_denied"] * 3]


class TestAtomic:
    def test_all_or_nothing_and_the_answer_is_the_push_s(self, queue: Queue) -> None:
        told = queue.do(*regions(2500), {"_model": "testapp.Region", "name": ""}, atomic=True)
        plain = queue.world.push(*regions(2), {"_model": "testapp.Region", "name": ""}, atomic=True)
        assert (told["status"], told["progress"]) == ("done", 100)
        assert told["result"]["status"] == plain.body["status"] == "error"
        assert [result["index"] for result in told["result"]["results"]] == [2500]
        assert not Region.objects.exists()
        assert queue.do(*regions(2500), atomic=True)["result"]["success_count"] == Region.objects.count() == 2500

    def test_it_is_done_in_the_very_transaction_of_its_rows(
        self, queue: Queue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What happens between the last statement and the commit undoes both."""
        job = queue.accept(*regions(3), atomic=True)
        rolled: List[bool] = []
        wrapper: Any = type(connections[DEFAULT_DB_ALIAS])
        commit = wrapper._commit

        def fail(self: Any) -> None:
            # Seen within the transaction: the job is done, and so are its rows.
            if not rolled and Region.objects.exists():
                rolled.append(SyncJob.objects.get().state == "done")
                raise OperationalError("the server went away")
            commit(self)

        monkeypatch.setattr(wrapper, "_commit", fail)
        assert jobs.work(job) is jobs.Attempt.FAILED
        assert rolled == [True]
        assert not Region.objects.exists()
        assert SyncJob.objects.get().state == "queued"
        assert jobs.work(job) is jobs.Attempt.ENDED
        assert Region.objects.count() == 3


class TestEndedUsers:
    @pytest.mark.parametrize("atomic", [False, True])
    @pytest.mark.parametrize("ended", ["user", "membership", "organization"])
    def test_who_was_put_out_gets_nothing_done(self, queue: Queue, ended: str, atomic: bool) -> None:
        job = queue.accept(*regions(5), atomic=atomic)
        if ended == "user":
            get_user_model().objects.filter(pk=queue.world.user.pk).update(is_active=False)
        elif ended == "membership":
            UserSite.objects.filter(user=queue.world.user).delete()
        else:
            Organization.objects.filter(pk=queue.world.acme.pk).update(is_active=False)
        assert jobs.work(job) is jobs.Attempt.ENDED
        row = SyncJob.objects.get()
        assert (row.state, row.code, row.answer, row.body) == ("failed", "organization_denied", None, None)
        assert row.finished_at is not None
        assert not Region.objects.exists()

    @pytest.mark.usefixtures("small_chunks")
    def test_who_is_put_out_in_between_keeps_what_was_done(self, queue: Queue, listener: List[Any]) -> None:
        job = queue.accept(*regions(9))
        membership = UserSite.objects.filter(user=queue.world.user)

        def put_out(instance: Any) -> None:
            if instance.name == "R5":
                membership.update(is_active=False)

        listener.append(put_out)
        jobs.work(job)
        membership.update(is_active=True)
        told = queue.tell(job)
        assert (told["status"], told["code"], told["progress"]) == ("failed", "organization_denied", 66)
        assert (told["result"]["status"], told["result"]["unprocessed_count"]) == ("partial", 3)
        assert [result["index"] for result in told["result"]["results"]] == list(range(6))
        assert Region.objects.count() == 6

    def test_a_user_who_is_deleted_takes_the_job_along(self, queue: Queue) -> None:
        job = queue.accept(*regions(5))
        queue.world.user.delete()
        assert jobs.work(job) is jobs.Attempt.IDLE
        assert not SyncJob.objects.exists()


@pytest.mark.usefixtures("small_chunks")
class TestFailures:
    def test_what_fails_is_tried_again_later_and_goes_on_where_it_was(self, queue: Queue, listener: List[Any]) -> None:
        job = queue.accept(*regions(9))
        failures: List[str] = []

        def fail(instance: Any) -> None:
            if instance.name == "R4" and not failures:
                failures.append(instance.name)
                raise OperationalError("the server went away")

        listener.append(fail)
        assert jobs.work(job) is jobs.Attempt.FAILED
        row = SyncJob.objects.get()
        assert (row.state, row.done_count, row.worker) == ("queued", 3, "")
        assert row.due_at is not None
        assert row.due_at > row.started_at  # type: ignore[operator]
        assert jobs.find_due() == []
        assert Region.objects.count() == 3
        queue.let_lease_run_out()
        assert jobs.find_due() == [job]
        assert jobs.work(job) is jobs.Attempt.ENDED
        assert sorted(Region.objects.values_list("name", flat=True)) == sorted(f"R{number}" for number in range(9))

    def test_waits_between_attempts_grow_and_in_the_end_it_is_given_up(self, queue: Queue, listener: List[Any]) -> None:
        job = queue.accept(*regions(9))

        def fail(instance: Any) -> None:
            if instance.name == "R4":
                raise OperationalError("secret of the inside")

        listener.append(fail)
        waits: List[float] = []
        attempts = [jobs.work(job)]
        while attempts[-1] is jobs.Attempt.FAILED:
            row = SyncJob.objects.get()
            waits.append(round((row.due_at - row.started_at).total_seconds(), 1))  # type: ignore[operator]
            SyncJob.objects.update(started_at=None)
            attempts.append(jobs.work(job))
        assert waits == sorted(waits)
        assert waits[-1] > 2 * waits[0]
        # The first one did something.
        assert len(waits) == 1 + trying.MAX_ATTEMPTS
        told = queue.tell(job)
        assert (told["status"], told["code"], told["progress"]) == ("failed", "internal", 33)
        assert (told["result"]["success_count"], told["result"]["unprocessed_count"]) == (3, 6)
        assert "secret" not in str(told)
        assert Region.objects.count() == 3

    def test_records_of_a_model_on_which_working_fails_are_internal_and_the_others_stand(self, queue: Queue) -> None:
        def get_queryset(self: Any, queryset: Any, scope: Any) -> Any:
            raise ValueError

        order = {"_model": "testapp.Team", "_client_id": "t", "name": "T"}
        with declared(Region, get_queryset=get_queryset):
            told = queue.do(*regions(4), order)
        assert [result.get("code") for result in told["result"]["results"]] == [*["internal"] * 4, None]

    def test_who_ends_the_process_gives_the_job_back_at_once(self, queue: Queue, listener: List[Any]) -> None:
        job = queue.accept(*regions(9))

        def stop(instance: Any) -> None:
            if instance.name == "R4":
                listener.clear()
                raise KeyboardInterrupt

        listener.append(stop)
        with pytest.raises(KeyboardInterrupt):
            jobs.work(job)
        assert SyncJob.objects.get().state == "queued"
        assert jobs.find_due() == [job]
        assert jobs.work(job) is jobs.Attempt.ENDED
        assert Region.objects.count() == 9


def test_sentences_are_in_the_language_of_the_request(queue: Queue, world: World) -> None:
    with translation.override("de"):
        job = queue.accept({"_model": "testapp.Region", "name": ""})
        plain = world.push({"_model": "testapp.Region", "name": ""}).body["results"]
    jobs.work(job)
    assert queue.tell(job)["result"]["results"] == plain
    assert translation.get_language() == "en-us"


def test_a_job_leaves_an_entry_in_the_journal_for_each_chunk(queue: Queue, small_chunks: int) -> None:
    queue.do(*regions(7))
    assert sorted(SyncLog.objects.values_list("object_count", flat=True)) == [1, 3, 3]
    assert len(set(SyncLog.objects.values_list("request_id", flat=True))) == 1


def test_one_chunk_costs_few_statements_more_than_a_push(queue: Queue) -> None:
    def make(first: int) -> List[Dict[str, Any]]:
        return [{"_model": "testapp.Customer", "name": f"C{number}"} for number in range(first, first + 300)]

    queue.world.push(*make(0))
    with CaptureQueriesContext(connections[DEFAULT_DB_ALIAS]) as plain:
        queue.world.push(*make(300))
    job = queue.accept(*make(600))
    with CaptureQueriesContext(connections[DEFAULT_DB_ALIAS]) as queries:
        jobs.work(job)
    assert Customer.objects.count() == 900
    assert len(queries) <= len(plain) + 30


def test_the_entry_of_a_chunk_names_refused_records_by_their_place_in_the_whole(
    queue: Queue, small_chunks: int
) -> None:
    queue.do(*regions(4), {"_model": "testapp.Region", "name": ""}, {"_model": "testapp.Nothing"})
    failures = [failure for entry in SyncLog.objects.order_by("pk") for failure in entry.outcome["failures"]]
    assert [(each["index"], each["model"], each["code"]) for each in failures] == [
        (4, "testapp.Region", "invalid"),
        (5, "testapp.Nothing", "unknown_model"),
    ]
    assert failures[0]["errors"]["name"]
