"""Snapshots where numbers are given out in one order and become visible in another.

A snapshot is the text `high:first-last,first-last`: it sees all entries up to `high` but those in the ranges, which
were missing when it was taken: given to transactions that were still open, or rolled back. A checkpoint adds, after a
semicolon, what was known when it was written of the numbers that can never be filled any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import List, NamedTuple, Optional, Sequence, Tuple

from sb_sync.feed.backends.base import Window

__all__ = ["Interval", "OpenTransactions", "Settlement", "Snapshot", "intersect", "subtract", "unseen_intervals"]

# Beyond every number there is.
END = 2**63 - 1


class Interval(NamedTuple):
    """Numbers from first to last, both among them."""

    first: int
    last: int


class OpenTransactions(NamedTuple):
    """The numbers of the transactions that write, as the server told at one moment, our own apart."""

    numbers: Tuple[int, ...]
    newest: int


@dataclass(frozen=True)
class Settlement:
    """What is known of the transactions that had been given numbers.

    When it was written, every transaction that could fill a number up to `floor` had ended. That becomes true of
    `candidate` once no transaction older than `limit` is open. The server was asked last at `asked_at`, in seconds.
    """

    floor: int = 0
    candidate: int = 0
    limit: int = 0
    asked_at: int = 0

    def as_text(self) -> str:
        """Return what `from_text` reads."""
        return f"{self.floor},{self.candidate},{self.limit},{self.asked_at}"

    @classmethod
    def from_text(cls, text: str) -> Settlement:
        """Read the text; an empty one knows of nothing."""
        return cls(*(int(number) for number in text.split(","))) if text else cls()

    def advance(self, high: int, found: OpenTransactions, now: int) -> Settlement:
        """Return what is known after the server told which transactions are open, later than `high` was read."""
        if not found.numbers:
            return Settlement(high, high, 0, now)
        if self.candidate > self.floor and min(found.numbers) < self.limit:
            return replace(self, asked_at=now)
        return Settlement(max(self.floor, self.candidate), high, found.newest + 1, now)


@dataclass(frozen=True)
class Snapshot:
    """A parsed snapshot, with the settlement of the checkpoint that holds it."""

    high: int = 0
    missing: Tuple[Interval, ...] = ()
    settlement: Settlement = Settlement()

    @classmethod
    def parse(cls, text: Optional[str]) -> Snapshot:
        """Read the text; without one nothing was seen."""
        head, _, settlement = (text or "0:").partition(";")
        high, ranges = head.split(":")[:2]
        missing = tuple(_interval(each) for each in ranges.split(",") if each)
        return cls(int(high), missing, Settlement.from_text(settlement))

    def as_text(self) -> str:
        """Return the snapshot without its settlement."""
        return "{}:{}".format(self.high, ",".join(f"{each.first}-{each.last}" for each in self.missing))

    def open_intervals(self, high: int) -> List[Interval]:
        """Return the numbers up to `high` of which a later snapshot must find out whether they can be seen."""
        settled = self.settlement.floor
        left = [Interval(max(each.first, settled + 1), each.last) for each in self.missing if each.last > settled]
        return left + ([Interval(self.high + 1, high)] if high > self.high else [])


def unseen_intervals(window: Window, since: int = 0) -> List[Interval]:
    """Return the numbers, from `since` on, that the target of a window sees and the base did not."""
    base, target = Snapshot.parse(window.base), Snapshot.parse(window.target)
    unseen = [*base.missing, Interval(base.high + 1, END)]
    seen = subtract([Interval(max(since, 1), target.high)], target.missing) if target.high else []
    return intersect(unseen, seen)


def subtract(intervals: Sequence[Interval], others: Sequence[Interval]) -> List[Interval]:
    """Return the numbers of sorted intervals that are in none of the other sorted ones."""
    left: List[Interval] = []
    position = 0
    for first, last in intervals:
        while position < len(others) and others[position].last < first:
            position += 1
        start, place = first, position
        while place < len(others) and others[place].first <= last:
            if others[place].first > start:
                left.append(Interval(start, others[place].first - 1))
            start = max(start, others[place].last + 1)
            place += 1
        if start <= last:
            left.append(Interval(start, last))
    return left


def intersect(intervals: Sequence[Interval], others: Sequence[Interval]) -> List[Interval]:
    """Return the numbers that are in both of two sorted lists of intervals."""
    common: List[Interval] = []
    one = two = 0
    while one < len(intervals) and two < len(others):
        first = max(intervals[one].first, others[two].first)
        last = min(intervals[one].last, others[two].last)
        if first <= last:
            common.append(Interval(first, last))
        if intervals[one].last < others[two].last:
            one += 1
        else:
            two += 1
    return common


def _interval(text: str) -> Interval:
    first, _, last = text.partition("-")
    return Interval(int(first), int(last or first))
