"""`./dev matrix`: the tests on pairs of Python and Django: the corners of what is supported, or all of it."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from tools.console import Stop, say, table
from tools.environment import FOLDER, ROOT, make_environment
from tools.interpreters import Interpreter, find_interpreters
from tools.processes import Child, wait_for_all
from tools.suite import Outcome, is_strict, makemigrations_check, provide_queue, run_databases


class Cell(NamedTuple):
    """A pair to test: a Python release, or the oldest that will do where any newer is welcome; and a Django.

    `floor` tells that of everything the package needs the oldest version that it allows is installed.
    """

    python: Tuple[int, int]
    django: str
    or_newer: bool = False
    floor: bool = False

    @property
    def name(self) -> str:
        """Return the pair as it is written on the command line."""
        return "{}.{}-django{}{}".format(*self.python, self.django, "-floor" if self.floor else "")

    @property
    def requirements(self) -> List[str]:
        """Return what pip has to install beside the package: Django and its driver of PostgreSQL."""
        if self.floor:
            return oldest_dependencies()
        django = "Django>=6.0,<7" if self.django == "6.x" else f"Django~={self.django}.0"
        # Django 4.2 is the first to know psycopg 3.
        return [django, "psycopg2-binary" if self.django in ("3.2", "4.0", "4.1") else "psycopg[binary]"]

    def interpreter(self, found: Dict[Tuple[int, int], Interpreter]) -> Optional[Interpreter]:
        """Return the interpreter for this cell among those of the machine."""
        if self.or_newer:
            newer = [release for release in found if release >= self.python]
            return found[max(newer)] if newer else None
        return found.get(self.python)


DATABASES = ("sqlite", "postgresql")
# What depends on chance is played in full by `./dev test`; here versions are what differs.
SHORT_RUNS = {"SB_SYNC_ORACLE_RUNS": "20", "SB_SYNC_FUZZ_SECONDS": "6"}

#: What is run by default: the corners.
CELLS = (
    Cell((3, 8), "3.2"),
    Cell((3, 11), "4.2"),
    Cell((3, 11), "5.2"),
    Cell((3, 12), "6.x", or_newer=True),
)
#: The first and last release of Python 3 that each Django runs on: https://docs.djangoproject.com/en/stable/faq/install/
SUPPORTED = {
    "3.2": (8, 10),
    "4.0": (8, 10),
    "4.1": (8, 11),
    "4.2": (8, 12),
    "5.0": (10, 12),
    "5.1": (10, 13),
    "5.2": (10, 14),
    "6.0": (12, 14),
}
ALL_CELLS = (
    Cell((3, 8), "3.2", floor=True),
    *(Cell((3, minor), django) for django, (first, last) in SUPPORTED.items() for minor in range(first, last + 1)),
)


def declare(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("matrix", help="run the tests on every supported pair of Python and Django")
    names = [cell.name for cell in (*CELLS, *ALL_CELLS[:1])]
    parser.add_argument("paths", nargs="*", help="run only these test files or folders")
    parser.add_argument("--all", action="store_true", help="every pair, and the oldest dependencies; takes hours")
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
    for cell in choose_cells(options):
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


def choose_cells(options: argparse.Namespace) -> List[Cell]:
    """Return the cells that the options ask for."""
    if options.cell:
        return [cell for cell in (*CELLS, *ALL_CELLS[:1]) if cell.name in options.cell]
    return list(ALL_CELLS if options.all else CELLS)


def oldest_dependencies() -> List[str]:
    """Return each thing that the package needs, in the oldest version that pyproject.toml allows."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"\ndependencies = \[(.*?)\]", text, re.DOTALL)
    assert block is not None
    needed = re.findall(r'"([\w-]+)>=([\d.]+)"', block[1])
    return [*(f"{name}=={version}" for name, version in needed), "psycopg2-binary"]


def _run_cell(cell: Cell, interpreter: Interpreter, paths: Sequence[str]) -> Tuple[str, List[Outcome]]:
    """Return what the check of the migrations and the tests came to in a cell's own environment."""
    say(f"\n== {cell.name} with Python {interpreter.name}")
    requirements = [*cell.requirements, "-e", ".[test,speed,yaml]"]
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
