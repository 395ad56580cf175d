"""Bounds of a statement: how many values a database takes at once."""

from __future__ import annotations

from typing import Any, Iterator, Sequence

from django.db import connections

__all__ = ["split"]

# Where the database sets no bound: keeps a statement's text within some hundred kilobytes.
LONGEST = 10_000
# Left free below a bound: for the organization, row filters and whatever else stands in a statement besides.
SPARE = 99


def split(values: Sequence[Any], using: str, *, width: int = 1) -> Iterator[Sequence[Any]]:
    """Yield runs of values that fit into one statement, each taking `width` parameters."""
    bound = connections[using].features.max_query_params
    room = LONGEST if bound is None else min(bound - SPARE, LONGEST)
    size = max(1, room // width)
    for start in range(0, len(values), size):
        yield values[start : start + size]
