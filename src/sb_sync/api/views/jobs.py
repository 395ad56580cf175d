"""Background pushes: where they stand, and how to cancel them."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from sb_sync import access
from sb_sync.api.views.base import SyncView, find_place
from sb_sync.push import jobs

__all__ = ["JobView"]


class JobView(SyncView):
    """Tell of one job to the user who sent it."""

    http_method_names: Any = ["get", "head", "delete"]

    def get(self, request: Request, job: uuid.UUID) -> Response:
        """Return where the job stands and, once it has ended, what the push is answered."""
        return Response(jobs.tell(_find_scope(request, job), job))

    def delete(self, request: Request, job: uuid.UUID) -> Response:
        """Cancel the job, as far as it is not done."""
        return Response(jobs.cancel(_find_scope(request, job), job))


def _find_scope(request: Request, job: uuid.UUID) -> access.Scope:
    """Return the scope of the organization that the request names, else of the one in which the job is."""
    place = find_place(request, request.query_params)
    return access.resolve_scope(request.user, jobs.find_organization(request.user, job) if place is None else place)
