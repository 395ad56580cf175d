"""What deletions reach, each row once."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

from sb_sync.push.cascades import Effect
from sb_sync.push.order import Access, Mode
from sb_sync.push.reach import FEW, Reach


def tree(size: int) -> Dict[Any, List[Tuple[Any, Effect]]]:
    """Return a chain of rows, each of which goes with the one before it."""
    return {("row", place): [(("row", place + 1), Effect.TAKEN)] for place in range(size - 1)}


def delete(reach: Reach, place: int, row: Any) -> Any:
    found = reach.find([row])
    reach.cover(place, found, [Access(each, Mode.TAKE) for each in found.rows])
    return found


@pytest.mark.parametrize("is_upward", [False, True])
def test_a_chain_is_walked_once_however_many_of_its_rows_go(is_upward: bool) -> None:
    sizes = {}
    for size in (200, 2000):
        reach = Reach(tree(size), {})
        rows = [("row", place) for place in range(size)]
        found = [delete(reach, place, row) for place, row in enumerate(rows[::-1] if is_upward else rows)]
        sizes[size] = sum(len(each.rows) + len(each.covers) for each in found)
    assert sizes[2000] < 15 * sizes[200]


def test_a_deletion_around_another_takes_its_cover_as_its_own() -> None:
    reach = Reach(tree(5), {})
    delete(reach, 0, ("row", 3))
    around = delete(reach, 1, ("row", 1))
    assert (list(around.rows), around.covers) == ([("row", 1), ("row", 2), ("row", 3)], [0])
    # Whoever touches a row of the inner one comes after the outer one.
    assert reach.touch(Access(("row", 4), Mode.PUT)) == 1
    assert reach.touch(Access(("row", 0), Mode.PUT)) is None


def test_what_was_touched_is_walked_again() -> None:
    reach = Reach(tree(5), {})
    delete(reach, 0, ("row", 2))
    reach.touch(Access(("row", 4), Mode.PUT))
    again = delete(reach, 1, ("row", 0))
    assert (len(again.rows), again.covers) == (5, [])


def test_a_few_rows_below_a_deletion_are_walked_for_themselves() -> None:
    size = FEW + 3
    reach = Reach(tree(size), {})
    delete(reach, 0, ("row", 0))
    assert reach.find([("row", 1)]).is_below
    assert len(reach.find([("row", size - 3)]).rows) == 3


def test_what_removes_a_guard_does_not_wait_for_the_deletions_that_it_lets_pass() -> None:
    reach = Reach({("row", 0): [(("row", 1), Effect.PROTECTS)]}, {})
    found = reach.find([("row", 0)])
    reach.cover(0, found, [Access(("row", 0), Mode.TAKE), Access(("row", 1), Mode.GUARDED)])
    assert reach.touch(Access(("row", 1), Mode.TAKE)) is None
    assert reach.touch(Access(("row", 1), Mode.PUT)) == 0
