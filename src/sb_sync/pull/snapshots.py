"""Between the steps: each database that a pull asks is read in one snapshot of it."""

from __future__ import annotations

import logging
from typing import Dict, List, Mapping, Sequence, Tuple

from sb_sync import feed
from sb_sync.access import Scope
from sb_sync.protocol import UNAVAILABLE
from sb_sync.pull.memory import Memory
from sb_sync.pull.page import Page, fill_page
from sb_sync.pull.plan import make_plan
from sb_sync.pull.request import Asked, PullRequest, Refused, Unreadable
from sb_sync.wire import remember_field_lists

__all__ = ["read_pages"]


logger = logging.getLogger("sb_sync")


def read_pages(scope: Scope, request: PullRequest, memories: Mapping[str, Memory]) -> Tuple[List[Page], List[Refused]]:
    """Read each database in turn; those after a full answer only open or keep their pass."""
    by_database: Dict[str, List[Asked]] = {}
    for item in request.asked:
        by_database.setdefault(item.synced.database, []).append(item)
    refused = list(request.refused)
    pages: List[Page] = []
    room = request.batch_size
    for using, items in by_database.items():
        page, unavailable = _read_what_can_be(using, scope, items, memories=memories, room=room)
        room -= len(page.records)
        pages.append(page)
        refused.extend(unavailable)
    return pages, refused


def _read_what_can_be(
    using: str, scope: Scope, items: Sequence[Asked], *, memories: Mapping[str, Memory], room: int
) -> Tuple[Page, List[Refused]]:
    """Read one database; without a model whose rows cannot be read, so that it does not keep the others from a client.

    Begun anew for each such model: a snapshot in which a statement failed may be of no more use.
    """
    refused: List[Refused] = []
    while True:
        try:
            page, missing = _read_page(using, scope, items, memories=memories, room=room)
        except Unreadable as error:
            logger.exception("Rows of %s cannot be read.", error.label)
            refused.append(Refused(error.label, UNAVAILABLE))
            items = [item for item in items if item.synced.label != error.label]
        else:
            return page, [*refused, *missing]


def _read_page(
    using: str, scope: Scope, items: Sequence[Asked], *, memories: Mapping[str, Memory], room: int
) -> Tuple[Page, List[Refused]]:
    """Read one database in one snapshot; where it was moved to another system, cursors begin again first."""
    remember_field_lists(using)
    try:
        return _read_snapshot(using, scope, items, memories=memories, room=room)
    except feed.EpochChanged:
        feed.begin_epoch(using)
        return _read_snapshot(using, scope, items, memories=memories, room=room)


def _read_snapshot(
    using: str, scope: Scope, items: Sequence[Asked], *, memories: Mapping[str, Memory], room: int
) -> Tuple[Page, List[Refused]]:
    """Read what there is room for, of the models whose changes are recorded."""
    models = [item.synced for item in items]
    relations = {item.synced.label: item.relations for item in items}
    with feed.reading(using, models, relations) as reading:
        captured = reading.captured(models, relations)
        served = [item for item in items if item.synced.label in captured]
        missing = [Refused(item.synced.label, UNAVAILABLE) for item in items if item.synced.label not in captured]
        return fill_page(reading, scope, make_plan(reading, scope, served, memories), room), missing
