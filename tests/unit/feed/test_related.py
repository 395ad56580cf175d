"""Pages of rows that depend on others."""

from __future__ import annotations

import pytest

from sb_sync.feed.backends.base import Entry, Position
from sb_sync.feed.related import _take_run

ENTRIES = [Entry(1, 1, "region", 5, ("1", "2")), Entry(1, 3, "region", 5, ("3",))]


@pytest.mark.parametrize("last", ["k", ""])
def test_a_page_that_ended_among_the_rows_of_a_run_goes_on_in_that_run(last: str) -> None:
    """The last key given may be an empty text, which is a key like any other."""
    assert _take_run(ENTRIES, Position(1, 1, 2, last)) == ENTRIES[:1]


def test_a_page_that_begins_takes_all_there_is_room_for() -> None:
    assert _take_run(ENTRIES, Position(1, 0, 0, "")) == ENTRIES
