"""Who asks: the bearer of a token."""

from __future__ import annotations

from typing import Any, Tuple

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from sb_sync.api.tokens import find_family
from sb_sync.errors import InvalidToken, NotAuthenticated
from sb_sync.models import TokenFamily

__all__ = ["TokenAuthentication"]

SCHEME = "bearer"


class TokenAuthentication(BaseAuthentication):
    """Authenticate by `Authorization: Bearer <token>` (RFC 6750); `request.auth` is the token's family."""

    def authenticate(self, request: Request) -> Tuple[Any, TokenFamily]:
        """Return user and family. Raises `NotAuthenticated` without a token, `InvalidToken` for a bad one."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != SCHEME or not token.strip():
            raise NotAuthenticated
        token = token.strip()
        if not token.isascii():
            raise InvalidToken
        family = find_family(token)
        return family.user, family
