"""When a check can run at all."""

from __future__ import annotations

import sys
from functools import wraps
from typing import Any, Callable, List, Sequence

from django.core.checks import CheckMessage

from sb_sync import catalog
from sb_sync.config import find_faults

__all__ = ["Check", "is_migrating", "with_good_settings", "with_stored_settings"]

Check = Callable[..., List[CheckMessage]]


def with_good_settings(check: Check) -> Check:
    """Return a check that waits until `SB_SYNC` can be read: E001 says what is wrong with it."""

    @wraps(check)
    def run(**options: Any) -> List[CheckMessage]:
        return [] if find_faults() else check(**options)

    return run


def with_stored_settings(check: Check) -> Check:
    """Return a check that asks databases, and goes by what is set in one of them."""

    @wraps(check)
    def run(databases: Sequence[str] = (), **options: Any) -> List[CheckMessage]:
        if databases and not find_faults():
            catalog.refresh()
        return with_good_settings(check)(databases=databases or (), **options)

    return run


def is_migrating() -> bool:
    """Tell whether this process was started to migrate, which asks the checks before it makes the tables."""
    return sys.argv[1:2] == ["migrate"]
