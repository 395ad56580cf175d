"""Log-in, its renewal and its end."""

from __future__ import annotations

import re
from typing import Any, Dict, List

from django.contrib.auth import authenticate
from rest_framework.request import Request
from rest_framework.response import Response

from sb_sync.api.body import read_form
from sb_sync.api.throttling import check_log_in
from sb_sync.api.tokens import REFRESH, TokenPair, end_family, log_in, rotate
from sb_sync.api.views.base import SyncView
from sb_sync.errors import InvalidCredentials, MalformedRequest
from sb_sync.models import UserSite
from sb_sync.protocol import SUCCESS

__all__ = ["LogoutView", "RefreshView", "TokenView"]

# A NUL, or half a pair of surrogates: text to Python and to no database.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
MAX_CREDENTIAL_LENGTH = 1024


class SessionView(SyncView):
    """What answers with tokens, which a compressed answer might give away by its length."""

    is_compressible = False


class TokenView(SessionView):
    """Log in."""

    authentication_classes: Any = []

    def post(self, request: Request) -> Response:
        """Return tokens and organizations for a user name and password."""
        fields = read_form(request._request)
        username, password = _read_text(fields, "username"), _read_text(fields, "password")
        check_log_in(request, username)
        user = _find_user(request, username, password)
        if user is None:
            raise InvalidCredentials
        return Response({**_describe_pair(log_in(user)), "user": _describe_user(user), **_describe_places(user)})


class RefreshView(SessionView):
    """Exchange a refresh token."""

    authentication_classes: Any = []

    def post(self, request: Request) -> Response:
        """Return the next tokens."""
        return Response(_describe_pair(rotate(_read_text(read_form(request._request), REFRESH))))


class LogoutView(SessionView):
    """Log out."""

    def post(self, request: Request) -> Response:
        """End the family of the token."""
        family: Any = request.auth
        end_family(family.id, "logged out")
        return Response({"status": SUCCESS})


def _find_user(request: Request, username: str, password: str) -> Any:
    """Return the active user of a name and a password, None where there is none; what no database takes is none."""
    if not (_is_plain(username) and _is_plain(password)):
        return None
    user = authenticate(request._request, username=username, password=password)
    # A project's own backend may let in users who are not active.
    return user if user is not None and user.is_active else None


def _is_plain(text: str) -> bool:
    """Tell whether a text is short, has no NUL, and no half of a pair of surrogates."""
    return len(text) <= MAX_CREDENTIAL_LENGTH and not UNSTORABLE.search(text)


def _read_text(fields: Dict[str, Any], name: str) -> str:
    """Return a field that must be text."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedRequest(f"`{name}` is missing or no text.")
    return value


def _describe_pair(pair: TokenPair) -> Dict[str, Any]:
    return {"token": pair.access, "refresh": pair.refresh}


def _describe_user(user: Any) -> Dict[str, Any]:
    return {"id": user.pk, "username": user.get_username(), "email": getattr(user, user.get_email_field_name(), "")}


def _describe_places(user: Any) -> Dict[str, List[Dict[str, Any]]]:
    """Return the organizations of a user, with the group in each."""
    memberships = UserSite.objects.filter(user=user, is_active=True, site__organization__is_active=True)
    found = memberships.select_related("site__organization", "group").order_by("site__organization__slug")
    return {
        "organizations": [
            {
                "id": membership.site_id,
                "name": membership.site.organization.name,
                "slug": membership.site.organization.slug,
                "group": membership.group.name,
            }
            for membership in found
        ]
    }
