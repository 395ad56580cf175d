"""Push and pull."""

from __future__ import annotations

from typing import Any, Dict, Optional
from urllib.parse import urljoin

from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from sb_sync import access, pull, push, tasks
from sb_sync.api.authentication import TokenAuthentication
from sb_sync.api.body import read_object
from sb_sync.api.idempotency import read_retry, replay_headers
from sb_sync.api.streaming import answer_stream, wants_lines
from sb_sync.api.views.base import SyncView, find_place
from sb_sync.errors import MalformedRequest
from sb_sync.optimizations.collector import paused_collection
from sb_sync.push import jobs

__all__ = ["PullView", "PushView"]

ASYNC = "async"


class PushView(SyncView):
    """Take what a client changed."""

    def post(self, request: Request) -> Response:
        """Apply the records; those of a request that was sent before only the first time."""
        is_for_later = _is_for_later(request)
        with paused_collection():
            body = read_object(request._request)
            scope = access.resolve_scope(request.user, find_place(request, body))
            retry = read_retry(request, body)
            if is_for_later:
                return self._accept(request, scope, body, retry)
            answer = push.run(scope, body, request=self.info(request), retry=retry)
        return Response(answer.body, status=answer.status, headers=replay_headers(answer))

    def _accept(
        self, request: Request, scope: access.Scope, body: Dict[str, Any], retry: Optional[push.Retry]
    ) -> Response:
        """Store the records for a worker, and say where to ask what became of them."""

        def address_of(job: str) -> str:
            # The prefix is the project's, and may be there twice: it is that of this very request.
            return urljoin(request.path, f"../jobs/{job}/")

        answer = jobs.accept(scope, body, request=self.info(request), address_of=address_of, retry=retry)
        if answer.status == 202 and not answer.is_replayed:
            tasks.send(answer.body["job"])
        return Response(answer.body, status=answer.status, headers=replay_headers(answer))


def _is_for_later(request: Request) -> bool:
    """Tell whether the address asks to have the push done in the background. Raises `MalformedRequest`."""
    word = request.query_params.get(ASYNC, "0")
    if word not in ("0", "1"):
        raise MalformedRequest(f"`{ASYNC}` must be 0 or 1.")
    return bool(word == "1")


class PullView(SyncView):
    """Give what changed."""

    def post(self, request: Request) -> HttpResponseBase:
        """Read the records: as one document, or as lines where the client asks for them."""
        body = read_object(request._request)
        response = self._stream(request, body) if wants_lines(request.META) else self._answer(request, body)
        patch_vary_headers(response, ["Accept", "Accept-Encoding"])
        return response

    def _answer(self, request: Request, body: Dict[str, Any]) -> Response:
        scope = access.resolve_scope(request.user, find_place(request, body), with_deletions=False)
        answer = pull.run(scope, body, request=self.info(request))
        return Response(answer.body)

    def _stream(self, request: Request, body: Dict[str, Any]) -> HttpResponseBase:
        """Ask who it is and what they may do before each page: a log-in that ends, ends the stream."""
        place = find_place(request, body)

        def find_scope(before: Optional[access.Scope]) -> access.Scope:
            user, _ = TokenAuthentication().authenticate(request)
            # A stream stays in the organization in which it began.
            return access.resolve_scope(user, place if before is None else before.site_id, with_deletions=False)

        pages = pull.run_stream(find_scope, body, request=self.info(request))
        return answer_stream(pages, request._request, self.request_id)
