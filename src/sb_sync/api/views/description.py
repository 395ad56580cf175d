"""The API itself, for programs and for people."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from rest_framework.request import Request
from rest_framework.response import Response

from sb_sync.api.schema import make_document
from sb_sync.api.views.base import SyncView

__all__ = ["DocsView", "SchemaView"]

ASSETS = "sb_sync/docs/docs.js"


class OpenView(SyncView):
    """What anybody may read."""

    authentication_classes: Any = []
    http_method_names: Any = ["get", "head"]


class SchemaView(OpenView):
    """Describe the API in OpenAPI."""

    def get(self, request: Request) -> Response:
        """Return the description of this very installation."""
        return Response(make_document(request.path[: -len("/schema/")]))


class DocsView(OpenView):
    """Show the description as a page."""

    def get(self, request: Request) -> HttpResponse:
        """Return the page, which runs the package's own files and nothing else."""
        response = render(request._request, "sb_sync/docs.html")
        response["Content-Security-Policy"] = _make_policy()
        response["Referrer-Policy"] = "no-referrer"
        response["X-Content-Type-Options"] = "nosniff"
        response["X-Frame-Options"] = "DENY"
        return response


def _make_policy() -> str:
    """Return the page's policy; static files may come from an origin of their own."""
    parts = urlsplit(static(ASSETS))
    files = f"{parts.scheme or 'https'}://{parts.netloc}" if parts.netloc else "'self'"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {files}",
            f"style-src {files}",
            f"img-src {files} data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )
