"""How the server is: whether it is well, and how fast."""

from __future__ import annotations

from typing import Any, Dict

from django.db import Error as DatabaseError
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from sb_sync import access, catalog
from sb_sync.api.authentication import TokenAuthentication
from sb_sync.api.views.base import SyncView, find_place
from sb_sync.errors import AccessDenied, MalformedRequest, NotFound, SyncError
from sb_sync.ops import exposition
from sb_sync.ops.analysis import analyze
from sb_sync.ops.health import UNHEALTHY, Finding, worst
from sb_sync.ops.probes import monitor
from sb_sync.wire.codecs.moments import encode_moment

__all__ = ["HealthView", "MetricsView", "PerformanceView"]

OWN, ALL = "own", "all"


class HealthView(SyncView):
    """Tell whether all is well, to anybody; why not, to staff."""

    authentication_classes: Any = []
    http_method_names: Any = ["get", "head"]
    reads_settings = False

    def perform_authentication(self, request: Request) -> None:
        """Ask nobody who they are before it matters: that would take the database, and would forget a session."""

    def get(self, request: Request) -> Response:
        """Return a word for each check; 503 where something is unhealthy, so that balancers look elsewhere."""
        found = monitor.look()
        status = worst([finding.status for finding in found.values()])
        # Without a database nobody can be told from anybody.
        is_told = found["database"].status != UNHEALTHY and _is_staff(_find_user(request))
        body = {
            "status": status,
            "timestamp": encode_moment(timezone.now()),
            "checks": {name: _describe_finding(finding, in_full=is_told) for name, finding in found.items()},
        }
        return Response(body, status=503 if status == UNHEALTHY else 200)


class PerformanceView(SyncView):
    """Tell how fast the operations of an organization are."""

    http_method_names: Any = ["get", "head"]

    def get(self, request: Request) -> Response:
        """Return figures of the user's organization, or of all for staff who ask for them."""
        return Response(_analyze_all(request.user) if _wants_all(request) else _analyze_own(request))


class MetricsView(SyncView):
    """Give the figures of all organizations to Prometheus."""

    http_method_names: Any = ["get", "head"]

    def get(self, request: Request) -> HttpResponse:
        """Return the text; only staff see all organizations."""
        if not _is_staff(request.user):
            raise AccessDenied("Only staff may read this.")
        if not exposition.is_available():
            raise NotFound("Install sb-sync[prometheus] on the server to have metrics here.")
        content, content_type = exposition.expose(monitor.look())
        return HttpResponse(content, content_type=content_type)


def _find_user(request: Request) -> Any:
    """Return who asks, by token or by a session of Django's; None for everybody else, whatever they sent."""
    try:
        if request.META.get("HTTP_AUTHORIZATION"):
            return TokenAuthentication().authenticate(request)[0]
        user = getattr(request._request, "user", None)
        # It is looked up only here, and nobody without a cookie is looked up at all.
        return user if user is not None and user.is_authenticated else None
    except (SyncError, DatabaseError):
        return None


def _is_staff(user: Any) -> bool:
    return bool(user is not None and user.is_active and getattr(user, "is_staff", False))


def _describe_finding(finding: Finding, *, in_full: bool) -> Dict[str, Any]:
    """Return the word alone, or all that was found."""
    if not in_full:
        return {"status": finding.status}
    return {"status": finding.status, "detail": finding.detail, "figures": dict(finding.figures)}


def _wants_all(request: Request) -> bool:
    wanted = request.query_params.get("scope", OWN)
    if wanted not in (OWN, ALL):
        raise MalformedRequest("`scope` is `own` or `all`.")
    return wanted == ALL


def _analyze_all(user: Any) -> Dict[str, Any]:
    if not _is_staff(user):
        raise AccessDenied("Only staff see the figures of all organizations.")
    return analyze()


def _analyze_own(request: Request) -> Dict[str, Any]:
    """Return the figures of an organization; of models that the user has no right to, only within sums."""
    scope = access.resolve_scope(request.user, find_place(request, request.query_params))
    return analyze(scope.site_id, names={label: catalog.public_label_of(label) for label in scope.rights})
