"""Whatever happens, a client that is whole holds exactly the rows of its scope."""

from __future__ import annotations

import os

import pytest

from tests.acceptance.oracle.play import play

pytestmark = pytest.mark.django_db(transaction=True)

#: How many seeds are played; the environment names more.
RUNS = int(os.environ.get("SB_SYNC_ORACLE_RUNS", "200"))
FIRST = int(os.environ.get("SB_SYNC_ORACLE_FIRST", "1"))
CHUNK = 10


@pytest.mark.parametrize("first", range(FIRST, FIRST + RUNS, CHUNK))
def test_clients_end_with_exactly_the_rows_of_their_scope(first: int) -> None:
    for seed in range(first, min(first + CHUNK, FIRST + RUNS)):
        play(seed, restores=seed % 10 == 0)
