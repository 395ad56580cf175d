"""How often one may try to log in."""

from __future__ import annotations

import hashlib
from typing import Any, Optional

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from sb_sync.config import setting
from sb_sync.errors import Throttled

__all__ = ["check_log_in"]


class LogInThrottle(SimpleRateThrottle):
    """Count the attempts for one thing: a user name, or an address."""

    def __init__(self, counted: str) -> None:
        """Take what is counted."""
        self.counted = counted
        super().__init__()

    def get_rate(self) -> str:
        """Return the setting."""
        return str(setting("LOGIN_THROTTLE"))

    def get_cache_key(self, request: Request, view: Any) -> Optional[str]:
        """Return a key of fixed length: names come from outside."""
        return "sb_sync.login." + hashlib.sha256(self.counted.encode("utf-8", "replace")).hexdigest()


def check_log_in(request: Request, username: str, view: Any) -> None:
    """Count one attempt by name and by address. Raises `Throttled` with the seconds to wait."""
    for counted in (f"name {username.lower()}", f"address {_find_address(request, view)}"):
        throttle = LogInThrottle(counted)
        if not throttle.allow_request(request, view):
            raise Throttled(retry_after=int(throttle.wait() or 1) + 1)


def _find_address(request: Request, view: Any) -> str:
    """Return the client's address; what proxies say of it counts only where the project says how many there are."""
    if api_settings.NUM_PROXIES is None:
        return str(request.META.get("REMOTE_ADDR", ""))
    return str(LogInThrottle("").get_ident(request))
