"""What settings of the right type can still be wrong about, each of them or two together.

W008 REDACT_FIELDS masks no passwords · W009 a refresh token ends before the access token that it came with. What the
project says is looked at without a database, what is set in the database with the tag `database`.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, Sequence

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import router

from sb_sync.checks.conditions import with_good_settings, with_stored_settings
from sb_sync.config import SETTINGS_SECTION, setting, value_without
from sb_sync.models import SyncConfiguration
from sb_sync.ops import is_masked

__all__ = ["check_project_values", "check_stored_values"]

Read = Callable[[str], Any]


@with_good_settings
def check_project_values(**_: Any) -> List[CheckMessage]:
    """Check what the project says."""
    return list(_check(_read_project))


@with_stored_settings
def check_stored_values(databases: Sequence[str] = (), **_: Any) -> List[CheckMessage]:
    """Check what is in force by what is set in the database, and was not told of the project already."""
    if router.db_for_write(SyncConfiguration) not in databases:
        return []
    told = {message.id for message in _check(_read_project)}
    return [message for message in _check(setting) if message.id not in told]


def _read_project(name: str) -> Any:
    return value_without(SETTINGS_SECTION, name)


def _check(read: Read) -> Iterator[CheckMessage]:
    if not is_masked("password", read("REDACT_FIELDS")):
        yield CheckWarning(
            "REDACT_FIELDS does not mask passwords: what clients push under that name stands readable in the log.",
            hint="Add 'password' to it, and every other field that holds a secret. Row filters may look at a captured"
            " model's fields that are not masked, too.",
            id="sb_sync.W008",
        )
    if read("REFRESH_LIFETIME") < read("TOKEN_LIFETIME"):
        yield CheckWarning(
            "REFRESH_LIFETIME is shorter than TOKEN_LIFETIME: when a token ends nothing is left to renew it by.",
            hint="Let a refresh token live longer than an access token, or set both to the same.",
            id="sb_sync.W009",
        )
