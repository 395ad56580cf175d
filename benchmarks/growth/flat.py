"""Compare the same small pieces of work in a small world and in a large one."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, Mapping

from benchmarks.customers import LABEL, make_customers
from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import World
from benchmarks.measurements.creations import push_bodies
from benchmarks.measurements.lab import Lab
from benchmarks.results import Measured, Result
from benchmarks.targets import SMALLER_IS_BETTER, Target

__all__ = ["BATCH", "Work", "compare_worlds", "flat", "ways_of"]

BATCH = 1_000
#: Does something in the round of a number, and returns the seconds.
Work = Callable[[int], float]


def flat(name: str) -> Target:
    """Return the row of something whose cost is to stay the same."""
    return Target("", name, 1.3, 1.1, SMALLER_IS_BETTER)


def ways_of(world: World, seed: int) -> Dict[str, Work]:
    """Return what is measured in a world: pushes and pulls of a thousand records, in seconds for each record."""

    def create(number: int) -> float:
        customers = make_customers(BATCH, seed=seed + number, manager=world.manager)
        return world.client.push(push_bodies(customers, BATCH))[0] / BATCH

    def pull_page(_number: int) -> float:
        for answer, told in world.client.pull({LABEL: None}, BATCH):
            return answer.seconds / len(told["data"])
        raise AssertionError("unreachable")

    return {"push of a new record": create, "pull of a record": pull_page}


def compare_worlds(lab: Lab, small: Any, large: Any, between: str) -> Iterator[Result]:
    """Yield a result for each way, of a large world against a small one; both are (name, ways)."""
    (small_name, small_ways), (large_name, large_ways) = small, large
    for way in small_ways:
        sides: Mapping[str, Work] = {large_name: large_ways[way], small_name: small_ways[way]}
        samples = take_turns(sides, lab.repetitions)
        yield Result(flat(f"{way}: {between}"), Measured("s", large_name, small_name, samples))
