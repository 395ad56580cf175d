"""Take turns: so that what the machine does beside us falls on every side alike."""

from __future__ import annotations

import gc
from typing import Callable, Dict, List, Mapping

__all__ = ["take_turns"]

#: A side does its work of one round and returns its figure.
Side = Callable[[int], float]


def take_turns(sides: Mapping[str, Side], repetitions: int) -> Dict[str, List[float]]:
    """Return each side's figures; the first round warms up and does not count.

    The order turns with every round, so that no side always follows the same other one.
    """
    samples: Dict[str, List[float]] = {name: [] for name in sides}
    names = list(sides)
    for number in range(repetitions + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            gc.collect()
            gc.disable()
            try:
                figure = sides[name](number)
            finally:
                gc.enable()
            if number:
                samples[name].append(figure)
    return samples
