"""Whatever hangs or fails, an answer comes, and comes soon; however many ask, little is measured."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Callable, Iterator, List

import pytest

from sb_sync.ops import health
from sb_sync.ops.health import DEGRADED, HEALTHY, UNHEALTHY, Finding, Monitor, Probe, worst


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.3)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Something that a check waits for."""
    event = threading.Event()
    yield event
    event.set()


def counting(calls: List[int], work: Callable[[], Any] = lambda: None) -> Callable[[], Finding]:
    def ask() -> Finding:
        calls.append(1)
        work()
        return Finding(HEALTHY, figures={"calls": len(calls)})

    return ask


def test_what_was_found_serves_until_it_is_old() -> None:
    calls: List[int] = []
    monitor = Monitor([Probe("a", counting(calls), failing=UNHEALTHY, good_for=1000)])
    assert [monitor.look()["a"].status for _ in range(5)] == [HEALTHY] * 5
    assert len(calls) == 1
    eager = Monitor([Probe("a", counting(calls), failing=UNHEALTHY, good_for=0)])
    for _ in range(3):
        eager.look()
    assert len(calls) == 4


def test_of_many_that_ask_at_once_one_measures(gate: threading.Event, monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 60)
    calls: List[int] = []
    monitor = Monitor([Probe("a", counting(calls, lambda: gate.wait(30)), failing=UNHEALTHY)])
    found: List[str] = []
    threads = [threading.Thread(target=lambda: found.append(monitor.look()["a"].status)) for _ in range(20)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert (len(calls), found) == (1, [HEALTHY] * 20)


def test_a_check_that_hangs_holds_up_nobody_and_is_not_started_again(gate: threading.Event, caplog: Any) -> None:
    calls: List[int] = []
    hanging = Probe("hangs", counting(calls, lambda: gate.wait(30)), failing=UNHEALTHY)
    monitor = Monitor([hanging, Probe("other", lambda: Finding(HEALTHY), failing=DEGRADED)])
    began = time.monotonic()
    found = monitor.look()
    assert time.monotonic() - began < 3
    assert (found["hangs"].status, found["other"].status) == (UNHEALTHY, HEALTHY)
    assert found["hangs"].detail.startswith("No answer")
    # Now that it is known to hang nobody waits at all.
    began = time.monotonic()
    for _ in range(100):
        assert monitor.look()["hangs"].status == UNHEALTHY
    assert time.monotonic() - began < 3
    assert len(calls) == 1
    assert [record.getMessage()[:28] for record in caplog.records] == ["Health: hangs is unhealthy. "]


def test_a_check_that_answers_again_is_asked_again(gate: threading.Event) -> None:
    calls: List[int] = []
    monitor = Monitor([Probe("a", counting(calls, lambda: gate.wait(30)), failing=UNHEALTHY, good_for=0)])
    assert monitor.look()["a"].status == UNHEALTHY
    gate.set()
    deadline = time.monotonic() + 30
    while monitor.look()["a"].status != HEALTHY and time.monotonic() < deadline:
        pass
    assert monitor.look()["a"].status == HEALTHY


@pytest.mark.parametrize("failing", [DEGRADED, UNHEALTHY])
def test_what_a_check_fails_with_is_what_it_found(failing: str, caplog: Any) -> None:
    def fail() -> Finding:
        raise RuntimeError("the disk is gone")

    found = Monitor([Probe("a", fail, failing=failing)]).look()["a"]
    assert (found.status, found.detail) == (failing, "RuntimeError: the disk is gone")


def test_the_worst_word_counts() -> None:
    assert worst([]) == HEALTHY
    assert worst([HEALTHY, DEGRADED, HEALTHY]) == DEGRADED
    assert worst([UNHEALTHY, DEGRADED]) == UNHEALTHY


def test_a_change_is_logged_once(caplog: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 60)
    statuses = [DEGRADED, DEGRADED, UNHEALTHY, HEALTHY, HEALTHY]
    told = iter(statuses)
    monitor = Monitor([Probe("a", lambda: Finding(next(told), "Why."), failing=UNHEALTHY, good_for=0)])
    with caplog.at_level(logging.INFO, logger="sb_sync"):
        assert [monitor.look()["a"].status for _ in statuses] == statuses
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["Health: a is degraded. Why.", "Health: a is unhealthy. Why.", "Health: a is healthy. Why."]


def test_a_system_without_threads_gives_an_answer_all_the_same(monkeypatch: Any) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monitor = Monitor([Probe("a", lambda: Finding(HEALTHY), failing=UNHEALTHY, good_for=0)])
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        assert monitor.look()["a"] == Finding(UNHEALTHY, "It could not be asked: can't start new thread")
    assert monitor.look()["a"].status == HEALTHY


def test_a_glance_waits_for_nothing_that_hangs_and_tells_what_was_found_last(gate: threading.Event) -> None:
    calls: List[int] = []
    hangs = Probe("hangs", counting(calls, lambda: gate.wait(30)), failing=UNHEALTHY)
    monitor = Monitor([Probe("quick", lambda: Finding(HEALTHY), failing=UNHEALTHY), hangs])
    began = time.monotonic()
    found = monitor.glance(0.05)
    assert time.monotonic() - began < 0.25
    assert found["quick"] == Finding(HEALTHY)
    assert found["hangs"] is None
    time.sleep(health.PATIENCE_SECONDS)
    overdue = monitor.glance(0.0)["hangs"]
    gate.set()
    monitor.glance(10)
    assert overdue is not None
    assert overdue.status == UNHEALTHY


def test_a_glance_tells_what_is_old_and_asks_again() -> None:
    calls: List[int] = []
    monitor = Monitor([Probe("a", counting(calls), failing=UNHEALTHY, good_for=0)])
    first = monitor.glance(10)["a"]
    assert first is not None
    assert first.figures["calls"] == 1
    monitor.glance(0)
    for _ in range(100):
        found = monitor.glance(1)["a"]
        if found is not None and found.figures["calls"] >= 2:
            return
    pytest.fail("nobody asked again")
