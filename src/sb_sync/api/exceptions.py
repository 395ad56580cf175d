"""Errors as answers: one shape for all, and nothing of the inside."""

from __future__ import annotations

import logging
from typing import Any, Dict

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest
from rest_framework.exceptions import APIException, MethodNotAllowed
from rest_framework.response import Response

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
from sb_sync.feed import UnsupportedDatabase
from sb_sync.protocol import ERROR, INTERNAL

__all__ = ["answer_error"]

logger = logging.getLogger("sb_sync")

# How long a database that is away is given to come back.
RETRY_SECONDS = 5


def answer_error(error: Exception, request: HttpRequest, request_id: str) -> Response:
    """Return the answer for anything that a view raised."""
    known = _translate(error)
    if known is None:
        logger.error("Request %s failed", request_id, exc_info=error)
        got_request_exception.send(sender=None, request=request)
        body = {"status": ERROR, "code": INTERNAL, "detail": "The server failed.", "request_id": request_id}
        return Response(body, status=500)
    if isinstance(known, Unavailable):
        logger.error("Request %s: the database is away", request_id, exc_info=error)
    answered: Dict[str, Any] = {
        "status": ERROR,
        "code": known.code,
        "detail": known.detail,
        **known.extra,
        "request_id": request_id,
    }
    return Response(answered, status=known.status, headers=_headers(known, error))


def _translate(error: Exception) -> Any:
    """Return the error of ours that an exception means, None where it means a fault of the server."""
    if isinstance(error, SyncError):
        return error
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, MethodNotAllowed):
        return WrongMethod(str(error.detail))
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


def _headers(known: SyncError, error: Exception) -> Dict[str, str]:
    """Return the headers that the status asks for (RFC 9110, sections 10 and 11)."""
    if known.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(known, Throttled):
        return {"Retry-After": str(known.extra["retry_after"])}
    if isinstance(known, Unavailable):
        return {"Retry-After": str(RETRY_SECONDS)}
    return {}
