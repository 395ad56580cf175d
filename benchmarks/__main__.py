"""Measure, show and keep the results: `python -m benchmarks`, which `./dev bench` runs."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Dict, List, Optional

from benchmarks.growth import run_growth
from benchmarks.harness.processes import ROOT
from benchmarks.machine import describe_machine, describe_versions
from benchmarks.peers.run import run_peers
from benchmarks.report.document import make_document
from benchmarks.report.page import write_docs
from benchmarks.report.picture import draw
from benchmarks.report.screen import show
from benchmarks.run import run_measurements
from benchmarks.sizes import DATABASES, FULL, QUICK, Plan, Sizes
from benchmarks.targets import TARGETS
from tools.console import say

FOLDER = ROOT / ".dev" / "bench"
GROWTH = "growth"


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the command and return its exit status: results are no reason to fail."""
    signal.signal(signal.SIGTERM, _interrupt)
    options = _read_options(arguments)
    if options.read:
        document = json.loads(Path(options.read).read_text(encoding="utf-8"))
    else:
        document = _measure(options)
        _keep(document, options.json)
    show(document)
    if options.write_docs:
        write_docs(document, ROOT / "docs")
        say("\nWritten into docs/explanation/performance.md")
    return 0


def _read_options(arguments: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measure sb_sync beside what it is compared with.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, medians of 3: under 5 minutes")
    parser.add_argument("--database", choices=DATABASES, help="only on this database (default: on both)")
    parser.add_argument("--repetitions", type=_positive, help="how often each side is measured (5; 3 with --quick)")
    parser.add_argument("--size", action="append", type=_size, default=[], metavar="NAME=NUMBER", help=_name_sizes())
    keys = [*(target.key for target in TARGETS), GROWTH]
    parser.add_argument(
        "--only", action="append", choices=keys, default=[], metavar="ROW", help="one of: " + ", ".join(keys)
    )
    parser.add_argument(
        "--growth", action="store_true", help="measure what must not grow too (--only growth: nothing else)"
    )
    parser.add_argument("--peers", action="store_true", help="Kinto and Morango too, where they can be installed")
    parser.add_argument("--json", metavar="FILE", help="write the results there too")
    parser.add_argument("--read", metavar="FILE", help="measure nothing: show results that were written before")
    parser.add_argument("--write-docs", action="store_true", help="write the documentation's page from the results")
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> Dict[str, Any]:
    """Measure what the options ask for."""
    plan = _make_plan(options)
    machine, versions = describe_machine(), describe_versions()
    results = run_measurements(plan, versions)
    growth = run_growth(plan) if options.growth or GROWTH in plan.only else []
    peers = run_peers(plan, results) if options.peers else []
    return make_document(plan, machine, versions, results, growth, peers)


def _make_plan(options: argparse.Namespace) -> Plan:
    sizes: Sizes = (QUICK if options.quick else FULL).change(dict(options.size))
    return Plan(
        sizes=sizes,
        repetitions=options.repetitions or (3 if options.quick else 5),
        databases=(options.database,) if options.database else DATABASES,
        only=tuple(options.only),
        is_quick=options.quick,
    )


def _keep(document: Dict[str, Any], path: Optional[str]) -> None:
    """Write results and picture where the next command finds them, and the results where they are wanted."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    (FOLDER / "results.svg").write_text(draw(document), encoding="utf-8")
    for target in [FOLDER / "results.json", *([Path(path)] if path else [])]:
        target.write_text(text, encoding="utf-8")
        say(f"Written: {target}")
    say("Written: {}".format(FOLDER / "results.svg"))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _size(text: str) -> Any:
    """Return name and number of one size."""
    name, _, number = text.partition("=")
    if name not in {each.name for each in fields(Sizes)}:
        raise argparse.ArgumentTypeError(f"there is no size {name}; " + _name_sizes())
    try:
        return name, float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{number!r} is no number") from None


def _name_sizes() -> str:
    return "sizes: " + ", ".join(f"{each.name} ({getattr(FULL, each.name)})" for each in fields(Sizes))


def _interrupt(*_: Any) -> None:
    """End on SIGTERM as on Ctrl-C, so that every `finally` stops what it started."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
