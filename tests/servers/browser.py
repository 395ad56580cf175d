"""Show a page in headless Chromium, as a reader's browser would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from typing import Iterator, List, NamedTuple, Optional

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing of its own shall ask anything of the network.
QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--disable-gpu", "--no-first-run",
)  # fmt: skip
# Of the page's own clock, which runs as fast as it can.
PAGE_MILLISECONDS = 20_000
PATIENCE_SECONDS = 120
CONSOLE = re.compile(r"CONSOLE[^\]]*\] (.*)")


class Shown(NamedTuple):
    """What a page became: its elements once its scripts had run, and what it said on the console."""

    elements: str
    console: List[str]


def find_browser() -> Optional[str]:
    """Return the path of a Chromium on this machine, None where there is none."""
    return next((path for path in map(shutil.which, PROGRAMS) if path is not None), None)


def show(browser: str, address: str) -> Shown:
    """Load a page and let its scripts run."""
    with _folder() as folder:
        command = [
            browser, "--headless", *QUIET, f"--user-data-dir={folder}", "--enable-logging=stderr",
            f"--virtual-time-budget={PAGE_MILLISECONDS}", "--dump-dom", address,
        ]  # fmt: skip
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr
    return Shown(done.stdout, CONSOLE.findall(done.stderr))


@contextmanager
def _folder() -> Iterator[str]:
    """Give a folder for what the browser keeps; it may still write there while it is removed."""
    folder = tempfile.mkdtemp(prefix="sb_sync_browser_")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
