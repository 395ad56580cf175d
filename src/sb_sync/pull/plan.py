"""Second step: which pass the models go on in.

A pass leads models from one snapshot of the database to another; all that a client holds go through it together, so
that it ends with the state of one moment. Between passes a model is at rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import FrozenSet, Mapping, Sequence, Tuple

from sb_sync.access import Scope
from sb_sync.feed import Reading, Start
from sb_sync.pull.memory import Memory
from sb_sync.pull.request import Asked
from sb_sync.pull.stand import Stand, find_stands

__all__ = ["PassPlan", "make_plan"]


@dataclass(frozen=True)
class PassPlan:
    """Where the models of one database stand.

    `opens`: this answer opens a new pass. `changed` are the labels of which the log holds anything that is new, among
    those that enter the new pass with a window of the log.
    """

    stands: Tuple[Stand, ...]
    opens: bool
    changed: FrozenSet[str]

    def is_waiting(self, stand: Stand) -> bool:
        """Tell whether a model is at rest while the others are inside a pass."""
        return not self.opens and stand.position is None

    def has_news(self, stand: Stand) -> bool:
        """Tell whether there may be anything to read of a model."""
        return stand.base is None or not self.opens or stand.label in self.changed


def make_plan(reading: Reading, scope: Scope, asked: Sequence[Asked], memories: Mapping[str, Memory]) -> PassPlan:
    """Find out where each model stands and which pass it is in.

    Raises `InvalidCursor` for what is neither a time nor a cursor.
    """
    stands = find_stands(reading, scope, asked, memories)
    running = [stand.target for stand in stands if stand.target is not None]
    if not running:
        return PassPlan(tuple(stands), opens=True, changed=_find_changed(reading, scope, stands))
    # A model that begins now joins the pass: its rows are read as they are, and its log from that pass's end on.
    newest = max(running, key=lambda checkpoint: checkpoint.id)
    joined = [replace(stand, target=newest, position=Start()) if stand.is_fresh else stand for stand in stands]
    return PassPlan(tuple(joined), opens=False, changed=frozenset())


def _find_changed(reading: Reading, scope: Scope, stands: Sequence[Stand]) -> FrozenSet[str]:
    """Return the labels with anything new in the log, by one statement for all."""
    windows = {stand.asked.synced: (stand.base, None) for stand in stands if stand.base is not None}
    if len(windows) <= 1:
        # The one is read at once: to ask first would cost as much.
        return frozenset(synced.label for synced in windows)
    relations = {stand.label: stand.asked.relations for stand in stands}
    return reading.changed_labels(windows, scope.site_id, relations)
