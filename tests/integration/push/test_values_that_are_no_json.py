"""The project's own code gives values that are no JSON: one record fails, the others and the conflict table do not."""

from __future__ import annotations

import uuid
from typing import Any, Dict

import pytest

from sb_sync.models import SyncConflict
from tests.integration.push.declaring import declared
from tests.integration.push.world import World
from tests.testapp.models import Customer


@pytest.fixture
def stale(world: World) -> Dict[str, Any]:
    """Return a record of a row that changed since."""
    key = str(uuid.uuid4())
    made = world.one(model="testapp.Customer", id=key, name="Old")
    Customer.objects.update(name="Theirs")
    return {"_model": "testapp.Customer", "id": key, "name": "Mine", "_version": made["_version"]}


def test_before_a_push(world: World, stale: Dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    def before_push(self: Any, record: Dict[str, Any], scope: Any) -> None:
        if record["name"] == "Mine":
            record["name"] = {"a set"}

    with declared(Customer, before_push=before_push):
        failed, made = world.results(stale, {"_model": "testapp.Customer", "name": "New"})
    assert (failed["code"], made["status"]) == ("internal", "created")
    assert "before_push gave a testapp.Customer that is no JSON" in caplog.text


@pytest.mark.parametrize("answer", [{"name": {"a set"}}, {("a", "pair"): 1}])
def test_of_a_conflict(world: World, stale: Dict[str, Any], answer: Any) -> None:
    with declared(Customer, resolve_conflict=lambda self, conflict: answer):
        failed, made = world.results(stale, {"_model": "testapp.Customer", "name": "New"})
    assert (failed["code"], made["status"]) == ("internal", "created")
    assert not SyncConflict.objects.exists()
    assert Customer.objects.get(pk=stale["id"]).name == "Theirs"


def test_a_name_that_is_no_text_is_an_unknown_field(world: World, stale: Dict[str, Any]) -> None:
    with declared(Customer, resolve_conflict=lambda self, conflict: {1: 2}):
        assert world.results(stale)[0]["code"] == "unknown_field"
