"""Users and organizations by what addresses and tables call them."""

from __future__ import annotations

from typing import Any, Collection, Dict

from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site

from sb_sync.dashboard.texts import is_storable

__all__ = ["find_user_key", "name_organizations", "name_users"]


def find_user_key(name: str) -> Any:
    """Return the key of a user of a name, None where there is none."""
    users = get_user_model()
    if not is_storable(name):
        return None
    return users._base_manager.filter(**{users.USERNAME_FIELD: name}).values_list("pk", flat=True).first()


def name_users(keys: Collection[Any]) -> Dict[Any, str]:
    """Return the names of users by their keys: rows in other databases cannot be joined to them."""
    found = get_user_model()._base_manager.in_bulk({key for key in keys if key is not None})
    return {key: user.get_username() for key, user in found.items()}


def name_organizations(keys: Collection[Any]) -> Dict[Any, Site]:
    """Return organizations by their keys, as names and slugs."""
    return Site._base_manager.in_bulk({key for key in keys if key is not None})
