"""Read the command line of `./dev` and run the command that it names."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import Any, List

from tools import bench, demo, docs, matrix, screenshots, suite, translations, vendor
from tools.console import Stop, say

COMMANDS = (demo, suite, matrix, bench, docs, screenshots, translations, vendor)


def main(arguments: List[str]) -> int:
    """Run one command and return its exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    parser = argparse.ArgumentParser(prog="./dev", description="Work on sb_sync.")
    subparsers = parser.add_subparsers(dest="command", metavar="command")
    for command in COMMANDS:
        command.declare(subparsers)
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 2
    try:
        status: int = options.run(options)
        return status
    except Stop as stop:
        say(f"error: {stop}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _interrupt(*_: Any) -> None:
    """End on SIGTERM as on Ctrl-C, so that every `finally` stops what it started."""
    raise KeyboardInterrupt
