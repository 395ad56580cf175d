"""Go through all that must not grow."""

from __future__ import annotations

import time
import traceback
from typing import Callable, Iterator, List, Tuple

from benchmarks.growth import log, models, organizations, tables
from benchmarks.measurements.lab import Lab
from benchmarks.results import Result
from benchmarks.run import template_of
from benchmarks.sizes import Plan
from tests.servers.supervisor import ServerUnavailable
from tools.console import say

__all__ = ["run_growth"]

PARTS: Tuple[Tuple[str, Callable[[Lab], Iterator[Result]]], ...] = (
    ("rows", tables.measure),
    ("organizations", organizations.measure),
    ("models", models.measure),
    ("entries of the log", log.measure_delta),
    ("a purge", log.measure_purge),
)


def run_growth(plan: Plan) -> List[Result]:
    """Return the results; a part that fails is told and costs its own results only."""
    results: List[Result] = []
    try:
        with template_of("postgresql") as template:
            for name, measure in PARTS:
                say(f"Measuring growth beside {name} ...")
                started = time.monotonic()
                try:
                    results += measure(Lab(template, plan))
                except Exception:  # noqa: BLE001 - the other parts are worth having
                    say(traceback.format_exc())
                say(f"  {time.monotonic() - started:.0f} s")
    except ServerUnavailable as error:
        say(f"postgresql IS NOT AVAILABLE: {error}")
    return results
