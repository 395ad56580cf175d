"""What each key of MODEL_DISCOVERY does to a model, seen by doing it: for the tests, and for the documentation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping

from sb_sync.config import MODEL_DISCOVERY
from sb_sync.discovery import Decision, discover

DEFAULTS: Dict[str, Any] = {key: declared.default for key, declared in MODEL_DISCOVERY.items()}


@dataclass(frozen=True)
class Effect:
    """A value that moves a model; `beside` is what else must be set for it."""

    key: str
    value: Any
    label: str
    beside: Mapping[str, Any]

    def __init__(self, key: str, value: Any, label: str, **beside: Any) -> None:
        for name, given in (("key", key), ("value", value), ("label", label), ("beside", beside)):
            object.__setattr__(self, name, given)

    def before(self) -> Decision:
        """Decide with the default of the key."""
        return self._decide(self.beside)

    def after(self) -> Decision:
        """Decide with its value."""
        return self._decide({**self.beside, self.key: self.value})

    def _decide(self, values: Mapping[str, Any]) -> Decision:
        return next(found for found in discover({**DEFAULTS, **values}) if found.model._meta.label == self.label)

    def as_row(self) -> str:
        """Return the effect as a row of a table in the documentation."""
        found = self.after()
        shown = {**self.beside, self.key: self.value}
        state = "in" if found.included else "out"
        return f"| {format_values(shown)} | `{self.label}` | {state}: {found.reason} |"


def format_values(values: Mapping[str, Any]) -> str:
    """Return values of keys as a cell of a table."""
    return "<br>".join(f"`{key}`: `{json.dumps(value)}`" for key, value in values.items()).replace("|", "\\|")


EFFECTS: List[Effect] = [
    Effect("AUTO_DISCOVER_MODELS", False, "variety.Invoice"),
    Effect("INCLUDE_APPS", ["testapp"], "variety.Invoice"),
    Effect("INCLUDE_APPS", ["auth"], "auth.Group"),
    Effect("EXCLUDE_MODELS", ["variety.invoice"], "variety.Invoice"),
    Effect("INCLUDE_CUSTOM_MODELS", False, "variety.Invoice"),
    Effect("EXCLUDE_ABSTRACT_MODELS", False, "variety.Invoice", EXCLUDE_MODELS=["variety.Audited"]),
    Effect("EXCLUDE_PROXY_MODELS", False, "variety.AdultCustomer"),
    Effect("EXCLUDE_HISTORICAL_MODELS", False, "testapp.HistoricalChapter"),
    Effect("EXCLUDE_MANAGER_MODELS", True, "variety.Draft"),
    Effect("INCLUDE_MODEL_PATTERNS", [r"^testapp\."], "variety.Invoice"),
    Effect("EXCLUDE_MODEL_PATTERNS", ["Log$"], "variety.ImportLog"),
    Effect("EXCLUDE_MODELS_WITH_FIELDS", ["internal_note"], "variety.Invoice"),
    Effect("REQUIRE_MODELS_WITH_FIELDS", ["internal_note"], "testapp.Customer"),
    Effect("APP_SPECIFIC_EXCLUSIONS", {"variety": ["Invoice"]}, "variety.Invoice"),
    Effect("INCLUDE_MODEL_TYPES", ["proxy"], "variety.Invoice"),
    Effect("INCLUDE_MODEL_TYPES", ["abstract"], "testapp.Customer", EXCLUDE_ABSTRACT_MODELS=False),
    Effect("MAX_MODELS_PER_APP", 2, "variety.Invoice"),
    Effect("SAFE_DISCOVERY_MODE", False, "variety.Statement"),
]
#: What these do is seen in the database, on the wire or with time: in `elsewhere`.
ELSEWHERE = {
    "MODEL_PREFIX", "MODEL_SUFFIX", "MODEL_NAMESPACE", "ENABLE_DISCOVERY_CACHING", "DISCOVERY_CACHE_TIMEOUT",
    "VALIDATE_MODEL_ACCESS", "CHECK_MODEL_PERMISSIONS",
}  # fmt: skip
