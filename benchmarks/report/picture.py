"""A picture for the documentation: each figure on a scale on which its floor and its stretch stand at fixed places."""

from __future__ import annotations

import math
from html import escape
from typing import Any, Dict, List, Sequence

from benchmarks.report.document import figures_of
from benchmarks.report.figures import limit, ratio

__all__ = ["draw"]

LINE, TOP, LEFT, WIDTH, RIGHT = 34, 46, 400, 360, 150
FLOOR_AT, STRETCH_AT = 0.45, 0.75
STYLE = """
  svg { --ink: #1b1f24; --soft: #6e7781; --line: #d0d7de; --bar: #1f6feb; --short: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --bar: #4493f8; --short: #f0883e; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .soft { fill: var(--soft); font-size: 11px; }
  .bar { fill: var(--bar); } .short { fill: var(--short); }
  .line { stroke: var(--line); stroke-width: 1; }
"""


def draw(document: Dict[str, Any]) -> str:
    """Return the picture of a run as SVG. Longer is better in every line."""
    rows = [row for row in figures_of(document["results"]) if row["ratio"] is not None]
    height = TOP + LINE * len(rows) + 12
    width = LEFT + WIDTH + RIGHT
    marks = [(FLOOR_AT, "floor"), (STRETCH_AT, "stretch")]
    shapes: List[str] = []
    for at, name in marks:
        x = LEFT + WIDTH * at
        shapes.append(f'<line class="line" x1="{x:.0f}" y1="{TOP - 14}" x2="{x:.0f}" y2="{height - 8}"/>')
        shapes.append(f'<text class="soft" x="{x:.0f}" y="{TOP - 20}" text-anchor="middle">{name}</text>')
    for number, row in enumerate(rows):
        shapes += _draw_row(row, TOP + LINE * number)
    title = "What sb_sync reaches of its floors and stretches; longer is better"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n" + "\n".join(shapes) + "\n</svg>\n"
    )


def _draw_row(row: Dict[str, Any], y: int) -> Sequence[str]:
    length = max(2.0, WIDTH * _place(row))
    kind = "bar" if row["met"] else "bar short"
    limits = "{} · {}".format(limit(row, "floor"), limit(row, "stretch"))
    return [
        f'<text x="{LEFT - 12}" y="{y + 12}" text-anchor="end">{escape(row["name"])}</text>',
        f'<text class="soft" x="{LEFT - 12}" y="{y + 25}" text-anchor="end">{escape(limits)}</text>',
        f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{length:.1f}" height="16" rx="2"/>',
        f'<text x="{LEFT + length + 8:.1f}" y="{y + 13}">{escape(ratio(row))}</text>',
    ]


def _place(row: Dict[str, Any]) -> float:
    """Return where a ratio stands between 0 and 1: by its logarithm, through the places of floor and stretch."""
    good = max(float(row["ratio"]), 1e-6)
    span = math.log(row["stretch"] / row["floor"])
    return min(1.0, max(0.0, FLOOR_AT + (STRETCH_AT - FLOOR_AT) * math.log(good / row["floor"]) / span))
