"""A background push in small chunks gives the rows and results of a plain push."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple, Type

import pytest

from sb_sync.push.jobs import parting
from tests.integration.push.jobs.queue import Queue
from tests.integration.push.test_random_batches import (
    NAMES,
    SEEDS,
    Batch,
    describe,
    first_rows,
    read,
    run_batch,
    summarize,
)


def run_job(queue: Queue, user: Any, records: List[Dict[str, Any]]) -> List[Tuple[Any, ...]]:
    return [summarize(result) for result in queue.do(*records, user=user)["result"]["results"]]


class Contest(Batch):
    """Records that want the same few unique values, wait for later ones, and free values by deletions that wait."""

    def make(self) -> Dict[str, Any]:
        kind = self.chance.choice(["Customer", "Customer", "Order", "Region"])
        record: Dict[str, Any] = {"_model": f"testapp.{kind}", "_client_id": self.chance.choice(NAMES)}
        if kind == "Region":
            return {**record, "name": self.chance.choice("xyz")}
        if self.chance.random() < self.share_of_deletes:
            return {**record, "_deleted": True}
        if kind == "Order":
            return {**record, "customer": self.named(), "number": self.number()}
        return {**record, "name": "x", "email": self.chance.choice(["a@x.yz", "b@x.yz"]), "region": self.region()}


@pytest.mark.parametrize("make", [Batch, Contest])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_job_equals_a_push(queue: Queue, seed: int, make: Type[Batch], monkeypatch: pytest.MonkeyPatch) -> None:
    """References to later records, circles and several records of one row among them."""
    monkeypatch.setattr(parting, "CHUNK", 1 + seed % 5)
    world = queue.world
    plain = run_batch(world, world.user, read(first_rows(), "l-"))
    assert plain == run_job(queue, world.stranger, read(first_rows(), "r-"))
    for step in range(2):
        batch = make(seed * 1000 + step, deletes=step != 0).records
        left, right = read(batch, "l-"), read(batch, "r-")
        together = run_batch(world, world.user, left)
        apart = [
            # A chunk cannot tell that a cascade of an earlier one took the row.
            one if one[0] == all_[0] or not record.get("_deleted") or one[0] != "unchanged" else ("deleted", None, [])
            for one, all_, record in zip(run_job(queue, world.stranger, right), together, right)
        ]
        detail = "\n".join(f"{a} {b} {record}" for a, b, record in zip(together, apart, left))
        assert together == apart, f"seed {seed} step {step}:\n{detail}"
        assert describe(world.acme, "l-") == describe(world.rival, "r-"), f"seed {seed} step {step}:\n{detail}"
