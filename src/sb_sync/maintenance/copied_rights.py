"""One group's rights given to another, or to a group in another organization, row filters and all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Dict, List, Tuple

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from sb_sync import catalog
from sb_sync.maintenance.rights import (
    NO_RIGHT,
    as_rights,
    grantable_rights,
    lock_rights,
    read_rights,
    write_rights,
)
from sb_sync.models import DataFilter
from sb_sync.refusal import Refused

__all__ = ["CopyPlan", "OutdatedCopy", "RightsHolder", "copy_rights", "plan_copy"]

#: A model's label and a filter's name.
FilterKey = Tuple[str, str]


@dataclass(frozen=True)
class RightsHolder:
    """A group in an organization."""

    site_id: int
    group: Group


@dataclass(frozen=True)
class CopyPlan:
    """What a copy changes: rights by label, from what they are to what they become; conditions in rights by label.

    Named filters are (label, name). `withheld` are labels of which the other group may not be granted all.
    """

    rights: Dict[str, Tuple[int, int]]
    conditions: Dict[str, Any]
    saved_filters: Dict[FilterKey, Tuple[Any, bool]]
    removed_filters: Tuple[FilterKey, ...]
    withheld: Tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether both have the same already."""
        return not (self.rights or self.conditions or self.saved_filters or self.removed_filters)

    @property
    def filter_count(self) -> int:
        """Count the row filters that become others."""
        return len(self.conditions) + len(self.saved_filters) + len(self.removed_filters)

    @property
    def version(self) -> str:
        """Return a short text that is another one once the plan is."""
        parts = (
            sorted(self.rights.items()),
            sorted((label, json.dumps(value)) for label, value in self.conditions.items()),
            sorted((key, json.dumps(value)) for key, value in self.saved_filters.items()),
            sorted(self.removed_filters),
        )
        return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()

    def count(self, right: int, *, granted: bool) -> int:
        """Count the models on which a right is granted, or taken away."""
        changes = ((new & ~old if granted else old & ~new) for old, new in self.rights.values())
        return sum(bool(change & right) for change in changes)


class OutdatedCopy(Exception):
    """What there is to copy, or what it would replace, is not what was seen; `plan` is what there is to do now."""

    def __init__(self, plan: CopyPlan) -> None:
        """Take the plan."""
        self.plan = plan
        super().__init__("The rights were changed in the meantime.")


def plan_copy(source: RightsHolder, target: RightsHolder) -> CopyPlan:
    """Return what has to change for one to have what the other has on the synchronised models. Three queries."""
    theirs = read_rights(source.site_id, [source.group.pk])
    own = read_rights(target.site_id, [target.group.pk])
    most = grantable_rights(target.group.name)
    rights: Dict[str, Tuple[int, int]] = {}
    conditions: Dict[str, Any] = {}
    withheld: List[str] = []
    for label in sorted(catalog.synced_models()):
        given, present = theirs.get((source.group.pk, label)), own.get((target.group.pk, label))
        wanted, before = _rights_of(given), _rights_of(present)
        if wanted & ~most:
            withheld.append(label)
        if wanted & most != before:
            rights[label] = (before, wanted & most)
        condition = (given.filters or None) if given is not None else None
        if condition != ((present.filters or None) if present is not None else None) and (wanted & most or present):
            conditions[label] = condition
    given_filters, present_filters = _read_filters(source, target)
    return CopyPlan(
        rights=rights,
        conditions=conditions,
        saved_filters={key: value for key, value in given_filters.items() if present_filters.get(key) != value},
        removed_filters=tuple(sorted(set(present_filters) - set(given_filters))),
        withheld=tuple(withheld),
    )


def copy_rights(source: RightsHolder, target: RightsHolder, *, seen: str) -> CopyPlan:
    """Do what was planned, all of it or nothing.

    Raises `OutdatedCopy` where that is not what was seen any more, and `Refused` for a row filter that does not fit its
    model.
    """
    with transaction.atomic():
        lock_rights(target.site_id)
        plan = plan_copy(source, target)
        if plan.version != seen:
            raise OutdatedCopy(plan)
        standing = read_rights(target.site_id, [target.group.pk])
        write_rights(
            target.site_id, standing, {(target.group.pk, label): new for label, (_, new) in plan.rights.items()}
        )
        try:
            _write_conditions(target, plan)
            _write_filters(target, plan)
        except ValidationError as error:
            raise Refused(error.messages) from error
    return plan


def _rights_of(row: Any) -> int:
    return NO_RIGHT if row is None else as_rights(row.can_push, row.can_pull)


def _read_filters(*holders: RightsHolder) -> List[Dict[FilterKey, Tuple[Any, bool]]]:
    """Return each one's named filters on synchronised models: condition and whether it is active. One query."""
    wanted = reduce(or_, (Q(site=holder.site_id, group=holder.group) for holder in holders))
    rows = DataFilter.objects.filter(wanted)
    found: Dict[Tuple[int, int], Dict[FilterKey, Tuple[Any, bool]]] = {}
    for site_id, group_id, label, name, condition, is_active in rows.values_list(
        "site_id", "group_id", "model_name", "filter_name", "filter_condition", "is_active"
    ):
        synced = catalog.find(label)
        if synced is not None:
            found.setdefault((site_id, group_id), {})[synced.label, name] = (condition, is_active)
    return [found.get((holder.site_id, holder.group.pk), {}) for holder in holders]


def _write_conditions(target: RightsHolder, plan: CopyPlan) -> None:
    if not plan.conditions:
        return
    for (_, label), row in read_rights(target.site_id, [target.group.pk]).items():
        if label in plan.conditions:
            row.filters = plan.conditions[label]
            row.save(update_fields=["filters"])


def _write_filters(target: RightsHolder, plan: CopyPlan) -> None:
    rows = DataFilter.objects.filter(site=target.site_id, group=target.group)
    standing = {(_canonical(row.model_name), row.filter_name): row for row in rows}
    for key in plan.removed_filters:
        standing[key].delete()
    for (label, name), (condition, is_active) in plan.saved_filters.items():
        row = standing.get((label, name)) or DataFilter(
            site_id=target.site_id, group=target.group, model_name=label, filter_name=name
        )
        row.filter_condition, row.is_active = condition, is_active
        row.save()


def _canonical(label: str) -> str:
    synced = catalog.find(label)
    return label if synced is None else synced.label
