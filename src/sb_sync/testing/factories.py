"""Organizations, members and rights in one call each."""

from __future__ import annotations

import uuid
from typing import Any, Iterable, List, Optional

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import router, transaction

from sb_sync import attribution, catalog
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
    with transaction.atomic():
        _write_rights(organization, role, labels, push=push, pull=pull)
        if delete:
            role.permissions.add(*_find_permissions_to_delete(labels))


def _write_rights(organization: Organization, role: Group, labels: List[str], *, push: bool, pull: bool) -> None:
    """Change the rights that stand, and make the others in one statement: tests do this for each model, each time."""
    using = router.db_for_write(ModelPermission)
    rights = ModelPermission.objects.using(using).filter(site_id=organization.pk, group=role)
    standing = {right.model_name: right for right in rights.filter(model_name__in=labels)}
    for right in standing.values():
        right.can_push, right.can_pull = push, pull
        right.save()
    made = [label for label in labels if label not in standing]
    ModelPermission.objects.using(using).bulk_create(
        ModelPermission(site_id=organization.pk, group=role, model_name=label, can_push=push, can_pull=pull)
        for label in made
    )
    # Read again: not every database tells the keys of rows that are made together.
    attribution.write_entries(ModelPermission, rights.filter(model_name__in=made), attribution.CREATED, using=using)


def _find_permissions_to_delete(labels: List[str]) -> List[Permission]:
    """Return Django's own permissions to delete rows of models, in one query: tests ask for all models at once."""
    names = set()
    for label in labels:
        app, _, name = label.lower().partition(".")
        names.add((app, name))
    rows = Permission.objects.filter(codename__in={f"delete_{name}" for _, name in names})
    found = {(row.content_type.app_label, row.content_type.model): row for row in rows.select_related("content_type")}
    return [found[name] for name in names]
