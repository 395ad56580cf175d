"""The number of models that a user may synchronise."""

from __future__ import annotations

from typing import Any, Iterator

from benchmarks.customers import LABEL
from benchmarks.growth.flat import BATCH, compare_worlds, ways_of
from benchmarks.harness.client import encode
from benchmarks.harness.world import CAPTURED, World, make_template
from benchmarks.measurements.lab import Lab
from benchmarks.measurements.pulls import fill
from benchmarks.results import Measured, Result
from benchmarks.targets import SMALLER_IS_BETTER, Target

__all__ = ["measure"]

MODELS = 200
HEADER = "X-Statements"
STATEMENTS = Target("", f"pull of {MODELS} models with nothing new", 20, 12, SMALLER_IS_BETTER, "statements")


def measure(lab: Lab) -> Iterator[Result]:
    """Yield costs with many models granted against one, and the statements of a pull that finds nothing in all."""
    base = lab.template
    # The demo's own models are among them.
    many_models = make_template(base.databases, base.folder, "template_many", BENCH_MODELS=str(MODELS))
    with base.world("granted_one") as one, many_models.world("granted_many", BENCH_COUNT="1") as many:
        one.database.execute("DELETE FROM sb_sync_modelpermission WHERE model_name <> %s", (LABEL,))
        fill(one, BATCH, CAPTURED)
        fill(many, BATCH, CAPTURED)
        yield _count_statements(lab, many)
        yield from compare_worlds(
            lab,
            ("1 model", ways_of(one, seed=60_000)),
            (f"{MODELS} models", ways_of(many, seed=70_000)),
            f"{MODELS} models granted against 1",
        )


def _count_statements(lab: Lab, world: World) -> Result:
    """Return the statements of a whole request, from the log-in to the journal."""
    cursors: Any = {}
    for _answer, told in world.client.pull(None, 10_000):
        cursors = {label: item["cursor"] for label, item in told["metadata"].items()}
    assert len(cursors) >= MODELS, len(cursors)
    body = encode({"models": cursors})
    counts = []
    for _ in range(lab.repetitions + 2):
        answer = world.client.sync("pull/", body)
        assert not answer.json["data"], "something was new"
        counts.append(float(answer.headers[HEADER]))
    # The first ones fill what each worker keeps.
    samples = {"sb_sync": counts[2:]}
    return Result(STATEMENTS, Measured("statements", "sb_sync", None, samples, [f"{len(cursors)} models"]))
