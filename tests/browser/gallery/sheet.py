"""The contact sheet: all pictures of a folder beside each other."""

from __future__ import annotations

from html import escape
from itertools import groupby
from pathlib import Path
from typing import Sequence

__all__ = ["write_sheet"]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; background: #f4f5f7; color: #1c2430; }
h2 { border-top: 1px solid #ccd2da; margin-top: 2rem; padding-top: 1rem; }
.row { align-items: flex-start; display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; }
img { border: 1px solid #ccd2da; display: block; max-height: 40rem; width: 26rem; }
img { object-fit: cover; object-position: top; }
.phone img { width: 11rem; }
figcaption { color: #56606e; font-size: 13px; }
"""


def write_sheet(folder: Path, pictures: Sequence[Path]) -> Path:
    """Write `index.html` into the folder, a line for each page and state, and return its path."""
    lines = []
    for title, group in groupby(pictures, key=lambda path: path.stem.rpartition("--")[0]):
        lines.append(f"<h2>{escape(title.replace('--', ': '))}</h2><div class=row>")
        for path in group:
            name, kind = escape(path.name), escape(path.stem.rpartition("--")[2])
            size = kind.partition("-")[0]
            lines.append(
                f'<figure class={size}><a href="{name}"><img src="{name}" alt="{escape(path.stem)}" loading=lazy></a>'
                f"<figcaption>{kind}</figcaption></figure>"
            )
        lines.append("</div>")
    page = folder / "index.html"
    head = f"<!doctype html><meta charset=utf-8><title>Staff pages</title><style>{STYLE}</style><h1>Staff pages</h1>"
    page.write_text(head + "\n".join(lines), encoding="utf-8")
    return page
