"""Addresses of pages: under whatever prefix the project included them, and with the organization that is looked at."""

from __future__ import annotations

from typing import Any, Mapping
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from sb_sync.dashboard.organizations import PARAMETER
from sb_sync.dashboard.texts import as_shown

__all__ = ["change_query", "reverse_page"]


def reverse_page(request: HttpRequest, name: str, *arguments: Any, **query: Any) -> str:
    """Return the address of a page of ours by its name; the chosen organization stays, unless the query names another.

    Empty values are left out.
    """
    match = request.resolver_match
    namespace = "sb_sync" if match is None else match.namespace
    address = reverse(f"{namespace}:{name}", args=arguments)
    selection = getattr(request, "sb_sync_selection", None)
    if selection is not None:
        query.setdefault(PARAMETER, selection.slug)
    return address + _encode(query)


def change_query(request: HttpRequest, **changes: Any) -> str:
    """Return the query of the present address with some parameters changed; None or an empty value removes one."""
    query = request.GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = as_shown(value) if isinstance(value, str) else value
    encoded = query.urlencode()
    return f"?{encoded}" if encoded else "?"


def _encode(query: Mapping[str, Any]) -> str:
    encoded = urlencode(
        {name: value for name, value in query.items() if value not in (None, "")}, doseq=True, errors="backslashreplace"
    )
    return f"?{encoded}" if encoded else ""
