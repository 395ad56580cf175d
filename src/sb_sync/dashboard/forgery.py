"""Requests that another site's page sent in a user's name are refused, whatever middleware the project has."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

__all__ = ["ForgeryCheck"]


class _Check(CsrfViewMiddleware):
    """Django's own check, which tells the reason in place of an answer."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


class ForgeryCheck:
    """Check one request, and let its answer carry the cookie that the next one is checked by.

    The views are exempt from the project's middleware, and checked here without exception: so the refusal is a page of
    ours, and a project that took the middleware out is as safe.
    """

    def __init__(self, request: HttpRequest) -> None:
        """Read the cookie of the request."""
        self._request = request
        self._check = _Check(_answer_nothing)
        self._check.process_request(request)

    def find_fault(self) -> str:
        """Return why the request may be forged, an empty string where it cannot be."""
        return str(self._check.process_view(self._request, _answer_nothing, (), {}) or "")

    def leave_cookie(self, response: HttpResponseBase) -> None:
        """Put the cookie on the answer where the page used it."""
        self._check.process_response(self._request, response)


def _answer_nothing(request: HttpRequest) -> Any:
    """Stand where a middleware expects the rest of the chain."""
