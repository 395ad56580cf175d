"""Fourth step: as many records as one answer holds, models in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Dict, List, Optional, Sequence, Tuple

from sb_sync.access import Scope
from sb_sync.feed import Reading, Start
from sb_sync.pull.plan import PassPlan
from sb_sync.pull.read import read_slice
from sb_sync.pull.request import reading_of
from sb_sync.pull.stand import Place, Stand

__all__ = ["Page", "Progress", "fill_page"]

# Older ones are renewed though nothing happened, before what they name is purged.
RENEWAL_AGE = timedelta(days=1)


@dataclass(frozen=True)
class Progress:
    """How far one model came. `position` is where it goes on, None where its pass ended or none was begun."""

    stand: Stand
    records: Sequence[Dict[str, Any]] = ()
    position: Place = None
    is_waiting: bool = False
    is_idle: bool = False
    is_reset: bool = False

    @property
    def has_ended(self) -> bool:
        """Tell whether the model came to the end of its pass."""
        return self.position is None and not self.is_waiting


@dataclass(frozen=True)
class Page:
    """What was read of one database, in one snapshot."""

    using: str
    reading: Reading
    opens: bool
    progress: Tuple[Progress, ...]

    @property
    def records(self) -> List[Dict[str, Any]]:
        """Return all records, in order."""
        return [record for item in self.progress for record in item.records]

    @property
    def is_whole(self) -> bool:
        """Tell whether what the client then holds is the database at this moment.

        Rows are read as they are now, which may be later than the end of a pass that an earlier answer opened: so
        only a pass that one answer opened and ended is whole.
        """
        return self.opens and all(item.has_ended for item in self.progress)

    @property
    def needs_checkpoint(self) -> bool:
        """Tell whether cursors must name this snapshot: a pass was opened, and not for nothing."""
        if not self.opens or not self.progress:
            return False
        is_idle = all(item.is_idle for item in self.progress)
        return not is_idle or any(self._is_old(item.stand) for item in self.progress)

    def _is_old(self, stand: Stand) -> bool:
        return stand.base is not None and self.reading.started_at - stand.base.taken_at > RENEWAL_AGE


def fill_page(reading: Reading, scope: Scope, plan: PassPlan, limit: int) -> Page:
    """Read at most `limit` records; a model is begun only when those before it have ended."""
    progress: List[Progress] = []
    room = limit
    for stand in plan.stands:
        item = _read_model(reading, scope, plan, stand=stand, room=room)
        progress.append(item)
        # What comes after a model that has not ended might be its children.
        room = 0 if item.position is not None else room - len(item.records)
    return Page(reading.using, reading, plan.opens, tuple(progress))


def _read_model(reading: Reading, scope: Scope, plan: PassPlan, *, stand: Stand, room: int) -> Progress:
    """Read what there is room for of one model."""
    if plan.is_waiting(stand):
        return Progress(stand, is_waiting=True)
    if not plan.has_news(stand):
        return Progress(stand, is_idle=True)
    if room == 0:
        unread: Optional[Place] = stand.position or Start()
        return Progress(stand, position=unread, is_reset=stand.is_reset)
    with reading_of(stand.label):
        part = read_slice(reading, scope, stand, room)
    return Progress(stand, part.records, part.position, is_idle=part.is_idle, is_reset=stand.is_reset or part.is_reset)
