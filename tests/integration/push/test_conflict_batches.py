"""Under every policy, a batch with conflicts gives what its records give one by one."""

from __future__ import annotations

import random
from contextlib import ExitStack
from typing import Any, Dict, List

import pytest

from sb_sync.models import SyncConflict
from tests.integration.push import test_random_batches as batches
from tests.integration.push.declaring import declared
from tests.integration.push.world import World
from tests.testapp.models import Customer, Order, Team, Visit


def resolve(self: Any, conflict: Any) -> Any:
    """Decide by what both organizations have in common, and by values that need not be unique."""
    if conflict.client.get("_deleted"):
        return {"note": "kept"} if "note" in conflict.server else None
    if conflict.client.get("name") in ("x", "y"):
        return {**conflict.client, "_version": "x"}
    return None if "note" in conflict.server else {}


POLICIES: Dict[str, Dict[str, Any]] = {
    "reject": {"conflict": "reject"},
    "client_wins": {"conflict": "client_wins"},
    "server_wins": {"conflict": "server_wins"},
    "merge": {"conflict": "merge"},
    "resolve_conflict": {"resolve_conflict": resolve},
}


def make_stale(records: List[Dict[str, Any]], chance: random.Random) -> List[Dict[str, Any]]:
    """Give records a version that is none, and a base that is in part what is stored."""
    made: List[Dict[str, Any]] = []
    for record in records:
        if "_version" not in record and chance.random() < 0.5:
            names = [name for name in record if not name.startswith("_") and name != "id"]
            base = {name: record[name] for name in names if chance.random() < 0.5}
            record = {**record, "_version": "stale", **({"_base": base} if chance.random() < 0.7 else {})}
        made.append(record)
    return made


@pytest.mark.parametrize("policy", sorted(POLICIES))
@pytest.mark.parametrize("seed", range(batches.SEEDS // 2))
def test_a_batch_equals_its_records_one_by_one(world: World, policy: str, seed: int) -> None:
    with ExitStack() as stack:
        for model in (Customer, Order, Team, Visit):
            stack.enter_context(declared(model, **POLICIES[policy]))
        for user, prefix in ((world.user, "l-"), (world.stranger, "r-")):
            batches.run_batch(world, user, batches.read(batches.first_rows(), prefix))
        for step in range(3):
            batch = batches.Batch(seed * 1000 + step + 500, deletes=step != 0).records
            batch = make_stale(batches.without_later(batch, batches.find_standing(world.acme)), random.Random(seed))
            left, right = batches.read(batch, "l-"), batches.read(batch, "r-")
            together = batches.run_batch(world, world.user, left)
            apart = batches.run_each(world, world.stranger, right)
            pairs = zip(together, apart, left)
            detail = "\n".join(f"{one} {other} {record}" for one, other, record in pairs)
            # Alone a record cannot tell that a cascade of the same push took its row.
            apart = [
                ("deleted", None, []) if record.get("_deleted") and one[0] == "unchanged" != all_[0] else one
                for one, all_, record in zip(apart, together, left)
            ]
            assert together == apart, f"seed {seed} step {step}:\n{detail}"
            rows = [batches.describe(world.acme, "l-"), batches.describe(world.rival, "r-")]
            assert rows[0] == rows[1], f"seed {seed} step {step}:\n{detail}"
            kept = [
                sorted(SyncConflict.objects.filter(site_id=each.pk).values_list("model_name", "status", "policy"))
                for each in (world.acme, world.rival)
            ]
            assert kept[0] == kept[1], f"seed {seed} step {step}:\n{detail}"
        assert SyncConflict.objects.exists()
