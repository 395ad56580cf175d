"""The keys of `settings.SB_SYNC`: section SETTINGS."""

from __future__ import annotations

from datetime import timedelta
from typing import Mapping

from django.utils.translation import gettext_noop as _

from sb_sync.config.declaration import Setting
from sb_sync.config.names import check_texts, look_up_models
from sb_sync.config.periods import CENTURY

__all__ = ["SETTINGS"]

SECOND = timedelta(seconds=1)
#: Beyond these a database could not be asked any more.
MOST_RECORDS = 1_000_000
MOST_BYTES = 2**40

SETTINGS: Mapping[str, Setting] = {
    "REQUIRE_TENANT": Setting(False, bool, _("Refuse models whose rows belong to no organization.")),
    "CAPTURE": Setting(
        [],
        (list, tuple),
        _("Labels of further models whose changes are captured, for row filters."),
        look_up=look_up_models,
    ),
    "DEFAULT_BATCH_SIZE": Setting(
        1000, int, _("Records of one pull answer where the client names no number."), 1, MOST_RECORDS
    ),
    "MAX_BATCH_SIZE": Setting(10_000, int, _("Most records of one pull answer."), 1, MOST_RECORDS),
    "MAX_PUSH_RECORDS": Setting(10_000, int, _("Most records of one push."), 1, MOST_RECORDS),
    "MAX_BODY_BYTES": Setting(32 * 1024 * 1024, int, _("Largest request body, in bytes."), 1024, MOST_BYTES),
    "MAX_JSON_DEPTH": Setting(32, int, _("Deepest nesting of a JSON body."), 4),
    "TOKEN_LIFETIME": Setting(timedelta(days=7), timedelta, _("How long an access token serves."), SECOND, CENTURY),
    "REFRESH_LIFETIME": Setting(timedelta(days=30), timedelta, _("How long a refresh token serves."), SECOND, CENTURY),
    "LOGIN_THROTTLE": Setting(
        "10/min",
        str,
        _("Log-in attempts per user name and per address."),
        pattern="[1-9][0-9]*/(s|sec|second|m|min|minute|h|hour|d|day)",
    ),
    "IDEMPOTENCY_RETENTION": Setting(
        timedelta(days=7),
        timedelta,
        _("How long the answer to an Idempotency-Key is kept."),
        timedelta(days=1),
        CENTURY,
    ),
    "FEED_RETENTION_DAYS": Setting(90, int, _("Days for which the change log is kept."), 1, CENTURY.days),
    "LOG_RETENTION_DAYS": Setting(90, int, _("Days for which sync logs are kept."), 1, CENTURY.days),
    "REDACT_FIELDS": Setting(
        ["password", "token", "secret", "refresh", "api_key", "authorization", "credit_card", "ssn", "pin"],
        (list, tuple),
        _("Names of fields that are masked in logs."),
        check=check_texts,
    ),
    "LOG_BODY_BYTES": Setting(2048, int, _("Where a logged body is cut, in bytes."), 0, MOST_BYTES),
    "LOG_FORMAT": Setting("text", str, _("Format of the log file."), choices=("text", "json")),
    "METRICS_SAMPLE_RATE": Setting(1.0, (float, int), _("Share of requests of which metrics are kept."), 0, 1),
}
