"""In which order the settings stand on their page, and what people call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Tuple

from django.utils.translation import gettext_lazy as _

from sb_sync.config import DISCOVERY_SECTION, SETTINGS_SECTION

__all__ = ["GROUPS", "Group"]


@dataclass(frozen=True)
class Group:
    """Some settings of a section that belong together: their titles by key."""

    name: str
    title: Any
    titles: Mapping[str, Any]


DISCOVERY = (
    Group(
        "in",
        _("Which models are in"),
        {
            "AUTO_DISCOVER_MODELS": _("Discover models by themselves"),
            "INCLUDE_APPS": _("Only these apps"),
            "INCLUDE_MODEL_TYPES": _("Kinds of models"),
            "INCLUDE_CUSTOM_MODELS": _("Models that are not Django's own"),
            "INCLUDE_MODEL_PATTERNS": _("Only labels like these"),
            "REQUIRE_MODELS_WITH_FIELDS": _("Only models with these fields"),
            "MAX_MODELS_PER_APP": _("Most models of one app"),
        },
    ),
    Group(
        "out",
        _("Which models are out"),
        {
            "EXCLUDE_MODELS": _("Not these models"),
            "APP_SPECIFIC_EXCLUSIONS": _("Not these models, by app"),
            "EXCLUDE_MODEL_PATTERNS": _("No labels like these"),
            "EXCLUDE_MODELS_WITH_FIELDS": _("No models with these fields"),
            "EXCLUDE_ABSTRACT_MODELS": _("No abstract models"),
            "EXCLUDE_PROXY_MODELS": _("No proxy models"),
            "EXCLUDE_HISTORICAL_MODELS": _("No histories"),
            "EXCLUDE_MANAGER_MODELS": _("No models with a narrowing manager"),
        },
    ),
    Group(
        "names",
        _("What clients call them"),
        {
            "MODEL_NAMESPACE": _("Namespace"),
            "MODEL_PREFIX": _("Prefix"),
            "MODEL_SUFFIX": _("Suffix"),
        },
    ),
    Group(
        "safety",
        _("Safety and speed"),
        {
            "SAFE_DISCOVERY_MODE": _("Only what can be synchronised safely"),
            "VALIDATE_MODEL_ACCESS": _("Only tables that can be read"),
            "CHECK_MODEL_PERMISSIONS": _("Only what a user may synchronise"),
            "ENABLE_DISCOVERY_CACHING": _("Keep what was found"),
            "DISCOVERY_CACHE_TIMEOUT": _("Keep it for so many seconds"),
        },
    ),
)

SETTINGS = (
    Group(
        "organizations",
        _("Organizations and changes"),
        {
            "REQUIRE_TENANT": _("No models without an organization"),
            "CAPTURE": _("Capture further models"),
        },
    ),
    Group(
        "limits",
        _("Limits of requests"),
        {
            "DEFAULT_BATCH_SIZE": _("Records of a pull, by default"),
            "MAX_BATCH_SIZE": _("Most records of a pull"),
            "MAX_PUSH_RECORDS": _("Most records of a push"),
            "MAX_BODY_BYTES": _("Largest body, in bytes"),
            "MAX_JSON_DEPTH": _("Deepest JSON"),
        },
    ),
    Group(
        "tokens",
        _("Log-ins"),
        {
            "TOKEN_LIFETIME": _("Lifetime of a token"),
            "REFRESH_LIFETIME": _("Lifetime of a refresh token"),
            "LOGIN_THROTTLE": _("Attempts to log in"),
        },
    ),
    Group(
        "retention",
        _("What is kept for how long"),
        {
            "FEED_RETENTION_DAYS": _("Days of the change log"),
            "LOG_RETENTION_DAYS": _("Days of logs and measurements"),
            "IDEMPOTENCY_RETENTION": _("Answers to retries"),
        },
    ),
    Group(
        "logs",
        _("Logs and measurements"),
        {
            "LOG_FORMAT": _("Format of the log file"),
            "LOG_BODY_BYTES": _("Bytes of a body in the logs"),
            "REDACT_FIELDS": _("Fields that are masked"),
            "METRICS_SAMPLE_RATE": _("Share of requests that are measured"),
        },
    ),
)

GROUPS: Mapping[str, Tuple[Group, ...]] = {DISCOVERY_SECTION: DISCOVERY, SETTINGS_SECTION: SETTINGS}
