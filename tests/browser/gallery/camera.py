"""Take pictures of pages: light and dark, on a phone and on a desktop."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence

from tests.browser.gallery.pages import Shot
from tests.browser.visitor import THEMES, Visitor

__all__ = ["SIZES", "photograph"]

SIZES: Dict[str, Dict[str, int]] = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}


def photograph(
    visitor: Visitor, shots: Iterable[Shot], folder: Path, *, sizes: Sequence[str] = tuple(SIZES), is_whole: bool = True
) -> List[Path]:
    """Write a picture of each page in each theme and size; `is_whole` takes all of a page, else what a window shows.

    Returns the files. What a page does wrong is told by `visitor.unexpected()`.
    """
    taken = []
    page: Any = visitor.page
    for shot in shots:
        for size in sizes:
            page.set_viewport_size(SIZES[size])
            visitor.go_to(shot.path, status=shot.status)
            page.wait_for_load_state("networkidle")
            for theme in THEMES:
                visitor.switch_theme(theme)
                path = folder / f"{shot.name}--{shot.state}--{size}-{theme}.png"
                page.screenshot(path=str(path), full_page=is_whole, animations="disabled")
                taken.append(path)
    return taken
