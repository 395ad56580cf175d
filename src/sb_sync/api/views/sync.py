"""Push and pull."""

from __future__ import annotations

from typing import Any, Dict, Optional

from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from sb_sync import access, pull, push
from sb_sync.api.authentication import TokenAuthentication
from sb_sync.api.body import read_object
from sb_sync.api.idempotency import read_retry, replay_headers
from sb_sync.api.streaming import answer_stream, wants_lines
from sb_sync.api.views.base import SyncView, find_place

__all__ = ["PullView", "PushView"]


class PushView(SyncView):
    """Take what a client changed."""

    def post(self, request: Request) -> Response:
        """Apply the records; those of a request that was sent before only the first time."""
        body = read_object(request._request)
        scope = access.resolve_scope(request.user, find_place(request, body))
        answer = push.run(scope, body, request=self.info(request), retry=read_retry(request, body))
        return Response(answer.body, status=answer.status, headers=replay_headers(answer))


class PullView(SyncView):
    """Give what changed."""

    def post(self, request: Request) -> HttpResponseBase:
        """Read the records: as one document, or as lines where the client asks for them."""
        body = read_object(request._request)
        response = self._stream(request, body) if wants_lines(request.META) else self._answer(request, body)
        patch_vary_headers(response, ["Accept", "Accept-Encoding"])
        return response

    def _answer(self, request: Request, body: Dict[str, Any]) -> Response:
        scope = access.resolve_scope(request.user, find_place(request, body))
        answer = pull.run(scope, body, request=self.info(request))
        return Response(answer.body, status=answer.status)

    def _stream(self, request: Request, body: Dict[str, Any]) -> HttpResponseBase:
        """Ask who it is and what they may do before each page: a log-in that ends, ends the stream."""
        place = find_place(request, body)

        def find_scope(before: Optional[access.Scope]) -> access.Scope:
            user, _ = TokenAuthentication().authenticate(request)
            # A stream stays in the organization in which it began.
            return access.resolve_scope(user, place if before is None else before.site_id)

        pages = pull.run_stream(find_scope, body, request=self.info(request))
        return answer_stream(pages, request._request, self.request_id)
