from __future__ import annotations

import pytest

from benchmarks.results import Measured, Result, group_results
from benchmarks.targets import SMALLER_IS_BETTER, TARGETS, Target, target

RATE = Target("rate", "a rate", 0.3, 0.45)
COST = Target("cost", "a cost", 1.3, 1.1, SMALLER_IS_BETTER)


def measured(ours, base, **more) -> Measured:
    return Measured("records/s", "sb_sync", "COPY", {"sb_sync": ours, "COPY": base}, **more)


def test_the_ratio_is_that_of_the_medians_and_the_spread_that_of_the_rounds() -> None:
    found = measured([10.0, 30.0, 20.0], [100.0, 100.0, 50.0])
    assert found.ratio == pytest.approx(20 / 100)
    assert found.spread == pytest.approx((0.4 - 0.1) / 0.2)


def test_a_figure_without_a_base_is_compared_as_it_is() -> None:
    found = Measured("MiB", "sb_sync", None, {"sb_sync": [10.0, 12.0, 18.0]})
    assert (found.ratio, found.spread) == (12.0, pytest.approx(8 / 12))


@pytest.mark.parametrize(
    ("limits", "ratio", "met"),
    [
        (RATE, 0.29, None),
        (RATE, 0.30, "floor"),
        (RATE, 0.45, "stretch"),
        (COST, 1.31, None),
        (COST, 1.3, "floor"),
        (COST, 0.9, "stretch"),
        (RATE, None, None),
    ],
)
def test_what_a_ratio_reaches_depends_on_the_sense_of_its_row(limits, ratio, met) -> None:
    assert limits.met(ratio) == met


def test_a_good_ratio_with_a_fault_reaches_nothing() -> None:
    assert Result(RATE, measured([50.0], [100.0])).met == "stretch"
    assert Result(RATE, measured([50.0], [100.0], faults=["7 entries were logged"])).met is None


def test_every_row_of_the_table_is_one_object_in_its_order_measured_or_not() -> None:
    rows = group_results([Result(each, remark="not asked for") for each in TARGETS])
    assert [row["name"] for row in rows] == list(dict.fromkeys(each.name for each in TARGETS))
    assert len(rows) == 12
    for row in rows:
        assert {"name", "ratio", "floor", "stretch", "spread", "met"} <= set(row)
        assert (row["ratio"], row["spread"], row["met"]) == (None, None, None)


@pytest.mark.parametrize(
    ("push", "pull", "weakest", "met"),
    [
        (0.40, 0.50, "pull", "floor"),
        (0.10, 0.70, "push", None),
        (0.36, 0.90, "pull", "stretch"),
        (0.20, 0.30, "pull", None),
    ],
)
def test_a_row_of_two_figures_shows_the_weaker_one_and_holds_both(push, pull, weakest, met) -> None:
    results = [
        Result(target("sqlite_push"), measured([push], [1.0])),
        Result(target("sqlite_pull"), measured([pull], [1.0])),
    ]
    (row,) = group_results(results)
    limits = target(f"sqlite_{weakest}")
    assert (row["part"], row["met"]) == (weakest, met)
    assert (row["floor"], row["stretch"]) == (limits.floor, limits.stretch)
    assert [part["ratio"] for part in row["parts"]] == [pytest.approx(push), pytest.approx(pull)]
