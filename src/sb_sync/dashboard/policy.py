"""The headers of every page: what its browser may do, and that nobody keeps a copy."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.templatetags.static import static

__all__ = ["ICONS", "find_static_origin", "protect"]

ICONS = "sb_sync/dashboard/icons.svg"


def protect(response: Any) -> None:
    """Put the headers on an answer."""
    response["Content-Security-Policy"] = _make_policy()
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "DENY"


def find_static_origin() -> str:
    """Return where static files come from if that is another origin than the page's, else an empty string."""
    parts = urlsplit(static(ICONS))
    return f"{parts.scheme or 'https'}://{parts.netloc}" if parts.netloc else ""


def _make_policy() -> str:
    """Return what a page may load: the package's own files, and nothing that is written into a page."""
    files = " ".join(filter(None, ["'self'", find_static_origin()]))
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {files}",
            f"style-src {files}",
            f"img-src {files} data:",
            f"font-src {files}",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )
