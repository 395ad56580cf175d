"""Run children side by side, show what they say line by line, and leave none behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Callable, Dict, List, Sequence

from tools.console import say
from tools.environment import ROOT, clean_environment

PATIENCE_SECONDS = 20


class Child:
    """A process in a session of its own whose lines are shown behind its name."""

    def __init__(
        self, name: str, command: Sequence[object], environment: Dict[str, str], *, quiet: bool = False
    ) -> None:
        self.name = name
        self.quiet = quiet
        self.lines: List[str] = []
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=str(ROOT),
            env=clean_environment(PYTHONUNBUFFERED="1", **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_prepare(),
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if not self.quiet:
                say("[{}] {}".format(self.name, line.rstrip("\n")))

    def wait(self) -> int:
        """Wait for the end and return the exit status."""
        status = self.process.wait()
        self.reader.join(timeout=PATIENCE_SECONDS)
        return status

    def end(self) -> None:
        """End the process with all of its session: politely, then by force."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            _signal_session(self.process.pid, number)
            try:
                self.process.wait(timeout=PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        _signal_session(self.process.pid, signal.SIGKILL)


def wait_for_all(children: Sequence[Child]) -> Dict[str, int]:
    """Return the exit status of each child by its name; end them all when we are interrupted."""
    try:
        return {child.name: child.wait() for child in children}
    finally:
        for child in children:
            child.end()


def _signal_session(session: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, number)


def _prepare() -> Callable[[], None]:
    """Return what a child does first: heed Ctrl-C, also where we run in the background, and end when we are killed."""
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if libc is not None:
            pr_set_pdeathsig = 1
            libc.prctl(pr_set_pdeathsig, signal.SIGINT)

    return prepare


def program(python: Path, name: str) -> Path:
    """Return a program that is installed beside the interpreter."""
    return python.parent / name
