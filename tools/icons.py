"""The icons of the staff pages: one file of symbols, made of the icons that are vendored."""

from __future__ import annotations

import re
from pathlib import Path

from tools.environment import ROOT

__all__ = ["SPRITE", "build_sprite"]

STATIC = ROOT / "src" / "sb_sync" / "static" / "sb_sync"
ICONS = STATIC / "vendor" / "bootstrap-icons" / "icons"
SPRITE = STATIC / "dashboard" / "icons.svg"
DRAWING = re.compile(r"<svg[^>]*>\s*(.*?)\s*</svg>", re.DOTALL)


def build_sprite() -> str:
    """Return the file of symbols: each icon under its own name, to be shown by `<use href="icons.svg#name">`."""
    symbols = [_make_symbol(path) for path in sorted(ICONS.glob("*.svg"))]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n{}\n</svg>\n'.format("\n".join(symbols))


def _make_symbol(path: Path) -> str:
    """Return what an icon draws, under its name."""
    found = DRAWING.search(path.read_text(encoding="utf-8"))
    assert found is not None, path
    drawing = re.sub(r">\s+<", "><", found.group(1))
    return f'<symbol id="{path.stem}" viewBox="0 0 16 16">{drawing}</symbol>'
