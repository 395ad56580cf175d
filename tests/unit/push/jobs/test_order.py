"""Which records stay together, and in which order."""

from __future__ import annotations

import random
from typing import Any, Dict, List, Set

import pytest

from sb_sync.push.jobs.names import Name, Uses, find_referring
from sb_sync.push.jobs.order import find_awaited, find_groups
from tests.testapp.models import Customer, Member, Order, OrderLine, Region, Team, Visit


def named(name: str) -> Name:
    return Name(Region, name)


def record(own: str = "", *others: str, deletes: Any = None, bounded: Any = None) -> Uses:
    return Uses(tuple(map(named, own.split())), tuple(map(named, others)), deletes, bounded)


def flat(groups: List[List[int]]) -> List[int]:
    return [place for group in groups for place in group]


def test_records_that_do_not_need_each_other_keep_the_order_of_the_array() -> None:
    assert find_groups([record(f"r{number}") for number in range(5)]) == [[0], [1], [2], [3], [4]]
    assert find_groups([record() for _ in range(3)]) == [[0], [1], [2]]
    assert find_groups([]) == []


def test_a_record_waits_for_a_later_one_to_which_it_refers_and_no_other_moves() -> None:
    uses = [record("a"), record("child", "parent"), record("b"), record("parent"), record("c")]
    assert find_groups(uses) == [[0], [2], [3], [1], [4]]


def test_nobody_waits_for_a_row_that_is_there() -> None:
    uses = [record("child", "parent"), record("b", "other"), record("other", "parent"), record("parent")]
    assert find_awaited(uses) == {named("parent"), named("other")}
    assert find_groups(uses, {named("parent")}) == [[0], [2], [1], [3]]
    assert find_groups(uses, {named("parent"), named("other")}) == [[0], [1], [2], [3]]
    assert find_awaited([record("a"), record("b", "a", "c")]) == set()


def test_a_reference_to_an_earlier_record_moves_nothing() -> None:
    uses = [record("parent"), record("child", "parent"), record("parent"), record("other", "parent")]
    assert find_groups(uses) == [[0], [1], [2], [3]]


def test_of_several_records_of_one_row_the_first_makes_it_and_none_overtakes_another() -> None:
    uses = [record("child", "parent"), record("x"), record("parent"), record("parent"), record("y", "parent")]
    assert find_groups(uses) == [[1], [2], [0], [3], [4]]


def test_records_that_need_each_other_stay_together() -> None:
    uses = [record("team", "lead"), record("x"), record("lead", "team"), record("y")]
    assert find_groups(uses) == [[1], [0, 2], [3]]
    own = [record("tree", "tree"), record("x")]
    assert find_groups(own) == [[0], [1]]


def test_a_chain_from_behind_comes_from_its_end_however_long_it_is() -> None:
    length = 5000
    uses = [record(f"r{number}", f"r{number + 1}") for number in range(length)]
    assert flat(find_groups(uses)) == list(reversed(range(length)))


def test_who_reads_a_row_reads_it_before_its_deletion() -> None:
    # The last record makes the row anew, and the first one has to wait for nothing but its own parent.
    uses = [
        record("a", "late"),
        record("b", "row"),
        record("row", deletes=Region),
        record("late", "row"),
        record("row"),
    ]
    order = flat(find_groups(uses))
    assert order.index(1) < order.index(2) < order.index(3) < order.index(0)
    assert order.index(2) < order.index(4)


def test_deletions_of_what_could_protect_come_before() -> None:
    uses = [record("c", deletes=Customer), record("x"), record("o", deletes=Order), record("l", deletes=OrderLine)]
    assert flat(find_groups(uses)) == [1, 3, 2, 0]


def test_deletions_of_models_that_refer_to_each_other_come_last_one_first_and_of_one_to_itself_stay() -> None:
    both = [record("t", deletes=Team), record("x"), record("m", deletes=Member), record("t2", deletes=Team)]
    assert find_groups(both) == [[1], [0, 2, 3]]
    visits = [record(f"v{number}", deletes=Visit) for number in range(3)]
    assert find_groups(visits) == [[0], [1], [2]]


