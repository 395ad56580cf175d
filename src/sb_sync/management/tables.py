"""Tables in a terminal."""

from __future__ import annotations

from typing import Iterator, List, Sequence

__all__ = ["format_table"]

GAP = "  "


def format_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows in columns below their headings."""
    columns: List[Sequence[str]] = list(zip(headings, *rows))
    widths = [max(len(cell) for cell in column) for column in columns]
    return "\n".join(_format_lines(headings, rows, widths))


def _format_lines(headings: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for line in (headings, ["-" * width for width in widths], *rows):
        yield GAP.join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
