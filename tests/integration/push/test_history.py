"""Histories of the project's own models name the user of a push and its request, however the rows were written."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

import pytest
from django.db.models import signals

from sb_sync.access import resolve_scope
from sb_sync.protocol import RequestInfo
from sb_sync.push import run
from tests.integration.push.world import World
from tests.testapp.models import Chapter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["set by set", "row by row"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the model be written one way and the other: a receiver of the project's makes the difference."""

    def listen(**kwargs: Any) -> None:
        return None

    if request.param == "row by row":
        signals.pre_save.connect(listen, sender=Chapter)
    yield str(request.param)
    signals.pre_save.disconnect(listen, sender=Chapter)


def push(world: World, request_id: str, **record: Any) -> Dict[str, Any]:
    body = {"data": [{"_model": "testapp.Chapter", **record}]}
    answer = run(resolve_scope(world.user, None), body, request=RequestInfo(request_id))
    found: Dict[str, Any] = answer.body["results"][0]
    return found


def told() -> List[Tuple[str, str, Any, str]]:
    names = ("history_type", "title", "history_user", "history_change_reason")
    return list(Chapter.history.order_by("history_id").values_list(*names))


def test_every_entry_names_the_user_and_the_request(world: World, way: str) -> None:
    made = push(world, "r1", title="One")
    assert push(world, "r2", id=made["id"], title="One")["status"] == "unchanged"
    push(world, "r3", id=made["id"], title="Two")
    push(world, "r4", id=made["id"], _deleted=True)
    user = world.user.pk
    assert told() == [
        ("+", "One", user, "sb_sync push r1"),
        ("~", "Two", user, "sb_sync push r3"),
        ("-", "Two", user, "sb_sync push r4"),
    ]


def test_the_longest_name_of_a_request_has_room(world: World, way: str) -> None:
    push(world, "x" * 64, title="One")
    assert told()[0][3] == "sb_sync push " + "x" * 64


def test_nothing_is_named_outside_of_a_push(world: World, way: str) -> None:
    push(world, "r1", title="One")
    Chapter.objects.create(organization=world.acme, title="By hand")
    assert told()[-1] == ("+", "By hand", None, None)