def test_behind_one_that_waits_those_that_may_take_a_unique_value_keep_their_order() -> None:
    uses = [
        record("before", bounded=Customer),
        record("first", "late", bounded=Customer),
        record("second", bounded=Customer),
        record("other", bounded=Team),
        record("free"),
        record("late"),
        record("third", bounded=Customer),
    ]
    assert find_groups(uses) == [[0], [3], [4], [5], [1], [2], [6]]


def test_behind_one_that_waits_nothing_is_taken_before_it_was_freed() -> None:
    uses = [
        record("a", deletes=Customer),
        record("b", bounded=Customer),
        record("n", bounded=Order),
        record("x", bounded=Team),
        record("o", deletes=Order),
    ]
    # The customer's orders may go with it, and free their own values.
    order = flat(find_groups(uses))
    assert order.index(3) < order.index(0) < order.index(1)
    assert order.index(0) < order.index(2)


def test_nothing_is_freed_before_an_earlier_one_was_refused_for_it() -> None:
    uses = [record("b", "late", bounded=Customer), record("a", deletes=Customer), record("late")]
    assert find_groups(uses) == [[2], [0], [1]]


def test_deletions_move_as_they_did_where_nothing_is_taken_between_them() -> None:
    uses = [record("c", deletes=Customer), record("o", deletes=Order), record("n", bounded=Customer)]
    assert find_groups(uses) == [[1], [0], [2]]


def test_records_that_cannot_keep_the_order_of_their_values_stay_together() -> None:
    uses = [record("child", "parent", bounded=Team), record("x"), record("parent", bounded=Team), record("y")]
    assert find_groups(uses) == [[1], [0, 2], [3]]


def test_where_nothing_waits_unique_values_need_nothing() -> None:
    uses = [record(f"r{number}", bounded=Customer) for number in range(4)]
    assert find_groups(uses) == [[0], [1], [2], [3]]


def test_many_that_may_take_and_free_values_are_ordered_in_little_time() -> None:
    length = 5000
    uses = [record("child", "late", bounded=Customer)]
    uses += [record(f"r{number}", deletes=Order) for number in range(length)]
    uses += [record(f"s{number}", bounded=Order) for number in range(length)]
    uses += [record(f"t{number}", bounded=Customer) for number in range(length)]
    uses += [record("late")]
    places = list(range(1, 2 * length + 1))
    assert flat(find_groups(uses)) == [*places, len(uses) - 1, 0, *range(2 * length + 1, len(uses) - 1)]


def test_what_may_protect_a_row_is_found_however_far_away() -> None:
    assert {Customer, Order, OrderLine, Visit} <= find_referring(Region)
    assert Region not in find_referring(Order)
    assert OrderLine not in find_referring(OrderLine)


@pytest.mark.parametrize("seed", range(200))
def test_at_random_nothing_comes_before_what_it_needs(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"r{number}" for number in range(chance.randint(1, 12))]
    uses = [
        record(chance.choice(names), *chance.sample(names, chance.randint(0, min(2, len(names)))))
        for _ in range(chance.randint(1, 30))
    ]
    groups = find_groups(uses)
    assert sorted(flat(groups)) == list(range(len(uses)))
    group_of = {place: number for number, group in enumerate(groups) for place in group}
    seen: Dict[Name, int] = {}
    for place, each in enumerate(uses):
        for name in each.own:
            # Records of one row keep their order.
            assert group_of[seen.get(name, place)] <= group_of[place]
            seen[name] = place
    written: Set[Name] = {name for each in uses for name in each.own}
    for place, each in enumerate(uses):
        for name in set(each.others) & written:
            writers = [other for other, its in enumerate(uses) if name in its.own]
            before = [other for other in writers if other < place]
            needed = before[-1] if before else writers[0]
            assert group_of[needed] <= group_of[place]
