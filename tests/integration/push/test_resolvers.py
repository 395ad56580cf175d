"""The project's own code settles conflicts."""

from __future__ import annotations

import uuid
from typing import Any, List

import pytest

from sb_sync import RecordError
from sb_sync.models import SyncConflict
from tests.integration.push.declaring import declared
from tests.integration.push.story import Story, the_conflict
from tests.testapp.models import Customer, Tag


def test_the_projects_own_code_decides(story: Story) -> None:
    seen: List[Any] = []

    def resolve(self: Any, conflict: Any) -> Any:
        seen.append(conflict)
        return {**conflict.server, "name": conflict.client["name"] + "+" + conflict.server["name"]}

    story.changed_elsewhere(name="Theirs", age=9)
    with declared(Customer, resolve_conflict=resolve, conflict="reject"):
        result = story.push(name="Mine", region=None, _base={"name": "Old"})
    assert (result["status"], result["conflict"]) == ("updated", "resolved")
    assert result["server"]["name"] == "Mine+Theirs"
    assert seen[0].client == {"id": story.key, "name": "Mine", "region_id": None}
    assert (seen[0].server["age"], seen[0].base) == (9, {"name": "Old"})
    assert seen[0].scope.site_id == story.world.acme.pk
    kept = the_conflict()
    assert (kept.status, kept.policy, kept.server["name"]) == ("resolved", "resolve_conflict", "Theirs")


def test_none_rejects(story: Story) -> None:
    story.changed_elsewhere(name="Theirs")
    with declared(Customer, resolve_conflict=lambda self, conflict: None):
        assert story.push(name="Mine")["status"] == "conflict"
    assert the_conflict().status == "unsettled"


def test_it_may_delete_where_the_user_may(story: Story) -> None:
    now = story.changed_elsewhere(name="Theirs")
    assert now
    with declared(Customer, resolve_conflict=lambda self, conflict: {"_deleted": True}):
        assert story.push(name="Mine", user=story.world.clerk)["code"] == "permission_denied"
        assert story.row is not None
        result = story.push(name="Mine")
    assert (result["status"], result["conflict"]) == ("deleted", "resolved")
    assert story.row is None


def test_it_may_keep_what_the_client_deletes(story: Story) -> None:
    story.changed_elsewhere(name="Theirs")
    with declared(Customer, resolve_conflict=lambda self, conflict: {"name": "Kept"}):
        result = story.push(_deleted=True)
    assert (result["status"], result["conflict"], result["server"]["name"]) == ("updated", "resolved", "Kept")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"age": "many"}, "invalid"),
        ({"name": "x" * 101}, "invalid"),
        ({"colour": 1}, "unknown_field"),
        ({"region_id": 10**6}, "not_found"),
        ({"organization": 10**6}, "permission_denied"),
        ({"id": str(uuid.uuid4())}, "invalid"),
        ({"id": "none"}, "invalid"),
        (["name"], "internal"),
        ("name", "internal"),
    ],
)
def test_its_answer_is_checked_like_any_record(story: Story, answer: Any, code: str) -> None:
    story.changed_elsewhere(name="Theirs")
    with declared(Customer, resolve_conflict=lambda self, conflict: answer):
        results = story.world.results(
            {"_model": "testapp.Customer", "id": story.key, "name": "Mine", "_version": story.version},
            {"_model": "testapp.Region", "name": "R"},
        )
    assert (results[0]["status"], results[0]["code"], results[1]["status"]) == ("error", code, "created")
    assert story.row is not None
    assert story.row.name == "Theirs"
    assert not SyncConflict.objects.exists()


def test_what_it_raises_refuses_its_record_alone(story: Story, caplog: Any) -> None:
    def fail(self: Any, conflict: Any) -> Any:
        Tag.objects.create(slug="left", organization_id=conflict.scope.site_id)
        # On PostgreSQL nothing more can be asked before a rollback.
        Tag.objects.create(slug="left", organization_id=conflict.scope.site_id)

    def refuse(self: Any, conflict: Any) -> Any:
        raise RecordError("too_late", "It is too late.", "name")

    story.changed_elsewhere(name="Theirs")
    record = {"_model": "testapp.Customer", "id": story.key, "name": "Mine", "_version": story.version}
    with declared(Customer, resolve_conflict=refuse):
        result = story.world.results(record)[0]
    assert (result["code"], result["errors"]) == ("too_late", {"name": ["It is too late."]})
    with declared(Customer, resolve_conflict=fail):
        results = story.world.results(record, {"_model": "testapp.Region", "name": "R"})
    assert [results[0]["code"], results[1]["status"]] == ["internal", "created"]
    assert "IntegrityError" in caplog.text
    assert not Tag.objects.filter(slug="left").exists()


def test_it_cannot_change_what_is_kept_or_shown(story: Story) -> None:
    def spoil(self: Any, conflict: Any) -> Any:
        conflict.server["name"] = "spoilt"
        conflict.server["tags"].append("spoilt")
        conflict.client["name"] = "spoilt"

    story.changed_elsewhere(name="Theirs")
    with declared(Customer, resolve_conflict=spoil):
        result = story.push(name="Mine")
    assert (result["server"]["name"], result["server"]["tags"]) == ("Theirs", ["a"])
    assert the_conflict().client["name"] == "Mine"
