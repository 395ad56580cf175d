"""Querysets that hold what a user may see, and nothing else."""

from __future__ import annotations

import hashlib
from typing import Any, Optional, Tuple, Type, Union

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db.models import Model

from sb_sync.access.scope import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.tenancy import AmbiguousTenant, InvalidTenant, TenantPath, resolve_tenant

__all__ = ["fingerprint", "organization_queryset", "scoped_queryset", "visible_users"]

FINGERPRINT_SIZE = 12


def scoped_queryset(scope: Scope, synced: SyncedModel) -> Any:
    """Return the rows of a model that the user may see: those that the default manager shows, of the organization.

    Says nothing of rights: whether the user may pull the model at all is asked of the scope.
    """
    rows = synced.model._default_manager.using(synced.database).order_by()
    return _narrow(rows, synced.tenant, scope)


def organization_queryset(scope: Scope, subject: Union[SyncedModel, Type[Model]]) -> Any:
    """Return all rows of a model that are the organization's, hidden ones too; all rows where the model is shared.

    A model whose organization cannot be told has none here: nobody's rows are everybody's.
    """
    if isinstance(subject, SyncedModel):
        rows = subject.model._base_manager.using(subject.database).order_by()
        return _narrow(rows, subject.tenant, scope)
    rows = subject._base_manager.order_by()
    try:
        return _narrow(rows, resolve_tenant(subject), scope)
    except (AmbiguousTenant, InvalidTenant):
        return rows.none()


def visible_users(scope: Scope) -> Any:
    """Return the users that a key to a user may name: active members of the organization."""
    user_model = get_user_model()
    members = user_model._base_manager.filter(
        sync_memberships__site_id=scope.site_id, sync_memberships__is_active=True
    ).order_by()
    try:
        user_model._meta.get_field("is_active")
    except FieldDoesNotExist:
        return members
    return members.filter(is_active=True)


def fingerprint(scope: Scope, synced: SyncedModel) -> str:
    """Return a name for the rules that choose the rows: a cursor made under other rules begins again."""
    rules = (scope.site_id, synced.tenant.lookup if synced.tenant else None, _manager_condition(synced))
    return hashlib.blake2b(repr(rules).encode(), digest_size=FINGERPRINT_SIZE).hexdigest()


def _narrow(rows: Any, tenant: Optional[TenantPath], scope: Scope) -> Any:
    """Return the rows of the organization. A row whose key to it is NULL is nobody's."""
    return rows if tenant is None else rows.filter(**{tenant.lookup: scope.site_id})


def _manager_condition(synced: SyncedModel) -> Optional[Tuple[str, str]]:
    """Return the SQL of a default manager that hides rows, None for one that shows all."""
    query = synced.model._default_manager.using(synced.database).order_by().values_list("pk").query
    if not query.where and not query.is_sliced and not query.distinct:
        return None
    try:
        sql, parameters = query.sql_with_params()
    except EmptyResultSet:
        return "", ""
    return sql, repr(parameters)
