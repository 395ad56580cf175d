"""Faults that a synchroniser may have, planted one at a time: each must make the runs fail."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import pytest

from sb_sync.feed import KeyPosition, reader
from sb_sync.protocol import REASON
from sb_sync.pull import answer, read
from sb_sync.pull.read import Slice
from sb_sync.push.conflicts import Versions


def drop_tombstones(patch: pytest.MonkeyPatch) -> None:
    """Tell of no row that left the scope."""
    make = read._make_tombstones

    def drop(*arguments: Any) -> List[Any]:
        return [record for record in make(*arguments) if record[REASON] != "out_of_scope"]

    patch.setattr(read, "_make_tombstones", drop)


def drop_deletions(patch: pytest.MonkeyPatch) -> None:
    """Tell of no row that is gone."""
    make = read._make_tombstones

    def drop(*arguments: Any) -> List[Any]:
        return [record for record in make(*arguments) if record[REASON] != "deleted"]

    patch.setattr(read, "_make_tombstones", drop)


def skip_a_row_between_pages(patch: pytest.MonkeyPatch) -> None:
    """Go on one row too far after a page of a table."""
    read_table = read._read_table

    def skip(*arguments: Any) -> Slice:
        found = read_table(*arguments)
        if isinstance(found.position, KeyPosition) and len(found.records) > 1:
            return Slice(found.records[:-1], found.position)
        return found

    patch.setattr(read, "_read_table", skip)


def ignore_conflicts(patch: pytest.MonkeyPatch) -> None:
    """Take every version for the one that is stored."""
    patch.setattr(Versions, "is_current", lambda *arguments: True)


def forget_resets(patch: pytest.MonkeyPatch) -> None:
    """Begin again without telling."""
    describe = answer._describe

    def forget(*arguments: Any) -> Dict[str, Any]:
        return {name: value for name, value in describe(*arguments).items() if name != "reset"}

    patch.setattr(answer, "_describe", forget)


def forget_relations(patch: pytest.MonkeyPatch) -> None:
    """Read the log of a model's own tables only."""
    find_related = reader.find_related
    patch.setattr(reader, "find_related", lambda plan, site_id, relations: find_related(plan, site_id, ()))


FAULTS: Dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "rows that leave the scope are not told": drop_tombstones,
    "deleted rows are not told": drop_deletions,
    "a row between two pages is skipped": skip_a_row_between_pages,
    "a conflict is ignored": ignore_conflicts,
    "a reset is forgotten": forget_resets,
    "a relation is forgotten": forget_relations,
}
