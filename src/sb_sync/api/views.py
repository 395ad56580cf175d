"""The addresses: read, resolve who and where, ask a pipeline, answer."""

from __future__ import annotations

import re
import uuid
from typing import Any, Dict, Iterable, List, Optional, Union

from django.contrib.auth import authenticate
from django.db import connections, transaction
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sb_sync import access, pull, push
from sb_sync.api.authentication import TokenAuthentication
from sb_sync.api.body import read_form, read_object
from sb_sync.api.exceptions import answer_error
from sb_sync.api.rendering import SyncRenderer
from sb_sync.api.throttling import check_log_in, find_address
from sb_sync.api.tokens import REFRESH, TokenPair, end_family, log_in, rotate
from sb_sync.errors import InvalidCredentials, MalformedRequest, NotFound
from sb_sync.models import UserSite
from sb_sync.protocol import ORGANIZATION, SUCCESS, RequestInfo

__all__ = ["LogoutView", "MissingView", "PullView", "PushView", "RefreshView", "SyncView", "TokenView"]

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# A NUL, or half a pair of surrogates: text to Python and to no database.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
MAX_CREDENTIAL_LENGTH = 1024
ORGANIZATION_HEADER = "HTTP_X_ORGANIZATION"
Place = Optional[Union[str, int]]


class JSONOnly(BaseContentNegotiation):
    """Answer JSON whatever a client says it accepts."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """Choose none: bodies are read under our own limits."""
        return None

    def select_renderer(self, request: Request, renderers: Iterable[Any], format_suffix: Any = None) -> Any:
        """Choose JSON."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class SyncView(APIView):
    """What all addresses have in common."""

    authentication_classes: Any = [TokenAuthentication]
    permission_classes: Any = []
    throttle_classes: Any = []
    parser_classes: Any = []
    renderer_classes: Any = [SyncRenderer]
    content_negotiation_class: Any = JSONOnly
    http_method_names: Any = ["post"]
    #: Django's middleware would send clients to a log-in page.
    login_required = False
    request_id = ""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view, outside any transaction: pipelines open and commit their own."""
        view: Any = super().as_view(**initkwargs)
        view.login_required = False
        for alias in connections:
            view = transaction.non_atomic_requests(using=alias)(view)
        return view

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Give the request its name: the client's own where it is sane."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        self.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a method before asking who sends it."""
        if request.method is None or request.method.lower() not in self.http_method_names:
            self.http_method_not_allowed(request, *args, **kwargs)
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an error in our own shape, whatever it is."""
        response = answer_error(exc, self.request._request, self.request_id)
        response.exception = True
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Name the request in the answer."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["X-Request-ID"] = self.request_id
        response["Cache-Control"] = "no-store"
        return response

    def info(self, request: Request) -> RequestInfo:
        """Return where the request came from."""
        return RequestInfo(request_id=self.request_id, ip=find_address(request))


class TokenView(SyncView):
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


class RefreshView(SyncView):
    """Exchange a refresh token."""

    authentication_classes: Any = []

    def post(self, request: Request) -> Response:
        """Return the next tokens."""
        return Response(_describe_pair(rotate(_read_text(read_form(request._request), REFRESH))))


class LogoutView(SyncView):
    """Log out."""

    def post(self, request: Request) -> Response:
        """End the family of the token."""
        family: Any = request.auth
        end_family(family.id, "logged out")
        return Response({"status": SUCCESS})


class PushView(SyncView):
    """Take what a client changed."""

    def post(self, request: Request) -> Response:
        """Apply the records."""
        body = read_object(request._request)
        scope = access.resolve_scope(request.user, _find_place(request, body))
        answer = push.run(scope, body, request=self.info(request))
        return Response(answer.body, status=answer.status)


class PullView(SyncView):
    """Give what changed."""

    def post(self, request: Request) -> Response:
        """Read the records."""
        body = read_object(request._request)
        scope = access.resolve_scope(request.user, _find_place(request, body))
        answer = pull.run(scope, body, request=self.info(request))
        return Response(answer.body, status=answer.status)


class MissingView(SyncView):
    """Answer for every other address below the prefix."""

    authentication_classes: Any = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say that there is nothing here."""
        raise NotFound


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


def _find_place(request: Request, body: Dict[str, Any]) -> Place:
    """Return the organization that a request names, by header before body."""
    place = request.META.get(ORGANIZATION_HEADER) or body.get(ORGANIZATION)
    if place is None or (isinstance(place, (str, int)) and not isinstance(place, bool)):
        return place
    raise MalformedRequest("`organization` must be a slug or an id.")


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
