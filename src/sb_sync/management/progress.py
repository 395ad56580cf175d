"""How far a long piece of work is, for people who wait for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping, Optional

__all__ = ["Progress", "showing_progress"]

WIDTH = 20
CLEAR = "\r\x1b[2K"

#: Takes what is done, of how many where that is known, and what comes next.
Progress = Callable[[int, Optional[int], str], None]


@contextmanager
def showing_progress(stream: Any, options: Mapping[str, Any]) -> Iterator[Progress]:
    """Give the work inside a line of a terminal to say how far it is; it is gone afterwards.

    Where no terminal is at the other end, or silence or JSON is asked for, nothing is written.
    """
    if not (stream.isatty() and options["verbosity"] and not options.get("json")):
        yield _say_nothing
        return

    def show(done: int, total: Optional[int], what: str) -> None:
        # In no colour: that of a command's errors is red.
        stream.write(CLEAR + _format(done, total, what), style_func=str, ending="")
        stream.flush()

    try:
        yield show
    finally:
        stream.write(CLEAR, style_func=str, ending="")


def _say_nothing(done: int, total: Optional[int], what: str) -> None:
    """Take what nobody wants to see."""


def _format(done: int, total: Optional[int], what: str) -> str:
    if not total:
        return f"{done:,} {what}"
    filled = WIDTH * done // total
    return "[{}{}] {}/{} {}".format("#" * filled, "." * (WIDTH - filled), done, total, what)
