"""The common groups: what each may do with the models that are granted to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Mapping, Optional, Set, Tuple

from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from sb_sync import catalog
from sb_sync.refusal import Refused

__all__ = ["COMMON_GROUPS", "GroupReport", "Kind", "create_groups", "find_group", "kind_of"]


@dataclass(frozen=True)
class Kind:
    """The most that a group can be granted."""

    push: bool
    pull: bool
    delete: bool = False

    def __str__(self) -> str:
        """Return the rights in words."""
        words = [("push", self.push), ("pull", self.pull), ("delete", self.delete)]
        return ", ".join(word for word, granted in words if granted)


EVERYTHING = Kind(push=True, pull=True, delete=True)
WRITERS = Kind(push=True, pull=True)
READERS = Kind(push=False, pull=True)
COMMON_GROUPS: Mapping[str, Kind] = {
    "Administrators": EVERYTHING,
    "Managers": WRITERS,
    "Users": WRITERS,
    "Sales": WRITERS,
    "Support": WRITERS,
    "Analysts": READERS,
    "Read Only": READERS,
}


@dataclass(frozen=True)
class GroupReport:
    """What became of one group; `deletable` counts the models whose deletion it was given."""

    name: str
    kind: Kind
    is_new: bool
    deletable: int


def create_groups(*, dry_run: bool = False) -> List[GroupReport]:
    """Make the common groups that are missing, and let those that may delete do so in every synchronised model."""
    with transaction.atomic():
        reports = [_create_group(name, kind) for name, kind in COMMON_GROUPS.items()]
        transaction.set_rollback(dry_run)
    return reports


def kind_of(group_name: str) -> Kind:
    """Return the most that a group may do: what its kind allows, or anything for a project's own group."""
    return COMMON_GROUPS.get(group_name, EVERYTHING)


def find_group(name: str) -> Group:
    """Return a group by its name. Raises `Refused` with the names that there are."""
    group: Optional[Group] = Group.objects.filter(name=name).first()
    if group is None:
        known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
        hint = f"There are: {known}." if known else "Make them by setup_organizations --action create_groups."
        raise Refused(f"There is no group {name!r}. {hint}")
    return group


def _create_group(name: str, kind: Kind) -> GroupReport:
    group, is_new = Group.objects.get_or_create(name=name)
    deletable = _find_delete_permissions() if kind.delete else []
    missing = set(deletable) - set(group.permissions.all()) if deletable else set()
    group.permissions.add(*missing)
    return GroupReport(name, kind, is_new, len(missing))


def _find_delete_permissions() -> List[Permission]:
    """Return Django's permissions to delete in the synchronised models."""
    wanted: Set[Tuple[str, str]] = set()
    for synced in catalog.synced_models().values():
        options = synced.model._meta
        wanted.add((options.app_label, get_permission_codename("delete", options)))
    candidates = Permission.objects.filter(codename__startswith="delete_").select_related("content_type")
    return [found for found in candidates if (found.content_type.app_label, found.codename) in wanted]
