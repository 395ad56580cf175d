"""Say things to whoever runs `./dev`."""

from __future__ import annotations

import sys
from typing import List, Sequence


class Stop(Exception):
    """The command cannot go on; the message says why and what to do."""


def say(text: str = "") -> None:
    """Print one message at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows under a head, numbers to the right."""
    lines: List[List[str]] = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    is_number = [all(_is_number(line[column]) for line in lines[1:]) for column in range(len(head))]
    shown = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(line, widths, is_number)
        ).rstrip()
        for line in lines
    ]
    shown.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(shown)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() or text in ("", "-")
