"""Which rows of a model a record may refer to, and which a deletion may reach."""

from __future__ import annotations

from typing import Any, Iterable, Set, Type

from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.db.models import Model

from sb_sync import catalog
from sb_sync.access import Scope, organization_queryset, scoped_queryset, visible_users
from sb_sync.models import Organization
from sb_sync.optimizations.chunks import split

__all__ = ["find_values", "reachable_rows", "touchable_rows"]


def reachable_rows(scope: Scope, model: Type[Model], using: str) -> Any:
    """Return the rows that exist as far as this user is concerned.

    Of a synchronised model those the user may see or, where it may not be pulled, the organization's; of users, also
    by inheritance, the organization's active members; of organizations this one; of all else what is the
    organization's or nobody's in particular.
    """
    concrete: Any = model._meta.concrete_model
    user_model: Any = get_user_model()._meta.concrete_model
    rows: Any
    if concrete is user_model:
        rows = visible_users(scope)
    elif concrete in (Site, Organization):
        rows = concrete._base_manager.filter(pk=scope.site_id)
    else:
        synced = catalog.find(concrete._meta.label)
        if synced is not None and scope.may_pull(synced.label):
            rows = scoped_queryset(scope, synced)
        else:
            rows = organization_queryset(scope, synced or concrete)
        if issubclass(concrete, user_model):
            rows = rows.filter(**{f"{user_model._meta.pk.attname}__in": visible_users(scope).values("pk")})
    return rows.using(using)


def touchable_rows(scope: Scope, model: Type[Model], using: str) -> Any:
    """Return the rows that a deletion may touch: of a model that may only be pushed, too, those that the user sees."""
    rows = reachable_rows(scope, model, using)
    synced = catalog.find(model._meta.label)
    if synced is None or synced.label not in scope.rights or scope.may_pull(synced.label):
        return rows
    return rows.filter(pk__in=scoped_queryset(scope, synced).using(using).values("pk"))


def find_values(rows: Any, attname: str, values: Iterable[Any], using: str) -> Set[Any]:
    """Return those of the values that stand in a column of the rows."""
    found: Set[Any] = set()
    for chunk in split(list(values), using):
        found.update(rows.filter(**{f"{attname}__in": chunk}).values_list(attname, flat=True))
    return found
