"""`./dev docs`: build the documentation."""

from __future__ import annotations

import argparse
import subprocess
from typing import Any

from tools.console import say
from tools.environment import ROOT, clean_environment, documentation_environment

TARGET = ROOT / "docs" / "_build"


def declare(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("docs", help="build the documentation into docs/_build; warnings are errors")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Build the pages and return the exit status."""
    python = documentation_environment()
    command = [str(python), "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", str(TARGET)]
    status = subprocess.run(command, cwd=str(ROOT), env=clean_environment()).returncode
    if status == 0:
        say(f"Built: {TARGET / 'index.html'}")
    return status
