"""The search for cycles rests while records are worked on, and goes on afterwards whatever happened."""

from __future__ import annotations

import gc
import threading

import pytest

from sb_sync.optimizations.collector import paused_collection


def test_the_search_rests_inside_and_goes_on_after_an_error() -> None:
    def fail() -> None:
        with paused_collection():
            assert not gc.isenabled()
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert gc.isenabled()


def test_the_search_rests_until_the_last_of_several_threads_is_done() -> None:
    is_inside, may_end = threading.Event(), threading.Event()

    def work() -> None:
        with paused_collection():
            is_inside.set()
            may_end.wait(10)

    other = threading.Thread(target=work)
    with paused_collection():
        other.start()
        assert is_inside.wait(10)
    assert not gc.isenabled()
    may_end.set()
    other.join()
    assert gc.isenabled()


def test_who_runs_without_the_search_goes_on_without() -> None:
    gc.disable()
    try:
        with paused_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
