"""What all addresses have in common."""

from __future__ import annotations

import re
import uuid
from typing import Any, Iterable, Mapping, Optional, Union

from django.db import connections, transaction
from django.utils.cache import patch_vary_headers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sb_sync import catalog
from sb_sync.api.authentication import TokenAuthentication
from sb_sync.api.compression import accepts_gzip, compress
from sb_sync.api.exceptions import answer_error
from sb_sync.api.rendering import SyncRenderer
from sb_sync.api.throttling import find_address
from sb_sync.errors import MalformedRequest, NotFound
from sb_sync.protocol import ORGANIZATION, RequestInfo

__all__ = ["MissingView", "SyncView", "find_place"]

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
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
    #: Answers that hold tokens are left as they are.
    is_compressible = True
    #: What must answer without the database reads nothing that is set there.
    reads_settings = True
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
        """Refuse a method before asking who sends it; go by what is set now, of which a token's look-up tells."""
        if request.method is None or request.method.lower() not in self.http_method_names:
            self.http_method_not_allowed(request, *args, **kwargs)
        if not self.authentication_classes and self.reads_settings:
            catalog.refresh()
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
        if self.is_compressible and isinstance(response, Response):
            patch_vary_headers(response, ["Accept-Encoding"])
            if accepts_gzip(request.META):
                response.add_post_render_callback(compress)
        return response

    def info(self, request: Request) -> RequestInfo:
        """Return where the request came from."""
        return RequestInfo(request_id=self.request_id, ip=find_address(request))


class MissingView(SyncView):
    """Answer for every other address below the prefix."""

    authentication_classes: Any = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say that there is nothing here."""
        raise NotFound


def find_place(request: Request, body: Mapping[str, Any]) -> Place:
    """Return the organization that a request names, by header before body."""
    place = request.META.get(ORGANIZATION_HEADER) or body.get(ORGANIZATION)
    if place is None or (isinstance(place, (str, int)) and not isinstance(place, bool)):
        return place
    raise MalformedRequest("`organization` must be a slug or an id.")
