from __future__ import annotations

import json

from benchmarks.customers import COLUMNS, change_customers, copy_text, make_customers


def test_the_same_seed_makes_the_same_customers_and_another_seed_others() -> None:
    first = make_customers(50, seed=1, manager=7)
    assert make_customers(50, seed=1, manager=7) == first
    assert not {each.id for each in first} & {each.id for each in make_customers(50, seed=2, manager=7)}


def test_a_record_is_about_as_long_as_the_demos() -> None:
    lengths = [len(json.dumps(each.as_record())) for each in make_customers(200, seed=3, manager=7)]
    assert 370 < sum(lengths) / len(lengths) < 470


def test_a_change_differs_in_three_values_of_every_row_from_any_other_round() -> None:
    there = make_customers(50, seed=4, manager=7)
    first, second = change_customers(there, seed=1), change_customers(there, seed=2)
    for before, after in zip(first, second):
        assert before.id == after.id
        differing = {name for name in before.values if before.values[name] != after.values[name]}
        assert {"note", "credit_limit"} <= differing <= {"note", "phone", "credit_limit"}


def test_a_line_of_copy_has_a_value_for_each_column() -> None:
    lines = copy_text(make_customers(20, seed=5, manager=7), 3).decode().splitlines()
    assert len(lines) == 20
    assert {len(line.split("\t")) for line in lines} == {len(COLUMNS)}
