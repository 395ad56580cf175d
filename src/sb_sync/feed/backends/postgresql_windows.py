"""Which entries lie between two snapshots, as conditions that the log's index can serve.

A snapshot is the text of `pg_current_snapshot()`: `xmin:xmax:xip,xip`. One taken inside a transaction that writes
carries two more parts, the transaction's own number and the last entry it sees of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from sb_sync.feed.backends.base import Position, Window

__all__ = ["LOG_ORDER", "Condition", "Snapshot", "unseen_parts"]

LOG_ORDER = "txid, id"
NUMBER = "%s::text::xid8"
NUMBERS = "%s::text[]::xid8[]"


@dataclass(frozen=True)
class Condition:
    """A piece of a WHERE clause with its values."""

    sql: str
    parameters: Tuple[Any, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        """Return the condition that both hold."""
        return Condition(f"{self.sql} AND {other.sql}", self.parameters + other.parameters)


@dataclass(frozen=True)
class Snapshot:
    """A parsed snapshot."""

    xmax: int
    running: Tuple[int, ...]
    own: Optional[int] = None
    last_own: int = 0

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        """Read the text."""
        parts = text.split(":")
        running = tuple(int(number) for number in parts[2].split(",") if number)
        if len(parts) == 3:
            return cls(int(parts[1]), running)
        return cls(int(parts[1]), running, int(parts[3]), int(parts[4]))

    def sees(self) -> Condition:
        """Return the condition that an entry was seen."""
        seen = Condition(f"txid < {NUMBER}", (str(self.xmax),))
        if self.running:
            seen &= Condition(f"txid <> ALL({NUMBERS})", (_texts(self.running),))
        if self.own is None:
            return seen
        own = str(self.own)
        return Condition(
            f"(({seen.sql} AND txid <> {NUMBER}) OR (txid = {NUMBER} AND id <= %s))",
            (*seen.parameters, own, own, self.last_own),
        )


def unseen_parts(window: Window, after: Optional[Position]) -> List[Condition]:
    """Return conditions that together hold for what the target sees and the base did not, past a position."""
    base, target = Snapshot.parse(window.base), Snapshot.parse(window.target)
    rest = target.sees()
    if after is not None:
        rest &= Condition(f"(txid, id) >= ({NUMBER}, %s)", (str(after.txid), after.id))
    if base.own is not None:
        unseen = base.sees()
        rest &= Condition(f"NOT ({unseen.sql})", unseen.parameters)
    parts = [Condition(f"txid >= {NUMBER}", (str(base.xmax),)) & rest]
    late = tuple(number for number in {*base.running, base.own} if number is not None and number < base.xmax)
    if late:
        parts.append(Condition(f"txid = ANY({NUMBERS})", (_texts(late),)) & rest)
    return parts


def _texts(numbers: Tuple[int, ...]) -> List[str]:
    return [str(number) for number in numbers]
