"""Settings: every key of `settings.SB_SYNC`, typed, with its default. The one reader of that dict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Dict, List, Mapping, Tuple, Type, Union

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

__all__ = ["SETTINGS", "Setting", "find_faults", "setting"]


@dataclass(frozen=True)
class Setting:
    """One key of `SB_SYNC`: what it may hold and what holds without it."""

    default: Any
    types: Union[Type[Any], Tuple[Type[Any], ...]]
    meaning: str
    minimum: Any = None
    choices: Tuple[str, ...] = ()
    pattern: str = ""

    def fault(self, value: Any) -> str:
        """Return what is wrong with a value, or an empty string."""
        is_disguised_bool = isinstance(value, bool) and self.types is not bool
        if is_disguised_bool or not isinstance(value, self.types):
            kinds = self.types if isinstance(self.types, tuple) else (self.types,)
            return "must be {}, not {}".format(" or ".join(kind.__name__ for kind in kinds), type(value).__name__)
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}"
        if self.choices and value not in self.choices:
            return "must be one of {}".format(", ".join(self.choices))
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"must look like {self.default!r}"
        return ""


SECOND = timedelta(seconds=1)

SETTINGS: Mapping[str, Setting] = {
    "REQUIRE_TENANT": Setting(False, bool, "Refuse models whose rows belong to no organization."),
    "CAPTURE": Setting([], (list, tuple), "Labels of further models whose changes are captured, for row filters."),
    "DEFAULT_BATCH_SIZE": Setting(1000, int, "Records of one pull answer where the client names no number.", 1),
    "MAX_BATCH_SIZE": Setting(10_000, int, "Most records of one pull answer.", 1),
    "MAX_PUSH_RECORDS": Setting(10_000, int, "Most records of one push.", 1),
    "MAX_BODY_BYTES": Setting(32 * 1024 * 1024, int, "Largest request body, in bytes.", 1024),
    "MAX_JSON_DEPTH": Setting(32, int, "Deepest nesting of a JSON body.", 4),
    "TOKEN_LIFETIME": Setting(timedelta(days=7), timedelta, "How long an access token serves.", SECOND),
    "REFRESH_LIFETIME": Setting(timedelta(days=30), timedelta, "How long a refresh token serves.", SECOND),
    "LOGIN_THROTTLE": Setting(
        "10/min",
        str,
        "Log-in attempts per user name and per address.",
        pattern="[1-9][0-9]*/(s|sec|second|m|min|minute|h|hour|d|day)",
    ),
    "IDEMPOTENCY_RETENTION": Setting(
        timedelta(days=7), timedelta, "How long the answer to an Idempotency-Key is kept.", timedelta(days=1)
    ),
    "FEED_RETENTION_DAYS": Setting(90, int, "Days for which the change log is kept.", 1),
    "LOG_RETENTION_DAYS": Setting(90, int, "Days for which sync logs are kept.", 1),
    "REDACT_FIELDS": Setting(
        ["password", "token", "secret", "refresh", "api_key", "authorization", "credit_card", "ssn", "pin"],
        (list, tuple),
        "Names of fields that are masked in logs.",
    ),
    "LOG_BODY_BYTES": Setting(2048, int, "Where a logged body is cut, in bytes.", 0),
    "LOG_FORMAT": Setting("text", str, "Format of the log file.", choices=("text", "json")),
    "METRICS_SAMPLE_RATE": Setting(1.0, (float, int), "Share of requests of which metrics are kept.", 0),
}


def setting(name: str) -> Any:
    """Return the value of one key of `SB_SYNC`, or its default.

    Raises `ImproperlyConfigured` where the value is of a wrong type, with the mend.
    """
    declared = SETTINGS[name]
    value = getattr(settings, "SB_SYNC", {}).get(name, declared.default)
    fault = declared.fault(value)
    if fault:
        raise ImproperlyConfigured(f"SB_SYNC[{name!r}] {fault}.")
    return value


def find_faults() -> List[Tuple[str, str]]:
    """Return (key, what is wrong) for each unknown or ill-typed key of `SB_SYNC`."""
    given: Any = getattr(settings, "SB_SYNC", {})
    if not isinstance(given, dict):
        return [("SB_SYNC", "must be a dict")]
    faults: Dict[str, str] = {}
    for name, value in given.items():
        fault = SETTINGS[name].fault(value) if name in SETTINGS else "is not a setting of sb_sync"
        if fault:
            faults[str(name)] = fault
    return sorted(faults.items())
