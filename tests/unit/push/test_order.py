"""Waves of records that do not touch each other."""

from __future__ import annotations

import random
import sys
from typing import Any, Callable, List, Optional, Set

import pytest

from sb_sync.push.order import DEEP, Access, Mode, Turn, find_order


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


def chain(length: int, *, is_patient: bool, is_backward: bool = False) -> List[List[Access]]:
    """Return records each of which reads the row that the one before it makes."""
    links = [
        [*([Access(str(place - 1), Mode.READ, "parent", is_patient)] if place else []), put(str(place))]
        for place in range(length)
    ]
    return links[::-1] if is_backward else links


@pytest.mark.parametrize("is_backward", [False, True])
def test_a_long_chain_is_shortened_where_references_can_wait(is_backward: bool) -> None:
    order = find_order(chain(500, is_patient=True, is_backward=is_backward), set())
    assert len(order) <= DEEP + 3
    assert {turn.is_eased for wave in order for turn in wave if turn.is_second} == {True}
    first = {turn.place: wave for wave, turns in enumerate(order) for turn in turns if not turn.is_second}
    second = {turn.place: wave for wave, turns in enumerate(order) for turn in turns if turn.is_second}
    for place in range(500):
        maker = place + 1 if is_backward else place - 1
        if maker in first:
            assert second.get(place, first[place]) > first[maker]


def test_a_chain_keeps_its_order_where_references_cannot_wait() -> None:
    assert len(find_order(chain(50, is_patient=False), set())) == 50
    assert len(find_order(chain(DEEP + 1, is_patient=True), set())) == DEEP + 1


def test_a_chain_keeps_its_order_from_where_it_failed_before() -> None:
    order = find_order(chain(50, is_patient=True), set(), stiff={30})
    turns = {turn.place: turn for wave in order for turn in wave if not turn.is_second}
    assert [turns[place].is_eased for place in (20, 29, 30, 31, 49)] == [True, True, False, False, False]
    assert len(order) >= 20


def test_what_follows_a_shortened_link_comes_after_its_second_turn() -> None:
    order = find_order([*chain(40, is_patient=True), [put("39")]], set())
    waves = {(turn.place, turn.is_second): wave for wave, turns in enumerate(order) for turn in turns}
    assert waves[39, False] < waves[39, True] < waves[40, False]


def test_a_circle_of_rows_that_stand_is_read_before_it_is_changed() -> None:
    assert waves([[read("b"), put("a")], [read("a"), put("b")]], {"a"}) == [[1], [0]]


def count_steps(function: Callable[[], Any]) -> int:
    """Return how many lines of Python a call runs."""
    steps = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return steps


def pairs(number: int) -> List[List[Access]]:
    """Return records that refer to each other two by two, some in a way that cannot be put off."""
    records: List[List[Access]] = []
    for place in range(number):
        name = None if place % 3 == 0 else "lead"
        records += [[read(f"b{place}", name), put(f"a{place}")], [read(f"a{place}"), put(f"b{place}")]]
    return records


@pytest.mark.parametrize(
    "make",
    [
        pairs,
        lambda number: chain(number, is_patient=True, is_backward=True),
        lambda number: [[read("p", "one"), put(str(place))] for place in range(number)] + [[put("p")]] * number,
        lambda number: [[Access("x", Mode.GUARDED)]] * number + [[put("x")]] * number + [[Access("x", Mode.TAKE)]],
    ],
    ids=["pairs", "chain", "readers", "guards"],
)
def test_ten_times_the_records_take_about_ten_times_the_steps(make: Callable[[int], List[List[Access]]]) -> None:
    few, many = (count_steps(lambda size=size: find_order(make(size), set())) for size in (60, 600))
    assert many < 20 * few
