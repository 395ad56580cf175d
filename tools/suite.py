"""`./dev test`: linters, then the tests on each database, and a count that can be trusted."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple
from xml.etree import ElementTree as ET

from tests.servers.browser import find_browser
from tests.servers.supervisor import ServerUnavailable, throw_away
from tools.console import Stop, say, table
from tools.environment import (
    ROOT,
    development_environment,
    provide_browser,
    provide_mariadb,
    provide_postgresql,
    provide_redis,
)
from tools.failures import describe_first
from tools.processes import Child, program, wait_for_all

DATABASES = ("sqlite", "postgresql", "mariadb")
BROWSER = "tests/browser"
#: The first of the oracle's stories that a database plays, and how many: together more than 200, none twice.
STORIES = {"sqlite": (1, 100), "postgresql": (101, 76), "mariadb": (177, 25)}
#: For how long requests are made at random on each database.
FUZZ_SECONDS = 12


class Outcome(NamedTuple):
    """What one run of the tests on one database came to."""

    database: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    remark: str = ""
    first_failures: Tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Tell whether tests ran and none failed."""
        return self.failed == 0 and self.passed > 0


def declare(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("test", help="run the linters, and the tests on SQLite, PostgreSQL and MariaDB")
    parser.add_argument("paths", nargs="*", help="run only these test files, folders or test ids, without the linters")
    parser.add_argument("--db", choices=DATABASES, help="only on this database")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run what the options ask for and return the exit status."""
    python = development_environment()
    checks = {} if options.paths else run_checks(python)
    databases = [options.db] if options.db else list(DATABASES)
    try:
        provide_browser()
    except Stop as error:
        say(f"NO BROWSER, its tests do not run: {error}")
    provide_queue(python)
    outcomes = run_databases(
        python, databases, options.paths, is_parted=not options.paths and find_browser() is not None
    )
    return report(checks, outcomes)


def provide_queue(python: Path) -> None:
    """Have a Redis for the tests with Celery workers; without one they do not run, which fails under CI."""
    try:
        provide_redis(python)
    except Stop as error:
        if is_strict():
            raise
        say(f"NO REDIS, the tests with Celery workers do not run: {error}")


def run_checks(python: Path) -> Dict[str, bool]:
    """Run every linter and return which passed; two at a time, as they are short."""
    commands: Dict[str, List[object]] = {
        "ruff": [program(python, "ruff"), "check", "."],
        "format": [program(python, "ruff"), "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "imports": [program(python, "lint-imports")],
        "migrations": makemigrations_check(python),
        "translations": [python, ROOT / "dev", "translations", "--check"],
    }
    say("Checking: {} ...".format(", ".join(commands)))
    passed: Dict[str, bool] = {}
    with tempfile.TemporaryDirectory(prefix="sb_sync_checks_") as folder:
        for pair in (("mypy", "ruff"), ("imports", "format"), ("migrations", "translations")):
            children = [Child(name, commands[name], {"SB_SYNC_TEST_FOLDER": folder}, quiet=True) for name in pair]
            statuses = wait_for_all(children)
            for child in children:
                passed[child.name] = statuses[child.name] == 0
                if not passed[child.name]:
                    say("\n{} failed:\n{}\n".format(child.name, "\n".join(child.lines)))
    return {name: passed[name] for name in commands}


def makemigrations_check(python: Path) -> List[object]:
    """Return the command that fails where a model differs from its migrations."""
    return [
        python, "-W", "ignore", "-m", "django", "makemigrations", "sb_sync", "testapp",
        "--check", "--dry-run", "--settings=tests.settings", "--pythonpath=.",
    ]  # fmt: skip


def run_databases(
    python: Path, databases: Sequence[str], paths: Sequence[str], prefix: str = "", *, is_parted: bool = False
) -> List[Outcome]:
    """Run pytest on the databases side by side; parted, the tests in a browser beside the others of SQLite."""
    outcomes: List[Outcome] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sb_sync_report_")))
        environments: Dict[str, Dict[str, str]] = {}
        for database in databases:
            try:
                environments[database] = _provide(database, python, stack)
            except (ServerUnavailable, Stop) as error:
                say(f"{database} IS NOT AVAILABLE, its tests do not run: {error}")
                outcomes.append(Outcome(database, 0, 1 if is_strict() else 0, 0, 0.0, "not available"))
        children: List[Child] = []
        names: List[str] = []
        started = time.monotonic()
        for database, environment in environments.items():
            # What touches no database runs once, where all tests run.
            narrowed = [] if paths or database == databases[0] else ["--only-on-database"]
            for name, chosen in _part(database, paths, is_parted=is_parted):
                shown = ["--junitxml", folder / name, "-o", "junit_logging=all", "--durations=25"]
                command = [python, "-m", "pytest", "--db", database, *shown, *narrowed, *chosen]
                children.append(Child(prefix + name, command, environment))
                names.append(name)
                stack.callback(children[-1].end)
        ends = _wait_and_time(children, started)
        for name, (status, seconds) in zip(names, ends):
            outcome = _read_outcome(folder / name, name, status, seconds)
            outcomes.append(outcome._replace(first_failures=tuple(describe_first(folder / name))))
    return outcomes


def _part(database: str, paths: Sequence[str], *, is_parted: bool) -> List[Tuple[str, List[str]]]:
    """Return the runs of a database by name, each with what it is told to run."""
    if is_parted and database == "sqlite":
        return [(database, [f"--ignore={BROWSER}"]), ("browser", [BROWSER])]
    return [(database, list(paths))]


def _provide(database: str, python: Path, stack: ExitStack) -> Dict[str, str]:
    """Start what the database needs until the stack closes, and return the variables that lead to it."""
    first, runs = STORIES[database]
    usual = {
        "SB_SYNC_ORACLE_FIRST": str(first),
        "SB_SYNC_ORACLE_RUNS": str(runs),
        "SB_SYNC_FUZZ_SECONDS": str(FUZZ_SECONDS),
    }
    told = {name: os.environ.get(name, value) for name, value in usual.items()}
    # The programs that tests start would compile the package anew each time.
    told["PYTHONDONTWRITEBYTECODE"] = ""
    if database == "postgresql":
        provide_postgresql(python)
        told["SB_SYNC_TEST_POSTGRES"] = stack.enter_context(throw_away(database))
    if database == "mariadb":
        provide_mariadb(python)
        told["SB_SYNC_TEST_MARIADB"] = stack.enter_context(throw_away(database))
    return told


def is_strict() -> bool:
    """Tell whether a database that cannot be had fails the run."""
    return os.environ.get("CI", "").lower() in ("true", "1", "yes")


def _wait_and_time(children: Sequence[Child], started: float) -> List[Tuple[int, float]]:
    """Return each child's exit status and how long it took, whichever ends first."""
    ends: Dict[str, Tuple[int, float]] = {}
    while len(ends) < len(children):
        for child in children:
            if child.name not in ends and child.process.poll() is not None:
                ends[child.name] = (child.wait(), time.monotonic() - started)
        time.sleep(0.05)
    return [ends[child.name] for child in children]


def _read_outcome(path: Path, database: str, status: int, seconds: float) -> Outcome:
    """Return the counts of a run from its report; a run that broke off counts as a failure."""
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    try:
        for suite in ET.parse(str(path)).getroot().iter("testsuite"):
            for name in counts:
                counts[name] += int(suite.get(name, "0"))
    except (OSError, ET.ParseError):
        return Outcome(database, 0, 1, 0, seconds, f"broke off with exit status {status}")
    failed = counts["failures"] + counts["errors"]
    passed = max(counts["tests"] - failed - counts["skipped"], 0)
    no_tests = 5
    if status == no_tests:
        return Outcome(database, 0, 0, 0, seconds, "no test ran")
    if status and not failed:
        return Outcome(database, passed, 1, counts["skipped"], seconds, f"broke off with exit status {status}")
    return Outcome(database, passed, failed, counts["skipped"], seconds)


def report(checks: Dict[str, bool], outcomes: Sequence[Outcome]) -> int:
    """Print what came out and return the exit status."""
    for outcome in outcomes:
        if outcome.first_failures:
            say(f"\nFirst failures on {outcome.database}:")
            say("\n".join(outcome.first_failures))
    say()
    if checks:
        say(table(["check", "result"], [[name, "passed" if good else "FAILED"] for name, good in checks.items()]))
        say()
    rows = [[o.database, o.passed, o.failed, o.skipped, f"{o.seconds:.1f}", o.remark] for o in outcomes]
    say(table(["database", "passed", "failed", "skipped", "seconds", ""], rows))
    say()
    broken = [name for name, good in checks.items() if not good]
    if broken:
        say("Checks that failed: {}".format(", ".join(broken)))
    passed, failed, skipped = (sum(column) for column in zip(*[(o.passed, o.failed, o.skipped) for o in outcomes]))
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    ran = [outcome for outcome in outcomes if outcome.remark != "not available"]
    return 0 if not broken and not failed and ran and all(outcome.is_good for outcome in ran) else 1
