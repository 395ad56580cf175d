"""Snapshots made of numbers, some of which are missing."""

from __future__ import annotations

import random
from typing import List, Set

import pytest

from sb_sync.feed.backends.base import Window
from sb_sync.feed.backends.mysql_snapshots import (
    Interval,
    OpenTransactions,
    Settlement,
    Snapshot,
    intersect,
    subtract,
    unseen_intervals,
)

SIZE = 40


def numbers(intervals: List[Interval]) -> Set[int]:
    return {number for first, last in intervals for number in range(first, min(last, SIZE) + 1)}


def intervals(chosen: Set[int]) -> List[Interval]:
    return subtract([Interval(1, SIZE)], [Interval(each, each) for each in range(1, SIZE + 1) if each not in chosen])


@pytest.mark.parametrize("seed", range(50))
def test_intervals_are_subtracted_and_intersected_as_the_sets_they_stand_for(seed: int) -> None:
    dice = random.Random(seed)
    one, two = ({each for each in range(1, SIZE + 1) if dice.random() < dice.choice([0.1, 0.5, 0.9])} for _ in "ab")
    assert numbers(intervals(one)) == one
    assert numbers(subtract(intervals(one), intervals(two))) == one - two
    assert numbers(intersect(intervals(one), intervals(two))) == one & two


@pytest.mark.parametrize("seed", range(50))
def test_a_window_holds_what_its_target_sees_and_its_base_did_not(seed: int) -> None:
    dice = random.Random(seed)
    high = dice.randint(0, SIZE)
    base = {each for each in range(1, high + 1) if dice.random() < 0.7}
    target = base | {each for each in range(1, SIZE + 1) if dice.random() < 0.6}

    def text(seen: Set[int], last: int) -> str:
        return Snapshot(last, tuple(subtract([Interval(1, last)], intervals(seen)) if last else ())).as_text()

    window = Window(text(base, high), text(target, SIZE))
    assert numbers(unseen_intervals(window)) == target - base
    assert numbers(unseen_intervals(window, 17)) == {each for each in target - base if each >= 17}


def test_a_snapshot_is_read_as_it_was_written() -> None:
    snapshot = Snapshot(90, (Interval(3, 3), Interval(50, 60)))
    assert Snapshot.parse(snapshot.as_text()) == snapshot
    assert Snapshot.parse(f"{snapshot.as_text()};10,80,7,99").settlement == Settlement(10, 80, 7, 99)
    assert Snapshot.parse(None) == Snapshot()


def test_numbers_below_the_floor_are_not_asked_for_again() -> None:
    snapshot = Snapshot(90, (Interval(3, 8), Interval(20, 30), Interval(50, 60)), Settlement(25))
    assert snapshot.open_intervals(95) == [Interval(26, 30), Interval(50, 60), Interval(91, 95)]


def test_numbers_are_settled_once_all_that_were_open_have_ended() -> None:
    first = Settlement().advance(100, OpenTransactions((7, 9), 9), now=1)
    assert (first.floor, first.candidate, first.limit) == (0, 100, 10)
    waiting = first.advance(150, OpenTransactions((9, 11), 11), now=2)
    assert (waiting.floor, waiting.candidate, waiting.limit) == (0, 100, 10)
    settled = waiting.advance(200, OpenTransactions((11, 12), 12), now=3)
    assert (settled.floor, settled.candidate, settled.limit) == (100, 200, 13)
    assert settled.advance(300, OpenTransactions((), 0), now=4).floor == 300
