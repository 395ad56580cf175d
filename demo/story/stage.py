"""Who takes part in the story, and the lines that tell it."""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Dict, List, Optional, Tuple

from demo.sales.seeding.access import PASSWORD
from demo.story.device import Device
from demo.story.server import Server

WIDTHS = (2, 5, 48, 7, 6)
LEAST_ROOM, USUAL_WIDTH = 36, 120
HEAD = ("", "who", "what happened", "records", "ms")
RIGHT = (True, False, False, True, True)
GREEN, RED, BOLD, PLAIN = "\033[32m", "\033[1;31m", "\033[1m", "\033[0m"


@dataclass(frozen=True)
class Check:
    """One number or value: what it should be, and what it is."""

    name: str
    expected: Any
    found: Any

    @property
    def is_good(self) -> bool:
        """Tell whether they are equal."""
        return bool(self.expected == self.found)

    def __str__(self) -> str:
        """Return it for a line of the table."""
        if self.is_good:
            return self.name
        return f"{self.name}: {_short(self.expected)} expected, {_short(self.found)} found"


class Stage:
    """The server, the devices, and the table that grows line by line."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.devices: Dict[str, Device] = {}
        self.notes: Dict[str, Any] = {}
        self.lines = 0
        self.wrong: List[str] = []
        self._is_coloured = sys.stdout.isatty()
        width = shutil.get_terminal_size((USUAL_WIDTH, 24)).columns
        # Two spaces between cells, and the verdict with a space.
        self._room = max(LEAST_ROOM, width - sum(WIDTHS) - 2 * len(WIDTHS) - 4)

    def enter(self, username: str, organization: Optional[str] = None, *, name: Optional[str] = None) -> Device:
        """Bring in a device that nobody has logged in on yet."""
        device = Device(self.server.host, self.server.port, username, organization)
        self.devices[name or username] = device
        return device

    def log_in(self, device: Device) -> Any:
        """Log a device in with the password that all users of the demo share."""
        return device.log_in(PASSWORD)

    def leave(self) -> None:
        """Hang up all devices."""
        for device in self.devices.values():
            device.close()

    def head(self) -> None:
        """Print the head of the table."""
        line = _cells(HEAD) + "  check"
        print("\n" + self._paint(BOLD, line), flush=True)
        print("  ".join("-" * width for width in WIDTHS) + "  " + "-" * (self._room + 4), flush=True)

    def tell(self, who: str, what: str, records: Optional[int], milliseconds: Optional[float], *checks: Check) -> None:
        """Print one line: what happened, and whether each check holds."""
        self.lines += 1
        wrong = [str(check) for check in checks if not check.is_good]
        self.wrong += [f"{self.lines} {who}: {text}" for text in wrong]
        verdict = self._paint(RED, "OFF") if wrong else self._paint(GREEN, "ok ")
        numbers = (_number(records), _number(milliseconds))
        told = textwrap.wrap(what, WIDTHS[2])
        said = textwrap.wrap("; ".join(wrong or [str(check) for check in checks]), self._room)
        for position, (left, right) in enumerate(zip_longest(told, said, fillvalue="")):
            if position == 0:
                line = _cells((str(self.lines), who, left, *numbers)) + f"  {verdict} {right}"
            else:
                line = _cells(("", "", left, "", "")) + "      " + right
            print(line.rstrip(), flush=True)

    def end(self, seconds: float) -> int:
        """Print what came out and return the exit status."""
        print()
        if self.wrong:
            print(self._paint(RED, f"{len(self.wrong)} of the checks are off, in {self.lines} steps, {seconds:.1f} s:"))
            for text in self.wrong:
                print("  " + text)
            return 1
        print(self._paint(GREEN, f"{self.lines} steps in {seconds:.1f} s, every check holds."), flush=True)
        return 0

    def _paint(self, colour: str, text: str) -> str:
        return colour + text + PLAIN if self._is_coloured else text


def _cells(cells: Tuple[str, ...]) -> str:
    """Return the aligned cells of one line."""
    return "  ".join(
        cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(cells, WIDTHS, RIGHT)
    )


def _number(value: Optional[float]) -> str:
    """Return a number for its cell, or nothing."""
    return "" if value is None else f"{value:,.0f}"


def _short(value: Any) -> str:
    """Return a value that fits a line."""
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else repr(value)
    return text if len(text) <= 300 else text[:300] + " ..."
