"""`./dev bench`: measure sb_sync beside what it is compared with."""

from __future__ import annotations

import argparse
import signal
import subprocess
from typing import Any

from tools.environment import ROOT, clean_environment, development_environment, provide_postgresql


def declare(subparsers: Any) -> None:
    """Add the command; its options are read where they are known, in the environment."""
    # With a prefix that no option has, all of them are left for the program that is run.
    parser = subparsers.add_parser(
        "bench", help="measure speed beside COPY, Django and DRF", add_help=False, prefix_chars="\0"
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the benchmarks in the environment and return their exit status."""
    python = development_environment()
    provide_postgresql(python)
    command = [str(python), "-m", "benchmarks", *options.arguments]
    with subprocess.Popen(command, cwd=str(ROOT), env=clean_environment()) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # Not SIGINT: a shell that starts this in the background has it ignored, and children inherit that.
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise
