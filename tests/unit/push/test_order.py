"""Waves of records that do not touch each other."""

from __future__ import annotations

import random
from typing import List, Optional, Set

import pytest

from sb_sync.push.order import Access, Mode, Turn, find_order


def put(row: str) -> Access:
    return Access(row, Mode.PUT)


def read(row: str, field: Optional[str] = None) -> Access:
    return Access(row, Mode.READ, field)


def waves(accesses: List[List[Access]], present: Optional[Set[str]] = None) -> List[List[int]]:
    return [[turn.place for turn in wave] for wave in find_order(accesses, set(present or ()))]


def test_records_of_different_rows_share_a_wave() -> None:
    assert waves([[put("a")], [put("b")], [put("c")]]) == [[0, 1, 2]]


def test_records_of_one_row_follow_each_other() -> None:
    assert waves([[put("a")], [put("b")], [put("a")]]) == [[0, 1], [2]]


def test_readers_of_a_row_share_a_wave() -> None:
    assert waves([[read("p"), put("a")], [read("p"), put("b")], [put("p")]], {"p"}) == [[0, 1], [2]]


def test_a_reader_comes_after_the_record_that_makes_the_row() -> None:
    assert waves([[read("p"), put("a")], [put("p")]]) == [[1], [0]]


def test_a_reader_of_a_row_that_is_there_comes_before_its_change() -> None:
    assert waves([[read("p"), put("a")], [put("p")]], {"p"}) == [[0], [1]]


def test_a_row_that_is_deleted_and_made_again_is_read_between_or_after() -> None:
    order = waves([[Access("p", Mode.TAKE)], [read("p"), put("a")], [put("p")]], {"p"})
    assert order == [[0], [2], [1]]


def test_what_a_later_record_takes_does_not_guard() -> None:
    order = waves([[Access("l", Mode.GUARDED), Access("p", Mode.TAKE)], [Access("l", Mode.TAKE)]], {"l", "p"})
    assert order == [[1], [0]]


def test_what_a_later_record_only_changes_guards() -> None:
    order = waves([[Access("l", Mode.GUARDED), Access("p", Mode.TAKE)], [Access("l", Mode.TOUCH)]], {"l", "p"})
    assert order == [[0], [1]]


def test_a_circle_is_broken_by_a_second_turn_that_comes_before_what_follows() -> None:
    order = find_order([[read("b", "lead"), put("a")], [read("a"), put("b")], [put("a")]], set())
    assert order == [
        [Turn(0, frozenset({"lead"}))],
        [Turn(1)],
        [Turn(0, frozenset({"lead"}), is_second=True)],
        [Turn(2)],
    ]


def test_a_record_that_names_itself_has_a_second_turn() -> None:
    order = find_order([[read("a", "parent"), put("a")]], set())
    assert [[turn.is_second for turn in wave] for wave in order] == [[False], [True]]


def test_a_circle_that_nothing_can_put_off_is_left_to_fail() -> None:
    order = waves([[read("b"), put("a")], [read("a"), put("b")]])
    assert sorted(place for wave in order for place in wave) == [0, 1]


@pytest.mark.parametrize("seed", range(200))
def test_every_record_has_its_turn_whatever_touches_whatever(seed: int) -> None:
    chance = random.Random(seed)
    rows = [chr(97 + place) for place in range(chance.randint(1, 6))]
    accesses = [
        [
            Access(chance.choice(rows), chance.choice(list(Mode)), chance.choice([None, "one", "two"]))
            for _ in range(chance.randint(1, 4))
        ]
        for _ in range(chance.randint(1, 30))
    ]
    order = find_order(accesses, set(chance.sample(rows, chance.randint(0, len(rows)))))
    turns = [turn for wave in order for turn in wave]
    assert sorted(turn.place for turn in turns if not turn.is_second) == list(range(len(accesses)))
    seen: Set[int] = set()
    for turn in turns:
        assert turn.is_second == (turn.place in seen)
        seen.add(turn.place)
