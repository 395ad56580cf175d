"""How the server is, check by check, with what to do where one finds something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Tuple

from django.utils.translation import gettext_lazy as _

from sb_sync.ops.health import DEGRADED, HEALTHY, UNHEALTHY, Finding, worst
from sb_sync.ops.probes import monitor

__all__ = ["Check", "Condition", "begin", "look"]

#: How long a page waits for what a check finds anew, in seconds, before it shows what was found last.
PATIENCE = 0.1
TITLES: Mapping[str, Any] = {
    "database": _("Database"),
    "cache": _("Cache"),
    "logging": _("Log file"),
    "feed": _("Change feed"),
    "memory": _("Memory"),
    "broker": _("Message broker"),
}
NEXT_STEPS: Mapping[str, Any] = {
    "database": _("See that the database server runs, and that its address and password in DATABASES are right."),
    "cache": _("See that the server of CACHES runs; several processes need one that they share."),
    "logging": _("Let the server's user write into the folder, or name another one in SB_SYNC_LOG_DIR."),
    "feed": _("Run manage.py sync_feed --action verify: it names what is wrong, and the command that mends it."),
    "memory": _("Lower MAX_BATCH_SIZE and MAX_PUSH_RECORDS, or give the process more memory."),
    "broker": _("See that the broker of CELERY_BROKER_URL runs; sync_jobs --action work does its jobs meanwhile."),
}
WORDS: Mapping[str, Tuple[Any, str, str]] = {
    HEALTHY: (_("Healthy"), "good", "check-circle"),
    DEGRADED: (_("Degraded"), "warn", "exclamation-triangle"),
    UNHEALTHY: (_("Unhealthy"), "bad", "exclamation-octagon"),
}
UNKNOWN: Tuple[Any, str, str] = (_("Being checked"), "info", "hourglass-split")
SUMMARIES: Mapping[str, Any] = {
    HEALTHY: _("Everything is healthy"),
    DEGRADED: _("Something needs attention"),
    UNHEALTHY: _("Something does not work"),
}


@dataclass(frozen=True)
class Check:
    """What one check found, None where it has found nothing yet."""

    name: str
    finding: Optional[Finding]

    @property
    def title(self) -> Any:
        """Return what it looks at."""
        return TITLES.get(self.name, self.name)

    @property
    def word(self) -> Any:
        """Return how that is."""
        return self._words[0]

    @property
    def tone(self) -> str:
        """Return how good or bad that is, as classes name it."""
        return self._words[1]

    @property
    def symbol(self) -> str:
        """Return its icon."""
        return self._words[2]

    @property
    def detail(self) -> str:
        """Return what was found, where it is not well."""
        return "" if self.finding is None or self.finding.status == HEALTHY else self.finding.detail

    @property
    def next_step(self) -> Any:
        """Return what to do, where it is not well."""
        is_ill = self.finding is not None and self.finding.status != HEALTHY
        return NEXT_STEPS.get(self.name, "") if is_ill else ""

    @property
    def _words(self) -> Tuple[Any, str, str]:
        return UNKNOWN if self.finding is None else WORDS[self.finding.status]


@dataclass(frozen=True)
class Condition:
    """All checks, and how the server is as a whole."""

    checks: List[Check]

    @property
    def summary(self) -> Any:
        """Return it in words."""
        statuses = self._statuses
        return SUMMARIES[worst(statuses)] if statuses else UNKNOWN[0]

    @property
    def tone(self) -> str:
        """Return how good or bad it is, as classes name it."""
        return self._words[1]

    @property
    def symbol(self) -> str:
        """Return its icon."""
        return self._words[2]

    @property
    def feed_lag(self) -> Optional[float]:
        """Return for how many seconds changes have waited, in whichever database longest; None where nobody knows."""
        feed = next((check.finding for check in self.checks if check.name == "feed"), None)
        figures = [] if feed is None else list(feed.figures.values())
        lags = [each["lag_seconds"] for each in figures if "lag_seconds" in each]
        return max(lags) if lags else None

    @property
    def _statuses(self) -> List[str]:
        return [check.finding.status for check in self.checks if check.finding is not None]

    @property
    def _words(self) -> Tuple[Any, str, str]:
        return WORDS[worst(self._statuses)] if self._statuses else UNKNOWN


def begin() -> None:
    """Let the checks begin whose findings are old, beside what else is done for a page."""
    monitor.glance(0.0)


def look() -> Condition:
    """Return what is known of the server, without waiting for what hangs."""
    return Condition([Check(name, finding) for name, finding in monitor.glance(PATIENCE).items()])
