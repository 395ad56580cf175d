"""The number of rows in the table, and the place of a page in it."""

from __future__ import annotations

from typing import Any, Iterator, List

from benchmarks.customers import LABEL
from benchmarks.growth.flat import BATCH, compare_worlds, flat, ways_of
from benchmarks.harness.client import encode
from benchmarks.harness.clock import take_turns
from benchmarks.harness.world import CAPTURED, World
from benchmarks.measurements.lab import Lab
from benchmarks.measurements.pulls import fill
from benchmarks.results import Measured, Result

__all__ = ["measure"]

SMALL_ROWS = 1_000
WALKING_PAGE = 10_000
START, END = "near the start", "at the end"


def measure(lab: Lab) -> Iterator[Result]:
    """Yield costs with a large table against a small one, and of its last page against an early one."""
    rows = lab.sizes.growth_rows
    with lab.template.world("rows_small") as small, lab.template.world("rows_large") as large:
        fill(small, SMALL_ROWS, CAPTURED)
        fill(large, rows, CAPTURED)
        yield from compare_worlds(
            lab,
            (f"{SMALL_ROWS} rows", ways_of(small, seed=20_000)),
            (f"{rows} rows", ways_of(large, seed=30_000)),
            f"{rows} rows against {SMALL_ROWS}",
        )
        yield _compare_pages(lab, large)


def _compare_pages(lab: Lab, world: World) -> Result:
    """Return what the last page of a first pull costs against its second: both lie inside the pass."""
    cursors: List[Any] = []
    for _answer, told in world.client.pull({LABEL: None}, WALKING_PAGE):
        if told["metadata"][LABEL]["count"] == WALKING_PAGE:
            cursors.append(told["metadata"][LABEL]["cursor"])
    assert len(cursors) > 2, "the table is too small for its end to be far from its start"
    sides: Any = {
        END: lambda _number: _pull_page(world, cursors[-2]),
        START: lambda _number: _pull_page(world, cursors[0]),
    }
    samples = take_turns(sides, lab.repetitions)
    return Result(flat("page of a first pull: at the end against near the start"), Measured("s", END, START, samples))


def _pull_page(world: World, cursor: str) -> float:
    answer = world.client.sync("pull/", encode({"models": {LABEL: cursor}, "batch_size": BATCH}))
    assert answer.json["batch_info"]["total_records"] == BATCH
    return answer.seconds
