"""Organizations, members and rights in one call each."""

from __future__ import annotations

import uuid
from typing import Any, Iterable, Optional

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission

from sb_sync import catalog
from sb_sync.models import ModelPermission, Organization, UserSite

__all__ = ["grant", "make_member", "make_organization"]


def make_organization(slug: str, *, name: Optional[str] = None) -> Organization:
    """Return a new organization."""
    return Organization.objects.create(slug=slug, name=name or slug.title())


def make_member(
    organization: Organization,
    *,
    username: Optional[str] = None,
    group: str = "Users",
    password: Optional[str] = None,
    **fields: Any,
) -> Any:
    """Return a user of an organization, in a group that is made where it is missing."""
    user_model: Any = get_user_model()
    name = username or f"user-{uuid.uuid4().hex[:8]}"
    user = user_model._default_manager.filter(**{user_model.USERNAME_FIELD: name}).first()
    if user is None:
        user = user_model._default_manager.create_user(name, password=password, **fields)
    role, _ = Group.objects.get_or_create(name=group)
    UserSite.objects.create(user=user, site_id=organization.pk, group=role)
    return user


def grant(
    organization: Organization,
    *,
    group: str = "Users",
    models: Optional[Iterable[str]] = None,
    push: bool = True,
    pull: bool = True,
    delete: bool = False,
) -> None:
    """Give a group rights on models: on all synchronised ones where none are named."""
    role, _ = Group.objects.get_or_create(name=group)
    labels = list(catalog.synced_models()) if models is None else list(models)
    for label in labels:
        ModelPermission.objects.update_or_create(
            site_id=organization.pk, group=role, model_name=label, defaults={"can_push": push, "can_pull": pull}
        )
        if delete:
            app_label, model_name = label.lower().split(".")
            role.permissions.add(
                Permission.objects.get(content_type__app_label=app_label, codename=f"delete_{model_name}")
            )
