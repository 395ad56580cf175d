"""What may be synchronised."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from rest_framework.request import Request
from rest_framework.response import Response

from sb_sync import access, catalog
from sb_sync.api.views.base import SyncView, find_place
from sb_sync.registry import policy_of
from sb_sync.wire import schema_of
from sb_sync.wire.description import describe_fields

__all__ = ["ModelsView"]


class ModelsView(SyncView):
    """Tell what a client needs to build its tables and forms."""

    http_method_names: Any = ["get", "head"]

    def get(self, request: Request) -> Response:
        """Return every model that the user may push or pull in the organization."""
        scope = access.resolve_scope(request.user, find_place(request, request.query_params))
        public = {label: catalog.synced_models()[label].public_label for label in scope.rights}
        return Response({"models": {name: _describe(scope, label, public) for label, name in public.items()}})


def _describe(scope: access.Scope, label: str, public: Mapping[str, str]) -> Dict[str, Any]:
    """Return what there is to say of one model; only models of the same list are named as targets of references."""
    synced = catalog.synced_models()[label]
    schema = schema_of(synced)
    rights = scope.rights[label]
    return {
        "can_push": rights.can_push,
        "can_pull": rights.can_pull,
        "can_delete": rights.can_delete,
        "shared": synced.is_shared,
        "conflict": policy_of(synced.sync),
        "primary_key": {"name": schema.key.name, "kind": synced.key_kind},
        "organization": None if schema.organization is None else schema.organization.name,
        "fields": describe_fields(schema, public),
    }
