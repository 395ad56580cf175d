"""Is everything well? A few true measurements, taken so seldom that anybody may ask as often as they like.

Each check runs in a thread of its own with connections of its own, so that whatever hangs holds up nobody for longer
than `PATIENCE_SECONDS`; while it hangs it is not started again, and is told as without an answer at once.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from django.db import connections

__all__ = ["DEGRADED", "HEALTHY", "PATIENCE_SECONDS", "UNHEALTHY", "Finding", "Monitor", "Probe", "worst"]

logger = logging.getLogger("sb_sync")

HEALTHY, DEGRADED, UNHEALTHY = "healthy", "degraded", "unhealthy"
#: From well to ill.
ORDER = (HEALTHY, DEGRADED, UNHEALTHY)
#: How long an answer waits for a check.
PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Finding:
    """What a check found: a word for everybody, the rest for staff."""

    status: str
    detail: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Probe:
    """A check: what it asks, how bad it is where that fails, and for how many seconds what it found is good."""

    name: str
    ask: Callable[[], Finding]
    failing: str
    good_for: float = 1.0


class Monitor:
    """Ask probes, each at most once at a time and as often as its findings grow old."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        """Take the probes."""
        self._watches = [_Watch(probe) for probe in probes]

    def look(self) -> Dict[str, Finding]:
        """Return what every probe finds, by its name."""
        for watch in self._watches:
            watch.begin()
        return {watch.probe.name: watch.tell() for watch in self._watches}

    def glance(self, seconds: float) -> Dict[str, Optional[Finding]]:
        """Return what every probe found last, None where it found nothing yet: in so many seconds, whatever hangs.

        Findings that are old are asked for again all the same, for whoever looks next.
        """
        ends_at = time.monotonic() + seconds
        for watch in self._watches:
            watch.begin()
        return {watch.probe.name: watch.recall(ends_at) for watch in self._watches}


class _Watch:
    """One probe, with what it found last and the thread in which it asks."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self._lock = threading.Lock()
        self._found: Optional[Finding] = None
        self._ended_at = self._began_at = 0.0
        self._thread: Optional[threading.Thread] = None
        self._logged = HEALTHY

    def begin(self) -> None:
        """Ask, unless that is being done or was done just now."""
        with self._lock:
            is_fresh = self._found is not None and time.monotonic() - self._ended_at < self.probe.good_for
            if self._thread is None and not is_fresh:
                self._began_at = time.monotonic()
                self._start()

    def tell(self) -> Finding:
        """Return what was found, after waiting for it as long as one may."""
        with self._lock:
            thread, waited = self._thread, time.monotonic() - self._began_at
        if thread is not None:
            thread.join(max(0.0, PATIENCE_SECONDS - waited))
        with self._lock:
            # Another thread may have begun since this one ended.
            is_waiting = thread is not None and self._thread is thread
            found, waited = self._found, time.monotonic() - self._began_at
        if is_waiting or found is None:
            found = Finding(self.probe.failing, f"No answer for {waited:.0f} s.")
            self._log(found)
        return found

    def recall(self, ends_at: float) -> Optional[Finding]:
        """Return what was found last, after waiting for something newer until a time; one that hangs is told so."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(max(0.0, ends_at - time.monotonic()))
        with self._lock:
            is_overdue = self._thread is not None and time.monotonic() - self._began_at > PATIENCE_SECONDS
            found = self._found
        return self.tell() if is_overdue else found

    def _start(self) -> None:
        """Begin to ask; where the system has no thread to spare, that is what was found."""
        thread = threading.Thread(target=self._run, name=f"sb_sync {self.probe.name}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._found, self._ended_at = Finding(self.probe.failing, f"It could not be asked: {error}"), self._began_at
        else:
            self._thread = thread

    def _run(self) -> None:
        try:
            found = self.probe.ask()
        except Exception as error:  # noqa: BLE001 - whatever a check fails with is what it found, and is told to staff
            found = Finding(self.probe.failing, f"{type(error).__name__}: {error}")
        finally:
            connections.close_all()
        self._log(found)
        with self._lock:
            self._found, self._ended_at, self._thread = found, time.monotonic(), None

    def _log(self, found: Finding) -> None:
        """Log what changed: asked each second, it must not fill the log with what it has told already."""
        with self._lock:
            is_known, self._logged = self._logged == found.status, found.status
        if not is_known:
            level = logging.INFO if found.status == HEALTHY else logging.WARNING
            logger.log(level, "Health: %s is %s. %s", self.probe.name, found.status, found.detail)


def worst(statuses: Sequence[str]) -> str:
    """Return the worst of several words."""
    return max(statuses, key=ORDER.index, default=HEALTHY)
