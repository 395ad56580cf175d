"""What each policy makes of a record whose row changed since its client saw it."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync.models import ClientRecord, ModelPermission, SyncConflict, SyncLog
from tests.integration.push.declaring import declared
from tests.integration.push.story import Story, the_conflict
from tests.integration.push.world import World
from tests.testapp.models import Customer, Member, Region, Stamped, Team

POLICIES = ["reject", "client_wins", "server_wins", "merge"]


def test_reject_writes_nothing_and_shows_what_is_stored(story: Story) -> None:
    now = story.changed_elsewhere(name="Theirs")
    result = story.push(name="Mine", age=5)
    assert result["status"] == "conflict"
    assert "conflict" not in result
    assert "fields" not in result
    assert "_version" not in result
    assert (result["server"]["name"], result["server"]["age"]) == ("Theirs", 1)
    assert result["server"]["_version"] == now["_version"]
    assert story.row is not None
    assert (story.row.name, story.row.age) == ("Theirs", 1)
    kept = the_conflict()
    assert (kept.status, kept.policy, kept.is_settled, kept.settled_at) == ("unsettled", "reject", False, None)
    assert kept.client == {"id": story.key, "name": "Mine", "age": 5}
    assert kept.server == result["server"]
    assert (kept.user, kept.site_id, kept.model_name) == (story.world.user, story.world.acme.pk, "testapp.Customer")
    assert (kept.object_key, kept.base, kept.fields) == (story.key, None, [])
    assert (kept.client_version, kept.server_version) == (story.version, now["_version"])


def test_client_wins_overwrites_and_keeps_what_was_overwritten(story: Story) -> None:
    story.changed_elsewhere(name="Theirs" * 10, age=7)
    with declared(Customer, conflict="client_wins"):
        result = story.push(name="Mine")
    assert (result["status"], result["conflict"]) == ("updated", "client_wins")
    assert "server" not in result
    assert story.row is not None
    assert (story.row.name, story.row.age) == ("Mine", 7)
    kept = the_conflict()
    assert (kept.status, kept.server["name"]) == ("client_wins", "Theirs" * 10)
    assert kept.settled_at == kept.created_at


def test_a_row_that_is_not_what_was_sent_is_shown(world: World) -> None:
    made = world.one(model="testapp.Stamped", _client_id="s", title="A")
    world.one(model="testapp.Stamped", _client_id="s", title="B")
    with declared(Stamped, conflict="client_wins"):
        result = world.one(model="testapp.Stamped", _client_id="s", title="C", slug="mine", _version=made["_version"])
    assert (result["status"], result["conflict"]) == ("updated", "client_wins")
    # Its own save() writes the slug.
    assert (result["server"]["title"], result["server"]["slug"]) == ("C", "c")


def test_server_wins_keeps_the_row_and_what_the_client_wanted(story: Story) -> None:
    now = story.changed_elsewhere(name="Theirs")
    with declared(Customer, conflict="server_wins"):
        answer = story.world.push(
            {"_model": "testapp.Customer", "id": story.key, "name": "Mine", "_version": story.version}
        )
    result = answer.body["results"][0]
    assert (result["status"], result["conflict"]) == ("unchanged", "server_wins")
    assert (result["server"]["name"], result["_version"]) == ("Theirs", now["_version"])
    assert (answer.body["status"], answer.body["success_count"], answer.body["conflict_count"]) == ("success", 1, 0)
    assert story.row is not None
    assert story.row.name == "Theirs"
    assert the_conflict().client["name"] == "Mine"


def test_merge_joins_what_each_side_changed_alone(story: Story) -> None:
    story.changed_elsewhere(name="Theirs", tags=["a", "b"])
    mine = {**story.began, "age": 5}
    with declared(Customer, conflict="merge"):
        result = story.push(**mine, _base=story.began)
    assert (result["status"], result["conflict"]) == ("updated", "merged")
    assert {name: result["server"][name] for name in story.began} == {
        "name": "Theirs", "age": 5, "email": "", "tags": ["a", "b"],
    }  # fmt: skip
    assert result["server"]["_version"] == result["_version"]
    kept = the_conflict()
    assert (kept.status, kept.base, kept.server["age"]) == ("merged", story.began, 1)


def test_merge_refuses_what_both_changed_and_names_it(story: Story) -> None:
    story.changed_elsewhere(name="Theirs", age=9, tags=["b", "a"])
    with declared(Customer, conflict="merge"):
        result = story.push(name="Mine", age=5, email="m@x.yz", tags=["c", "a"], _base=story.began)
    assert (result["status"], result["fields"]) == ("conflict", ["name", "age", "tags"])
    assert result["server"]["name"] == "Theirs"
    assert story.row is not None
    assert story.row.email == ""
    kept = the_conflict()
    assert (kept.status, kept.fields) == ("unsettled", ["name", "age", "tags"])


def test_the_same_change_on_both_sides_is_no_conflict(story: Story) -> None:
    story.changed_elsewhere(name="Both", age=9, tags=["b", "a"])
    with declared(Customer, conflict="merge"):
        result = story.push(name="Both", email="m@x.yz", age=1, tags=["a", "b"], _base=story.began)
    assert (result["status"], result["conflict"]) == ("updated", "merged")
    assert story.row is not None
    assert (story.row.email, story.row.age) == ("m@x.yz", 9)


def test_a_merge_in_which_the_client_changed_nothing_changes_nothing(story: Story) -> None:
    now = story.changed_elsewhere(name="Theirs")
    with declared(Customer, conflict="merge"):
        result = story.push(**story.began, _base=story.began)
    assert (result["status"], result["conflict"], result["_version"]) == ("unchanged", "merged", now["_version"])
    assert result["server"]["name"] == "Theirs"


def test_a_merge_without_a_base_rejects(story: Story) -> None:
    story.changed_elsewhere(name="Theirs")
    with declared(Customer, conflict="merge"):
        result = story.push(age=5)
        assert result["status"] == "conflict"
        assert "fields" not in result
        # Of a field that the base leaves out nobody knows whether the server changed it.
        assert story.push(age=5, _base={"name": "Old"})["fields"] == ["age"]


def test_a_value_that_nobody_changed_need_not_pass_any_more(story: Story) -> None:
    """The client sends the department as it knew it; meanwhile it was corrected."""
    Customer.objects.filter(pk=story.key).update(department="GONE")
    version = story.world.one(model="testapp.Customer", id=story.key)["_version"]
    story.changed_elsewhere(department="SALES")
    with declared(Customer, conflict="merge"):
        result = story.push(age=3, department="GONE", _base={"age": 1, "department": "GONE"}, _version=version)
    assert (result["status"], result["conflict"], result["server"]["department"]) == ("updated", "merged", "SALES")


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ([], "invalid"),
        ("x", "invalid"),
        ({"colour": 1}, "unknown_field"),
        ({"_secret": 1}, "unknown_field"),
        ({"age": "many"}, "invalid"),
        ({"age": {}}, "invalid"),
        ({"tags": "a"}, "invalid"),
        ({"tags": [None]}, "invalid"),
        ({"region": {"x": 1}}, "invalid"),
        ({"name": "\x00"}, "invalid"),
    ],
)
def test_a_base_that_makes_no_sense_is_refused_and_nothing_else(story: Story, base: Any, code: str) -> None:
    story.changed_elsewhere(name="Theirs")
    good = {"_model": "testapp.Region", "name": "R"}
    bad = {"_model": "testapp.Customer", "id": story.key, "age": 4, "_version": story.version, "_base": base}
    for policy in ("merge", "client_wins"):
        with declared(Customer, conflict=policy):
            results = story.world.results(bad, good)
        assert (results[0]["status"], results[0].get("code"), list(results[0]["errors"])) == ("error", code, ["_base"])
        assert results[1]["status"] == "created"
    assert not SyncConflict.objects.exists()


def test_a_whole_pulled_record_serves_as_base(story: Story) -> None:
    current = story.push(name="Old", _version="x")
    assert current["status"] == "unchanged"
    story.changed_elsewhere(age=9)
    shown = story.push(name="Mine")["server"]
    with declared(Customer, conflict="merge"):
        result = story.push(name="Mine", _base={**shown, "_client_id": "c", "updated_at": "odd"})
    assert (result["status"], result["conflict"]) == ("updated", "merged")


def test_a_reference_may_merge_while_its_row_is_made(story: Story) -> None:
    story.changed_elsewhere(name="Theirs")
    with declared(Customer, conflict="merge"):
        results = story.world.results(
            {"_model": "testapp.Customer", "id": story.key, "region": {"_client_id": "r"}, "name": "Old",
             "_version": story.version, "_base": {"region": None, "name": "Old"}},
            {"_model": "testapp.Region", "_client_id": "r", "name": "R"},
        )  # fmt: skip
    assert [result["status"] for result in results] == ["updated", "created"]
    assert story.row is not None
    assert (story.row.name, story.row.region_id) == ("Theirs", Region.objects.get().pk)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_record_that_needs_two_turns_is_judged_once(world: World, policy: str) -> None:
    """A team and its lead refer to each other: one of them is written in two turns."""
    made = world.results(
        {"_model": "testapp.Team", "_client_id": "t", "name": "T"},
        {"_model": "testapp.Member", "_client_id": "m", "name": "M", "team": {"_client_id": "t"}},
    )
    world.one(model="testapp.Team", _client_id="t", name="Theirs")
    with declared(Team, conflict=policy):
        results = world.results(
            {"_model": "testapp.Team", "_client_id": "t", "name": "T", "lead": {"_client_id": "n"},
             "_version": made[0]["_version"], "_base": {"name": "T", "lead": None}},
            {"_model": "testapp.Member", "_client_id": "n", "name": "N", "team": {"_client_id": "t"}},
        )  # fmt: skip
    team = Team.objects.get()
    newcomer = Member.objects.get(name="N")
    expected: Dict[str, Any] = {
        "reject": ("conflict", None, "Theirs", None),
        "client_wins": ("updated", "client_wins", "T", newcomer),
        "server_wins": ("unchanged", "server_wins", "Theirs", None),
        "merge": ("updated", "merged", "Theirs", newcomer),
    }
    result = results[0]
    assert (result["status"], result.get("conflict"), team.name, team.lead) == expected[policy]
    assert results[1]["status"] == "created"
    assert SyncConflict.objects.count() == 1


class TestDeletions:
    @pytest.mark.parametrize("policy", POLICIES)
    def test_a_deletion_of_a_row_that_changed(self, story: Story, policy: str) -> None:
        now = story.changed_elsewhere(name="Theirs")
        with declared(Customer, conflict=policy):
            result = story.push(_deleted=True)
        kept = the_conflict()
        assert kept.client == {"id": story.key, "_deleted": True}
        assert kept.server["name"] == "Theirs"
        if policy == "client_wins":
            assert (result["status"], result["conflict"]) == ("deleted", "client_wins")
            assert "server" not in result
            assert story.row is None
            return
        assert story.row is not None
        assert result["server"]["name"] == "Theirs"
        if policy == "server_wins":
            assert (result["status"], result["conflict"]) == ("unchanged", "server_wins")
            assert result["_version"] == now["_version"]
        else:
            assert result["status"] == "conflict"
            assert kept.status == "unsettled"

    @pytest.mark.parametrize("policy", POLICIES)
    def test_an_update_of_a_row_that_is_gone_is_never_settled(self, story: Story, policy: str) -> None:
        Customer.objects.all().delete()
        with declared(Customer, conflict=policy):
            result = story.push(name="Mine", _base=story.began)
        assert (result["status"], result["server"], result["id"]) == ("conflict", None, story.key)
        assert story.row is None
        kept = the_conflict()
        assert (kept.status, kept.policy, kept.server, kept.client["name"]) == ("unsettled", policy, None, "Mine")

    def test_a_row_that_never_existed_and_one_of_another_organization_look_the_same(self, story: Story) -> None:
        foreign = Customer.objects.create(organization=story.world.rival, name="F")
        with declared(Customer, conflict="client_wins"):
            answers = [
                story.world.one(model="testapp.Customer", id=key, name="Mine", _version=story.version)
                for key in (str(uuid.uuid4()), str(foreign.pk))
            ]
        for answer in answers:
            del answer["id"]
        assert answers[0] == answers[1]
        assert (answers[0]["status"], answers[0]["server"]) == ("conflict", None)
        assert all(kept.server is None for kept in SyncConflict.objects.all())
        foreign.refresh_from_db()
        assert foreign.name == "F"

    def test_a_row_that_was_made_again_is_another(self, story: Story) -> None:
        Customer.objects.all().delete()
        story.world.one(model="testapp.Customer", id=story.key, name="Again")
        result = story.push(name="Mine")
        assert (result["status"], result["server"]["name"]) == ("conflict", "Again")

    def test_a_name_whose_row_is_gone_stays_taken(self, world: World) -> None:
        made = world.one(model="testapp.Region", _client_id="r", name="R")
        Region.objects.all().delete()
        again = world.one(model="testapp.Region", _client_id="r", name="R")
        assert (again["status"], again["server"], again["id"]) == ("conflict", None, made["id"])
        assert the_conflict().client == {"id": made["id"], "_client_id": "r", "name": "R"}
        assert ClientRecord.objects.count() == 1


def test_equal_values_are_unchanged_under_every_policy(story: Story) -> None:
    story.changed_elsewhere(name="Theirs", tags=["b", "a"])
    for policy in POLICIES:
        with declared(Customer, conflict=policy):
            result = story.push(name="Theirs", tags=["a", "b"], age="1", region_id=None)
        assert result["status"] == "unchanged"
        assert "conflict" not in result
    assert not SyncConflict.objects.exists()


def test_a_refused_record_is_no_conflict(story: Story) -> None:
    story.changed_elsewhere(name="Theirs")
    with declared(Customer, conflict="client_wins"):
        assert story.push(name="")["code"] == "invalid"
    assert not SyncConflict.objects.exists()


def test_only_the_unsettled_count(story: Story) -> None:
    story.changed_elsewhere(name="Theirs")
    record = {"_model": "testapp.Customer", "id": story.key, "name": "Mine", "_version": story.version}
    body = story.world.push(record).body
    assert (body["status"], body["success_count"], body["error_count"], body["conflict_count"]) == ("error", 0, 0, 1)
    body = story.world.push(record, {"_model": "testapp.Region", "name": "R"}).body
    assert (body["status"], body["conflict_count"]) == ("partial", 1)
    with declared(Customer, conflict="client_wins"):
        body = story.world.push(record).body
    assert (body["status"], body["success_count"], body["conflict_count"]) == ("success", 1, 0)


def test_who_may_not_pull_is_shown_nothing(story: Story) -> None:
    ModelPermission.objects.filter(group__name="Clerks", model_name="testapp.Customer").update(can_pull=False)
    story.changed_elsewhere(name="Theirs")
    for policy in POLICIES:
        with declared(Customer, conflict=policy):
            result = story.push(user=story.world.clerk, name="Mine", _base={"name": "Older"})
        assert result.get("server") is None, policy
    with declared(Customer, conflict="client_wins", exclude=["age"]):
        story.changed_elsewhere(name="Other")
        assert "age" not in story.push(name="Third", _version="x").get("server", {})


def test_an_undone_push_keeps_its_rejected_conflicts(story: Story) -> None:
    story.changed_elsewhere(name="Theirs")
    other = {"_model": "testapp.Region", "name": "R"}
    mine = {"_model": "testapp.Customer", "id": story.key, "name": "Mine", "_version": story.version}
    answer = story.world.push(other, mine, atomic=True)
    assert (answer.status, answer.body["conflict_count"]) == (400, 1)
    assert not Region.objects.exists()
    assert the_conflict().client["name"] == "Mine"
    SyncConflict.objects.all().delete()
    with declared(Customer, conflict="client_wins"):
        # Nothing was overwritten in the end.
        assert story.world.push(mine, {"_model": "testapp.Region"}, atomic=True).status == 400
        assert not SyncConflict.objects.exists()
        assert story.world.push(mine, other, atomic=True).status == 200
    assert the_conflict().status == "client_wins"


def test_the_journal_tells_of_conflicts(story: Story) -> None:
    story.changed_elsewhere(name="Theirs")
    story.push(name="Mine")
    rejected = SyncLog.objects.order_by("-pk")[0]
    assert (rejected.status, rejected.error_message) == ("WARNING", "conflict: 1")
    with declared(Customer, conflict="client_wins"):
        story.push(name="Mine")
    settled = SyncLog.objects.order_by("-pk")[0]
    assert (settled.status, settled.error_message, settled.object_count) == ("WARNING", "client_wins: 1", 1)
    assert settled.request_id == SyncConflict.objects.order_by("-pk")[0].request_id


@pytest.mark.parametrize("odd", ["\x00", "\ud800", 10**400, 1e300, {"deep": [None, True]}])
def test_whatever_was_sent_is_kept(story: Story, odd: Any) -> None:
    story.changed_elsewhere(name="Theirs")
    assert story.push(name=odd)["status"] == "conflict"
    assert the_conflict().client["name"] == odd


def test_one_statement_keeps_many_conflicts(world: World) -> None:
    records: List[Any] = [
        {"_model": "testapp.Region", "_client_id": str(number), "name": "R", "_version": "x"} for number in range(300)
    ]
    world.results(*[{key: value for key, value in record.items() if key != "_version"} for record in records])
    with CaptureQueriesContext(connection) as queries:
        results = world.results(*[{**record, "name": "S"} for record in records])
    assert {result["status"] for result in results} == {"conflict"}
    assert SyncConflict.objects.count() == 300
    inserts = [query for query in queries.captured_queries if "sb_sync_syncconflict" in query["sql"]]
    # An embedded database takes few values at once, and its statements go over no network.
    assert len(inserts) == 1 or connection.features.max_query_params is not None
