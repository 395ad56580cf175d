"""What the pages of rights read: groups, models and what stands between them, each in one statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Count, Q, TextField
from django.db.models.functions import Cast

from sb_sync import catalog
from sb_sync.access.resolution import NO_CONDITION
from sb_sync.catalog import SyncedModel
from sb_sync.maintenance.rights import NO_RIGHT, Cell, as_rights, grantable_rights
from sb_sync.models import DataFilter, ModelPermission, UserSite

__all__ = ["Column", "Row", "Standing", "find_models", "list_columns", "list_groups", "list_members", "read_standing"]

#: So many members a list of choices holds; others are found by their names.
MOST_MEMBERS = 200


@dataclass(frozen=True)
class Column:
    """A group: `most` is what it can be granted, `members` how many there are in the organization."""

    pk: int
    name: str
    most: int
    members: int


@dataclass(frozen=True)
class Row:
    """A model with the rights of each column's group, and the columns whose group sees a part of its rows only."""

    synced: SyncedModel
    rights: Tuple[int, ...]
    filtered: FrozenSet[int] = frozenset()

    @property
    def app_label(self) -> str:
        """Return the label of its app."""
        return str(self.synced.model._meta.app_label)

    @property
    def name(self) -> str:
        """Return the name of the class."""
        return str(self.synced.model._meta.object_name)

    @property
    def is_even(self) -> bool:
        """Tell whether all groups have the same rights."""
        return len(set(self.rights)) <= 1


@dataclass(frozen=True)
class Standing:
    """What stands in an organization: rights by cell, the cells with row filters, and models that are out by now."""

    rights: Dict[Cell, int] = field(default_factory=dict)
    filtered: Set[Cell] = field(default_factory=set)
    left_out: Tuple[str, ...] = ()

    def make_row(self, synced: SyncedModel, columns: Sequence[Column]) -> Row:
        """Return the row of a model."""
        label = synced.label
        return Row(
            synced,
            tuple(self.rights.get((column.pk, label), NO_RIGHT) for column in columns),
            frozenset(index for index, column in enumerate(columns) if (column.pk, label) in self.filtered),
        )


def list_groups() -> List[Group]:
    """Return all groups by name."""
    return list(Group.objects.order_by("name"))


def list_columns(site_id: int, groups: Sequence[Group]) -> List[Column]:
    """Return groups as columns, with how many active members each has in an organization."""
    rows = UserSite.objects.filter(site=site_id, is_active=True, group__in=[group.pk for group in groups])
    members = dict(rows.order_by().values_list("group").annotate(Count("pk")))
    return [Column(group.pk, group.name, grantable_rights(group.name), members.get(group.pk, 0)) for group in groups]


def read_standing(site_id: int, group_ids: Sequence[int], *, label: Optional[str] = None) -> Standing:
    """Return what stands for groups in an organization, on all models or one. Two statements."""
    narrowed = {} if label is None else {"model_name__iexact": label}
    permissions = ModelPermission.objects.filter(site=site_id, group__in=group_ids, **narrowed).order_by("pk")
    found = Standing()
    left_out: Set[str] = set()
    names = {synced.label.lower(): synced.label for synced in catalog.synced_models().values()}
    rows = permissions.values_list("group_id", "model_name", "can_push", "can_pull", Cast("filters", TextField()))
    for group_id, model_name, can_push, can_pull, text in rows:
        known = names.get(model_name.lower())
        if known is None:
            if can_push or can_pull:
                left_out.add(model_name)
            continue
        found.rights[group_id, known] = as_rights(can_push, can_pull)
        if text not in NO_CONDITION:
            found.filtered.add((group_id, known))
    filters = DataFilter.objects.filter(site=site_id, group__in=group_ids, is_active=True, **narrowed)
    for group_id, model_name in filters.order_by().values_list("group_id", "model_name"):
        found.filtered.add((group_id, names.get(model_name.lower(), "")))
    return Standing(found.rights, found.filtered, tuple(sorted(left_out)))


def find_models(words: Sequence[str], *, app_label: str = "") -> List[SyncedModel]:
    """Return the synchronised models of which every word is a part of label or name, by app and name."""
    found = [
        synced
        for synced in catalog.synced_models().values()
        if (not app_label or synced.model._meta.app_label == app_label)
        and all(word.lower() in _describe(synced) for word in words)
    ]
    return sorted(found, key=lambda synced: synced.label.lower())


def list_members(site_id: int, *, group_id: Optional[int] = None, words: str = "") -> List[Any]:
    """Return the first members of an organization by name, of one group or all, inactive ones too."""
    user_model: Any = get_user_model()
    mine = Q(sync_memberships__site=site_id)
    if group_id is not None:
        mine &= Q(sync_memberships__group=group_id)
    if words:
        mine &= Q(**{f"{user_model.USERNAME_FIELD}__icontains": words})
    return list(user_model._base_manager.filter(mine).order_by(user_model.USERNAME_FIELD)[:MOST_MEMBERS])


def _describe(synced: SyncedModel) -> str:
    return f"{synced.label} {synced.model._meta.verbose_name}".lower()
