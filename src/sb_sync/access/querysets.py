"""Querysets that hold what a user may see, and nothing else."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, Optional, Tuple, Type, Union

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist, ImproperlyConfigured
from django.db.models import F, Func, Model, QuerySet

from sb_sync.access.filters import compile_filter
from sb_sync.access.scope import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.registry import runs_own
from sb_sync.relations import Relation, declared_relations
from sb_sync.tenancy import AmbiguousTenant, InvalidTenant, TenantPath, resolve_tenant

__all__ = [
    "choose_rows",
    "dependencies",
    "filtered_queryset",
    "fingerprint",
    "organization_queryset",
    "own_condition",
    "plain_condition",
    "scoped_queryset",
    "visible_users",
]

FINGERPRINT_SIZE = 12
# A number that is compared and not looked up in an index.
UNINDEXED = "+%(expressions)s"


def scoped_queryset(scope: Scope, synced: SyncedModel, *, is_by_key: bool = False) -> Any:
    """Return the rows of a model that the user may see.

    They are those that the default manager shows, of the organization, inside the row filters and of the project's own
    `get_queryset`, which narrows whatever it returns. Says nothing of rights: whether the user may pull the model at
    all is asked of the scope. Those that are read by key are not looked up by what `plain_condition` tells.
    """
    plain = plain_condition(scope, synced) if is_by_key else None
    if plain:
        rows = synced.model._default_manager.using(synced.database).order_by()
        compared = {f"sb_sync_{name}": Func(F(name), template=UNINDEXED) for name in plain}
        return rows.alias(**compared).filter(**{f"sb_sync_{name}": value for name, value in plain.items()})
    rows = filtered_queryset(scope, synced)
    if not runs_own(synced.sync, "get_queryset"):
        return rows
    return rows.filter(pk__in=choose_rows(scope, synced).values("pk"))


def choose_rows(scope: Scope, synced: SyncedModel) -> Any:
    """Return what the project's own `get_queryset` makes of a user's rows.

    Raises `ImproperlyConfigured` where that is no queryset of the model.
    """
    chosen = synced.sync.get_queryset(filtered_queryset(scope, synced), scope)
    if not isinstance(chosen, QuerySet) or chosen.model._meta.concrete_model is not synced.model:
        raise ImproperlyConfigured(f"get_queryset of {synced.label} returns no queryset of {synced.label}.")
    return chosen


def dependencies(scope: Scope, synced: SyncedModel) -> Tuple[Relation, ...]:
    """Return the relations whose changes may move rows of a model in and out of the user's view."""
    row_filter = scope.filters.get(synced.label)
    followed = () if row_filter is None else row_filter.relations
    return tuple(dict.fromkeys((*followed, *declared_relations(synced))))


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
    row_filter = scope.filters.get(synced.label)
    rules = (
        scope.site_id,
        synced.tenant.lookup if synced.tenant else None,
        _manager_condition(synced),
        None if row_filter is None else row_filter.rules,
        own_condition(scope, synced),
        # Of relations that were not declared before, nobody was told.
        *synced.sync.depends_on,
    )
    return hashlib.blake2b(repr(rules).encode(), digest_size=FINGERPRINT_SIZE).hexdigest()


def own_condition(scope: Scope, synced: SyncedModel) -> Optional[Tuple[str, str]]:
    """Return the SQL of the project's own `get_queryset` and its values, None where it has none."""
    return _write_sql(choose_rows(scope, synced)) if runs_own(synced.sync, "get_queryset") else None


def plain_condition(scope: Scope, synced: SyncedModel) -> Optional[Dict[str, Any]]:
    """Return the values of a row's own columns that alone put it into the user's view; None where more counts."""
    is_narrowed = synced.label in scope.filters or runs_own(synced.sync, "get_queryset")
    if is_narrowed or _manager_condition(synced) is not None:
        return None
    if synced.tenant is None:
        return {}
    field: Any = synced.tenant.field
    # One that is inherited stands in another table.
    return {field.attname: scope.site_id} if field in synced.model._meta.local_concrete_fields else None


def _narrow(rows: Any, tenant: Optional[TenantPath], scope: Scope) -> Any:
    """Return the rows of the organization. A row whose key to it is NULL is nobody's."""
    return rows if tenant is None else rows.filter(**{tenant.lookup: scope.site_id})


def filtered_queryset(scope: Scope, synced: SyncedModel) -> Any:
    """Return the rows of the organization inside the row filters, whatever the project's own `get_queryset` says."""
    rows = synced.model._default_manager.using(synced.database).order_by()
    rows = _narrow(rows, synced.tenant, scope)
    row_filter = scope.filters.get(synced.label)
    return rows if row_filter is None else rows.filter(compile_filter(row_filter, scope.site_id))


def _manager_condition(synced: SyncedModel) -> Optional[Tuple[str, str]]:
    """Return the SQL of a default manager that hides rows, None for one that shows all."""
    rows = synced.model._default_manager.using(synced.database).order_by()
    query = rows.query
    return None if not query.where and not query.is_sliced and not query.distinct else _write_sql(rows)


def _write_sql(rows: Any) -> Tuple[str, str]:
    """Return the text and the values of a queryset's statement."""
    try:
        sql, parameters = rows.values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "", ""
    return sql, repr(parameters)
