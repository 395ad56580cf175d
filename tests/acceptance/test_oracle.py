"""Whatever happens, a client that is whole holds exactly the rows of its scope."""

from __future__ import annotations

import os

import pytest

from tests.acceptance.oracle.faults import FAULTS
from tests.acceptance.oracle.play import play

pytestmark = pytest.mark.django_db(transaction=True)

#: How many seeds are played; the environment names more.
RUNS = int(os.environ.get("SB_SYNC_ORACLE_RUNS", "200"))
FIRST = int(os.environ.get("SB_SYNC_ORACLE_FIRST", "1"))
CHUNK = 10
#: A fault that passes unseen for longer is too well hidden for these runs.
MOST_RUNS_FOR_A_FAULT = 60


@pytest.mark.parametrize("first", range(FIRST, FIRST + RUNS, CHUNK))
def test_clients_end_with_exactly_the_rows_of_their_scope(first: int) -> None:
    play_many(first, min(CHUNK, FIRST + RUNS - first))


@pytest.mark.only_on("sqlite", reason="they are planted in Python, not in a database")
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name](monkeypatch)
    with pytest.raises(AssertionError, match="seed"):
        play_many(1, MOST_RUNS_FOR_A_FAULT)


def play_many(first: int, count: int) -> None:
    """Play seeds from the first on; some with a copy of the database that is put back."""
    for seed in range(first, first + count):
        play(seed, restores=seed % 10 == 0)
