"""One run: a seed, some dozens of things that happen, and clients that must be exact whenever they are whole."""

from __future__ import annotations

from typing import Any, Dict, Optional, Set

from tests.acceptance.oracle.client import OfflineClient
from tests.acceptance.oracle.copies import Copy
from tests.acceptance.oracle.edits import edit, lose_triggers
from tests.acceptance.oracle.grants import change_access
from tests.acceptance.oracle.image import LABELS, take_image, wire_fields
from tests.acceptance.oracle.pushes import push
from tests.acceptance.oracle.truth import find_view
from tests.acceptance.oracle.world import World, clear, make_world

Record = Dict[str, Any]
STEPS = 16


def play(seed: int, *, restores: bool) -> None:
    """Play one seed; a failure prints it, with all that happened."""
    # A time says nothing of the database that gave it: after one is put back only a new epoch helps its clients.
    world = make_world(seed, with_times=not restores)
    copy: Optional[Copy] = None
    try:
        for step in range(STEPS):
            if restores and step == STEPS // 3:
                copy = Copy()
            if restores and step == 2 * STEPS // 3 and copy is not None and copy.is_taken:
                world.tell("put back the copy")
                copy.restore()
            _step(world)
        for client in world.clients:
            sync(world, client, is_quiet=True)
    except Exception as error:
        story = "\n".join(world.story)
        raise AssertionError(f"seed {seed}: {error}\n{story}") from error
    finally:
        if copy is not None:
            copy.drop()
        clear(world)


def _step(world: World) -> None:
    """Let one thing happen."""
    kind = world.chance.random()
    client = world.chance.choice(world.clients)
    if kind < 0.30:
        edit(world)
    elif kind < 0.42:
        change_access(world)
    elif kind < 0.44:
        lose_triggers(world)
    elif kind < 0.70:
        push(world, client)
    else:
        sync(world, client, is_quiet=world.chance.random() < 0.6)


def sync(world: World, client: OfflineClient, *, is_quiet: bool) -> None:
    """Pull until whole, and compare with the truth; unless it is quiet, things happen between the answers."""
    world.tell("sync of", client.name, "by", client.batch_size)
    view = find_view(client.user, client.organization)
    granted: Set[str] = set() if view is None else {label for label in LABELS if view.may_pull(label)}
    quota = [0 if is_quiet else 3]

    def meanwhile() -> None:
        if quota[0] > 0:
            quota[0] -= 1
            world.chance.choice([edit, edit, edit, change_access])(world)

    client.sync(granted, meanwhile)
    check(world, client, granted)


def check(world: World, client: OfflineClient, asked: Set[str]) -> None:
    """Compare what a client holds with what it must hold of the models that it asked for."""
    view = find_view(client.user, client.organization)
    image = take_image()
    expected = {} if view is None else view.records(image)
    for label in LABELS:
        held = {key: _stable(label, record) for key, record in client.rows.get(label, {}).items()}
        if label in expected and label in asked:
            wanted = expected[label]
            filters = view.filters.get(label) if view is not None else None
            assert held == wanted, f"{client.name} {label} by {filters}: {_differ(held, wanted)}"
        elif label not in expected:
            assert not held, f"{client.name} holds rows of {label}, which it may not see"


def _stable(label: str, record: Record) -> Record:
    """Return the values of a record that the truth knows."""
    names = [field.name if field.many_to_many else field.attname for field in wire_fields(label)]
    return {name: record.get(name) for name in names}


def _differ(held: Dict[Any, Record], wanted: Dict[Any, Record]) -> str:
    """Return the first differences, for people."""
    lines = [f"has and must not: {held[key]}" for key in held if key not in wanted]
    lines += [f"misses: {wanted[key]}" for key in wanted if key not in held]
    lines += [f"has {held[key]}, must have {wanted[key]}" for key in held if key in wanted and held[key] != wanted[key]]
    return "\n".join(lines[:5])
