"""`./dev demo`: the runnable project in `demo/`."""

from __future__ import annotations

import argparse
import subprocess
from typing import Any

from tools.environment import ROOT, clean_environment, development_environment


def declare(subparsers: Any) -> None:
    """Add the command; what it does not know itself goes on to the demo."""
    parser = subparsers.add_parser("demo", help="run the demo project: two organizations and their offline clients")
    parser.add_argument("--once", action="store_true", help="play the whole story, check every number, and end")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the demo in the environment and return its exit status."""
    python = development_environment()
    command = [str(python), "-m", "demo"] + (["--once"] if options.once else [])
    with subprocess.Popen(command, cwd=str(ROOT), env=clean_environment()) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # Not SIGINT: a shell that starts this in the background has it ignored, and children inherit that.
            process.terminate()
            process.wait()
            raise
