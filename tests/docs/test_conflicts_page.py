"""Go through the page on conflicts: each push meets the row that its story tells of."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest

from sb_sync import catalog
from sb_sync.models import SyncConflict
from sb_sync.registry import registered_sync, unregister
from tests.docs.pages import Snippet, read, resembles, snippets
from tests.integration.push.declaring import declared
from tests.integration.push.world import World, make_world
from tests.testapp.models import Customer

PAGE = "how-to/conflicts.md"
KEY = "5e0c3d0e-43a5-4b0a-9c1e-0b5d3a1f7c11"


@pytest.fixture
def world(transactional_db: None) -> Any:
    yield make_world()
    unregister(Customer)
    catalog.reload()


def tell(world: World) -> str:
    """Let Anna pull a customer whom a colleague then renames; return the version that she holds."""
    Customer.objects.all().delete()
    made = world.one(model="testapp.Customer", id=KEY, name="Quay Bakery")
    world.one(model="testapp.Customer", id=KEY, name="Quay Bakery Ltd")
    return str(made["_version"])


def as_tested(text: str) -> str:
    """Return a snippet with the names of the tests' project."""
    return text.replace("from crm.models", "from tests.testapp.models").replace("crm.", "testapp.")


def push(world: World, snippet: Snippet) -> str:
    version = tell(world)
    body: Dict[str, Any] = json.loads(as_tested(snippet.text))
    for record in body["data"]:
        record.update(id=KEY, _version=version)
    return json.dumps(world.send(body).body)


def test_the_page_does_what_it_says(world: World) -> None:
    answer, shown = "", 0
    for snippet in snippets(PAGE):
        if snippet.kind == "declare":
            if registered_sync(Customer) is not None:
                unregister(Customer)
            exec(as_tested(snippet.text), {})
            catalog.reload()
        elif snippet.kind == "push":
            answer = push(world, snippet)
        elif snippet.kind == "answer":
            expected = as_tested(snippet.text)
            assert resembles(expected, answer, "json"), f"the page shows\n{expected}\nand it is\n{answer}"
            shown += 1
        else:
            assert snippet.kind == "settle"
            unregister(Customer)
            catalog.reload()
            version = tell(world)
            world.one(model="testapp.Customer", id=KEY, name="Mine", _version=version)
            exec(snippet.text, {"user": world.user})
            assert SyncConflict.objects.latest("pk").status == "settled"
            assert Customer.objects.get().name == "Quay Bakers & Sons"
    assert shown == 4


def test_the_table_of_deletions_is_true(world: World) -> None:
    """Each cell is held against what happens."""
    rows = [line.split("|")[2:-1] for line in read(PAGE).splitlines() if line.startswith("| the client")]
    for place, policy in enumerate(["reject", "client_wins", "server_wins", "merge"]):
        with declared(Customer, conflict=policy):
            version = tell(world)
            deletion = world.one(model="testapp.Customer", id=KEY, _deleted=True, _version=version)
            Customer.objects.all().delete()
            change = world.one(model="testapp.Customer", id=KEY, name="x", _version=version)
            again = world.one(model="testapp.Customer", id=KEY, _deleted=True, _version=version)
        for cells, result in zip(rows, (deletion, change, again)):
            assert f"`{result['status']}`" in cells[place]
    assert len(rows) == 3
