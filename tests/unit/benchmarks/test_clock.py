from __future__ import annotations

from typing import List, Tuple

from benchmarks.harness.clock import take_turns


def test_sides_take_turns_in_an_order_that_turns_and_the_first_round_does_not_count() -> None:
    calls: List[Tuple[str, int]] = []

    def side(name: str):
        def run(number: int) -> float:
            calls.append((name, number))
            return float(number)

        return run

    samples = take_turns({"a": side("a"), "b": side("b")}, 2)
    assert samples == {"a": [1.0, 2.0], "b": [1.0, 2.0]}
    assert calls == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]
