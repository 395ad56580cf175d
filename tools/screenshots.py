"""`./dev screenshots`: pictures of every staff page."""

from __future__ import annotations

import argparse
import subprocess
from typing import Any

from tools.environment import ROOT, clean_environment, development_environment, provide_browser


def declare(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("screenshots", help="take pictures of every staff page into .dev/screenshots")
    parser.add_argument("--docs", action="store_true", help="take those that the documentation shows again")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Take the pictures in the environment and return the exit status."""
    python = development_environment()
    provide_browser()
    command = [str(python), "-m", "tests.browser.gallery"] + (["--docs"] if options.docs else [])
    return subprocess.run(command, cwd=str(ROOT), env=clean_environment()).returncode
