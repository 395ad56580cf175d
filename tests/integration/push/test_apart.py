"""A batch that is held to need no order gets none from the records' accesses either."""

from __future__ import annotations

import random
from typing import Any, Dict, List

import pytest
from django.db import transaction

from sb_sync import catalog
from sb_sync.access import resolve_scope
from sb_sync.push.accesses import find_accesses
from sb_sync.push.apart import stand_apart
from sb_sync.push.apply import _load_rows
from sb_sync.push.batch import Record
from sb_sync.push.cascades import walk
from sb_sync.push.client_ids import names_in
from sb_sync.push.identify import identify
from sb_sync.push.order import find_order
from sb_sync.push.parse import parse
from sb_sync.push.state import PushState
from tests.integration.push.world import World

REGION, LINE, FOLDER = "testapp.Region", "testapp.OrderLine", "testapp.Folder"


def make_records(world: World, chance: random.Random) -> List[Record]:
    """Return a batch that may well be of one model, with keys and names that may well be twice there."""
    label = chance.choice([REGION, LINE, FOLDER, "testapp.Visit"])
    names = [str(number) for number in range(chance.choice([3, 1000]))]
    batch: List[Dict[str, Any]] = []
    for _ in range(chance.randint(1, 5)):
        record: Dict[str, Any] = {"_model": chance.choice([label] * 20 + [REGION])}
        for name in chance.sample(["id", "_client_id"], chance.randint(0, 2)):
            record[name] = chance.choice(names)
        if "id" in record:
            record["id"] = int(record["id"])
        if chance.random() < 0.05:
            record["_deleted"] = True
        if record["_model"] == LINE:
            record.update(order={"_client_id": chance.choice(names)}, quantity=1)
        if record["_model"] == FOLDER and chance.random() < 0.5:
            record["parent"] = {"_client_id": chance.choice(names)}
        batch.append(record)
    scope = resolve_scope(world.user, None)
    synced = catalog.synced_models()
    found = [identify(scope, item, synced[item.label]) for item in parse({"data": batch}).records]  # type: ignore[union-attr,arg-type]
    return [each for each in found if isinstance(each, Record)]


@pytest.mark.parametrize("seed", range(5))
def test_records_that_stand_apart_are_one_wave(world: World, seed: int) -> None:
    chance = random.Random(seed)
    told = {True: 0, False: 0}
    for _ in range(100):
        records = make_records(world, chance)
        state = PushState(resolve_scope(world.user, None), "default")
        with transaction.atomic():
            state.client_ids.load(names_in(records))
            _load_rows(state, records)
            are_apart = stand_apart(state, records)
            accesses, present = find_accesses(state, records, walk({}, "default"))
        told[are_apart] += 1
        if are_apart:
            waves = find_order(accesses, present)
            assert [[turn.place for turn in wave] for wave in waves] == [list(range(len(records)))]
            assert not any(turn.put_off or turn.is_second or turn.is_eased for wave in waves for turn in wave)
    assert told[True] > 10
    assert told[False] > 10
