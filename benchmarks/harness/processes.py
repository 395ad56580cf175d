"""Children that do not outlive us, and what the kernel tells of them."""

from __future__ import annotations

import ctypes
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable, List, Optional

__all__ = ["ROOT", "children_of", "end", "end_with_parent", "forget_peak", "memory_of"]

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20


def end_with_parent() -> Optional[Callable[[], None]]:
    """Return what a child does first: ask the kernel to be stopped where we are killed hard."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    pr_set_pdeathsig = 1

    def prepare() -> None:
        libc.prctl(pr_set_pdeathsig, signal.SIGTERM)

    return prepare


def end(process: subprocess.Popen) -> None:
    """Stop a process: politely, then by force."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def children_of(process: int) -> List[int]:
    """Return the processes that a process started, as far as they run."""
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def forget_peak(process: int) -> None:
    """Let the peak of a process's memory begin at what it uses now."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def memory_of(process: int, *, peak: bool = False) -> float:
    """Return MiB of memory that a process uses, or the most that it used since `forget_peak`."""
    name = "VmHWM" if peak else "VmRSS"
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found.group(1)) / 1024
