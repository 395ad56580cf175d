"""Errors as answers: one shape for all, and nothing of the inside."""

from __future__ import annotations

import logging
from typing import Any, Dict

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.http import Http404, HttpRequest
from django.utils.functional import SimpleLazyObject
from rest_framework.exceptions import APIException, MethodNotAllowed
from rest_framework.response import Response

from sb_sync.api.throttling import find_address
from sb_sync.errors import (
    AccessDenied,
    MalformedRequest,
    NotFound,
    SyncError,
    Throttled,
    TooLarge,
    Unavailable,
    WrongMethod,
)
from sb_sync.events import RequestRefused, request_refused
from sb_sync.feed import UnsupportedDatabase
from sb_sync.maintenance import find_missing_tables
from sb_sync.protocol import ERROR, INTERNAL, RequestInfo

__all__ = ["answer_error"]

logger = logging.getLogger("sb_sync")

# How long a database that is away is given to come back.
RETRY_SECONDS = 5
NOT_SET_UP = "The server is not set up yet: tables are missing."


def answer_error(error: Exception, request: HttpRequest, request_id: str) -> Response:
    """Return the answer for anything that a view raised."""
    known = _translate(error)
    if known is None:
        logger.error("Request %s failed", request_id, exc_info=error, extra={"request_id": request_id})
        got_request_exception.send(sender=None, request=request)
        body = {"status": ERROR, "code": INTERNAL, "detail": "The server failed.", "request_id": request_id}
        return Response(body, status=500)
    if isinstance(known, Unavailable):
        told = "tables are missing, run manage.py migrate" if known.detail == NOT_SET_UP else "the database is away"
        logger.error("Request %s: %s", request_id, told, exc_info=error, extra={"request_id": request_id})
    else:
        _announce_refusal(known, request, request_id)
    answered: Dict[str, Any] = {
        "status": ERROR,
        "code": known.code,
        "detail": known.detail,
        **known.extra,
        "request_id": request_id,
    }
    return Response(answered, status=known.status, headers=_headers(known, error))


def _announce_refusal(known: SyncError, request: HttpRequest, request_id: str) -> None:
    """Tell those who keep logs; their failure is theirs."""
    user: Any = request.__dict__.get("user")
    # The middleware of sessions leaves a user behind that is asked for only when it is needed; it is not ours.
    username = "" if user is None or type(user) is SimpleLazyObject else user.get_username()
    event = RequestRefused(
        username=username,
        request=RequestInfo(request_id=request_id, ip=find_address(request)),
        method=request.method or "",
        path=request.path,
        status=known.status,
        code=known.code,
    )
    request_refused.send_robust(sender=RequestRefused, event=event)


def _translate(error: Exception) -> Any:
    """Return the error of ours that an exception means, None where it means a fault of the server."""
    if isinstance(error, SyncError):
        return error
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, MethodNotAllowed):
        return WrongMethod(str(error.detail))
    if isinstance(error, (DatabaseError, InterfaceError)) and _lacks_tables():
        return Unavailable(NOT_SET_UP)
    if isinstance(error, (OperationalError, InterfaceError, UnsupportedDatabase)):
        return Unavailable()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, PermissionDenied):
        return AccessDenied()
    if isinstance(error, SuspiciousOperation):
        return MalformedRequest()
    if isinstance(error, APIException) and error.status_code < 500:
        translated = SyncError(str(error.detail))
        translated.code, translated.status = str(error.default_code), error.status_code
        return translated
    return None


def _lacks_tables() -> bool:
    """Tell whether tables of ours are missing in a database that this request could reach."""
    reached = [name for name in connections if connections[name].connection is not None]
    return any(find_missing_tables(name) for name in reached)


def _headers(known: SyncError, error: Exception) -> Dict[str, str]:
    """Return the headers that the status asks for (RFC 9110, sections 10 and 11)."""
    if known.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(known, Throttled):
        return {"Retry-After": str(known.extra["retry_after"])}
    if isinstance(known, Unavailable):
        return {"Retry-After": str(RETRY_SECONDS)}
    return {}
