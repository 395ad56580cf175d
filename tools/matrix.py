"""`./dev matrix`: the tests on each supported pair of Python and Django that this machine can have."""

from __future__ import annotations

import argparse
import os
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from tools.console import Stop, say, table
from tools.environment import FOLDER, make_environment
from tools.interpreters import Interpreter, find_interpreters
from tools.processes import Child, wait_for_all
from tools.suite import Outcome, is_strict, makemigrations_check, provide_queue, run_databases


class Cell(NamedTuple):
    """A pair to test: a Python release, or the oldest that will do where any newer is welcome; a Django; its driver."""

    python: Tuple[int, int]
    django: str
    driver: str
    or_newer: bool = False

    @property
    def name(self) -> str:
        """Return the pair as it is written on the command line."""
        return "{}.{}-django{}".format(*self.python, self.django)

    @property
    def requirement(self) -> str:
        """Return what pip has to install as Django."""
        return "Django>=6.0,<7" if self.django == "6.x" else f"Django~={self.django}.0"

    def interpreter(self, found: Dict[Tuple[int, int], Interpreter]) -> Optional[Interpreter]:
        """Return the interpreter for this cell among those of the machine."""
        if self.or_newer:
            newer = [release for release in found if release >= self.python]
            return found[max(newer)] if newer else None
        return found.get(self.python)


DATABASES = ("sqlite", "postgresql")
# What depends on chance is played in full by `./dev test`; here versions are what differs.
SHORT_RUNS = {"SB_SYNC_ORACLE_RUNS": "20", "SB_SYNC_FUZZ_SECONDS": "6"}

CELLS = (
    Cell((3, 8), "3.2", "psycopg2-binary"),
    Cell((3, 11), "4.2", "psycopg[binary]"),
    Cell((3, 11), "5.2", "psycopg[binary]"),
    Cell((3, 12), "6.x", "psycopg[binary]", or_newer=True),
)


def declare(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("matrix", help="run the tests on every supported pair of Python and Django")
    names = [cell.name for cell in CELLS]
    parser.add_argument("paths", nargs="*", help="run only these test files or folders")
    parser.add_argument("--cell", action="append", choices=names, metavar="CELL", help="only: " + ", ".join(names))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run every cell and return the exit status."""
    for name, value in SHORT_RUNS.items():
        os.environ.setdefault(name, value)
    found = find_interpreters()
    say("Interpreters: {}".format(", ".join(interpreter.name for interpreter in found.values())))
    rows: List[Sequence[object]] = []
    is_good = True
    totals = [0, 0, 0]
    for cell in CELLS:
        if options.cell and cell.name not in options.cell:
            continue
        interpreter = cell.interpreter(found)
        if interpreter is None:
            rows.append([cell.name, "-", "-", "", "", "", "not available: no such Python"])
            is_good = is_good and not is_strict()
            continue
        result, outcomes = _run_cell(cell, interpreter, options.paths)
        is_good = is_good and result == "passed"
        rows.append([cell.name, interpreter.name, "migrations", "", "", "", result])
        for outcome in outcomes:
            rows.append(
                [cell.name, interpreter.name, outcome.database, *outcome[1:4], outcome.remark or _word(outcome)]
            )
            is_good = is_good and (outcome.is_good or (outcome.remark == "not available" and not outcome.failed))
            totals = [total + number for total, number in zip(totals, outcome[1:4])]
    say()
    say(table(["cell", "python", "on", "passed", "failed", "skipped", "result"], rows))
    say()
    say("{} passed, {} failed, {} skipped".format(*totals))
    return 0 if is_good and totals[0] else 1


def _run_cell(cell: Cell, interpreter: Interpreter, paths: Sequence[str]) -> Tuple[str, List[Outcome]]:
    """Return what the check of the migrations and the tests came to in a cell's own environment."""
    say(f"\n== {cell.name} with Python {interpreter.name}")
    requirements = [cell.requirement, cell.driver, "-e", ".[test,speed,yaml]"]
    try:
        python = make_environment(FOLDER / "matrix" / cell.name, interpreter, requirements)
    except Stop as stop:
        say(str(stop))
        return "not installable", []
    with tempfile.TemporaryDirectory(prefix="sb_sync_checks_") as folder:
        child = Child(cell.name, makemigrations_check(python), {"SB_SYNC_TEST_FOLDER": folder})
        status = wait_for_all([child])[cell.name]
    provide_queue(python)
    outcomes = run_databases(python, DATABASES, paths, prefix=cell.name + " ")
    return "passed" if status == 0 else "FAILED", outcomes


def _word(outcome: Outcome) -> str:
    return "passed" if outcome.is_good else "FAILED"
