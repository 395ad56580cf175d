"""Members of staff, as the pages know them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client

from sb_sync.dashboard.permissions import AUDIT, EXPORT, MATRIX, SETTINGS, VIEW
from sb_sync.models import Organization, UserSite

__all__ = ["ALL", "CONFIG", "make_chief", "make_client", "make_staff"]

CONFIG = "/api/sync/config/"
ALL = (VIEW, MATRIX, SETTINGS, EXPORT, AUDIT)


def make_chief(username: str = "chief") -> Any:
    """Return a superuser."""
    return get_user_model().objects.create_superuser(username, f"{username}@example.com", "secret")


def make_staff(*organizations: Organization, username: str = "olga", permissions: Any = ALL) -> Any:
    """Return a member of staff who belongs to organizations and has permissions by their full names."""
    user = get_user_model().objects.create_user(username, password="secret", is_staff=True)
    role, _ = Group.objects.get_or_create(name="Managers")
    for organization in organizations:
        UserSite.objects.create(user=user, site_id=organization.pk, group=role)
    for name in permissions:
        app_label, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    return user


def make_client(user: Any, **options: Any) -> Client:
    """Return a client that is logged in."""
    client = Client(**options)
    client.force_login(user)
    return client
