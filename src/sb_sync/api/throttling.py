"""How often one may try to log in."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from typing import Any, Optional, Union

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from sb_sync.config import setting
from sb_sync.errors import Throttled

__all__ = ["check_log_in", "find_address"]

# Letters, numbers, punctuation and symbols, by the first letter of Unicode's categories.
VISIBLE = "LNPS"


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


def check_log_in(request: Request, username: str) -> None:
    """Count one attempt by name and by address. Raises `Throttled` with the seconds to wait."""
    waits = [_count(f"name {_fold(username)}", request), _count(f"address {find_address(request)}", request)]
    if any(waits):
        raise Throttled(retry_after=max(waits))


def find_address(request: Union[Request, HttpRequest]) -> Optional[str]:
    """Return the client's address; what proxies say of it counts only where the project says how many there are."""
    if api_settings.NUM_PROXIES is None:
        return request.META.get("REMOTE_ADDR")
    return str(BaseThrottle().get_ident(request))  # type: ignore[arg-type]  # it reads META, which both have


def _fold(username: str) -> str:
    """Return a name without what a database may take no notice of: case, accents, blanks, and what is not seen.

    Else every way of writing one user's name had attempts of its own.
    """
    parts = unicodedata.normalize("NFKD", username.casefold())
    return "".join(part for part in parts if unicodedata.category(part)[0] in VISIBLE)


def _count(counted: str, request: Request) -> int:
    """Count one attempt and return for how many seconds it came too early."""
    throttle = LogInThrottle(counted)
    if throttle.allow_request(request, None):  # type: ignore[arg-type]  # no view is looked at
        return 0
    return math.ceil(throttle.wait() or 0) or 1
