"""Go through what a plan asks for, one thing after the other, and go on where one of them fails."""

from __future__ import annotations

import tempfile
import time
import traceback
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Dict, Iterator, List

from benchmarks.harness import databases
from benchmarks.harness.world import Template, make_template
from benchmarks.machine import describe_database
from benchmarks.measurements import MEASUREMENTS, Lab, Measurement
from benchmarks.results import Measured, Result
from benchmarks.sizes import Plan
from benchmarks.targets import TARGETS
from tests.servers.supervisor import ServerUnavailable
from tools.console import say

__all__ = ["run_measurements", "template_of"]

NOT_ASKED = "not asked for"


def run_measurements(plan: Plan, versions: Dict[str, str]) -> List[Result]:
    """Return a result for every row; what the databases say of themselves is added to `versions`."""
    measured: Dict[str, Measured] = {}
    remarks: Dict[str, str] = {}
    for database in plan.databases:
        wanted = [each for each in MEASUREMENTS if each.database == database and _is_wanted(each, plan)]
        if not wanted:
            continue
        try:
            with template_of(database) as template:
                versions.update(describe_database(template.url))
                for measurement in wanted:
                    _run(measurement, Lab(template, plan), measured, remarks)
        except ServerUnavailable as error:
            say(f"{database} IS NOT AVAILABLE: {error}")
            remarks.update((key, f"{database} is not available") for each in wanted for key in each.keys)
    for key in (each.key for each in TARGETS if each.key not in measured):
        remarks.setdefault(key, NOT_ASKED)
    return [Result(each, measured.get(each.key), remarks.get(each.key, "")) for each in TARGETS]


def _is_wanted(measurement: Measurement, plan: Plan) -> bool:
    return not plan.only or any(key in plan.only for key in measurement.keys)


def _run(measurement: Measurement, lab: Lab, measured: Dict[str, Measured], remarks: Dict[str, str]) -> None:
    """Run one measurement; a failure is told and costs its own rows only."""
    names = ", ".join(measurement.keys)
    say(f"Measuring {names} on {measurement.database} ...")
    started = time.monotonic()
    try:
        measured.update(measurement.run(lab))
    except Exception as error:  # noqa: BLE001 - the other rows are worth having
        say(traceback.format_exc())
        remarks.update((key, f"failed: {type(error).__name__}") for key in measurement.keys)
    say(f"  {time.monotonic() - started:.0f} s")


@contextmanager
def template_of(database: str) -> Iterator[Template]:
    """Give a prepared database of a product for the time of the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sb_sync_bench_")))
        product = databases.sqlite(folder) if database == "sqlite" else databases.postgresql()
        yield make_template(stack.enter_context(product), folder, "template")
