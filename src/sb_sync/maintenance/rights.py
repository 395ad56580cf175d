"""Rights of groups on models, changed together: all of them or none, against what their editor saw."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Dict, Iterable, List, Sequence, Tuple

from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.db import router, transaction

from sb_sync import attribution, catalog
from sb_sync.maintenance.groups import kind_of
from sb_sync.models import ModelPermission
from sb_sync.optimizations.chunks import split
from sb_sync.refusal import Refused

__all__ = [
    "MOST_CHANGES",
    "NO_RIGHT",
    "PULL",
    "PUSH",
    "Cell",
    "CellChange",
    "Outdated",
    "RightsReport",
    "as_rights",
    "change_rights",
    "grantable_rights",
    "lock_rights",
    "read_rights",
    "write_rights",
]

#: The rights of one group on one model are a sum of these.
NO_RIGHT, PUSH, PULL = 0, 1, 2
#: Of one call.
MOST_CHANGES = 20_000

#: A group's id and a model's label.
Cell = Tuple[int, str]


@dataclass(frozen=True)
class CellChange:
    """The rights that a group shall have on a model, in place of those that the editor saw."""

    group_id: int
    label: str
    seen: int
    wanted: int

    @property
    def cell(self) -> Cell:
        """Return which cell of the matrix it is."""
        return (self.group_id, self.label)


@dataclass(frozen=True)
class RightsReport:
    """What became of changes: the cells that were written, and the shared models on which something was granted."""

    written: Tuple[Cell, ...]
    shared: Tuple[str, ...]


class Outdated(Exception):
    """Others changed what the editor saw; nothing was written. `present` says what there is now."""

    def __init__(self, present: Dict[Cell, int]) -> None:
        """Take the rights that stand, of the cells that differ."""
        self.present = present
        super().__init__("The rights were changed in the meantime.")


def as_rights(can_push: bool, can_pull: bool) -> int:
    """Return two rights as one number."""
    return (PUSH if can_push else NO_RIGHT) | (PULL if can_pull else NO_RIGHT)


def grantable_rights(group_name: str) -> int:
    """Return the most that a group can be granted: a common group no more than its kind."""
    kind = kind_of(group_name)
    return as_rights(kind.push, kind.pull)


def read_rights(site_id: int, group_ids: Iterable[int]) -> Dict[Cell, ModelPermission]:
    """Return what stands for groups in an organization, by the labels that the catalog has; one query."""
    rows = ModelPermission.objects.filter(site=site_id, group__in=list(group_ids))
    found: Dict[Cell, ModelPermission] = {}
    for row in rows:
        synced = catalog.find(row.model_name)
        if synced is not None:
            found[row.group_id, synced.label] = row
    return found


def lock_rights(site_id: int) -> None:
    """Let no other bulk change of an organization's rights go on before the transaction ends."""
    Site.objects.select_for_update().get(pk=site_id)


def change_rights(site_id: int, changes: Sequence[CellChange]) -> RightsReport:
    """Make changes in an organization, all of them or none.

    Raises `Refused` for what no group can have, and `Outdated` where others changed a cell since it was seen. A cell
    that already is as wanted is left as it is.
    """
    groups = _check(changes)
    with transaction.atomic():
        lock_rights(site_id)
        standing = read_rights(site_id, groups)
        present = {change.cell: _rights_of(standing.get(change.cell)) for change in changes}
        outdated = {
            change.cell: present[change.cell]
            for change in changes
            if present[change.cell] not in (change.seen, change.wanted)
        }
        if outdated:
            raise Outdated(outdated)
        _check_kinds(changes, present, groups)
        wanted = {change.cell: change.wanted for change in changes if present[change.cell] != change.wanted}
        write_rights(site_id, standing, wanted)
    granted = {label for (group_id, label), rights in wanted.items() if rights & ~present[group_id, label]}
    return RightsReport(tuple(wanted), tuple(sorted(label for label in granted if _is_shared(label))))


def write_rights(site_id: int, standing: Dict[Cell, ModelPermission], wanted: Dict[Cell, int]) -> None:
    """Give cells the rights that are wanted, in a few statements, with one entry in the history for each.

    Within the transaction that read what stands.
    """
    created = [_make_row(site_id, cell, rights) for cell, rights in wanted.items() if cell not in standing and rights]
    changed: Dict[int, List[ModelPermission]] = defaultdict(list)
    for cell, rights in wanted.items():
        if cell in standing:
            row = standing[cell]
            row.can_push, row.can_pull = bool(rights & PUSH), bool(rights & PULL)
            changed[rights].append(row)
    _insert(site_id, created)
    for rights, rows in changed.items():
        _update(rows, rights)


def _check(changes: Sequence[CellChange]) -> Dict[int, str]:
    """Return the names of the groups by id. Raises `Refused` where changes name what is not there."""
    if not 0 < len(changes) <= MOST_CHANGES:
        raise Refused(f"Between 1 and {MOST_CHANGES} rights can be changed at once.")
    if len({change.cell for change in changes}) != len(changes):
        raise Refused("A cell is named twice.")
    ids = {change.group_id for change in changes}
    groups = dict(Group.objects.filter(pk__in=ids).values_list("pk", "name"))
    faults = [f"There is no group {pk}." for pk in sorted(ids - set(groups))]
    for label in sorted({change.label for change in changes}):
        synced = catalog.find(label)
        if synced is None or synced.label != label:
            faults.append(f"{label} is not synchronised.")
    if faults:
        raise Refused(faults)
    return groups


def _check_kinds(changes: Sequence[CellChange], present: Dict[Cell, int], groups: Dict[int, str]) -> None:
    """Raise `Refused` where a common group would get more than its kind."""
    most = {pk: grantable_rights(name) for pk, name in groups.items()}
    beyond = {change.group_id for change in changes if change.wanted & ~present[change.cell] & ~most[change.group_id]}
    if beyond:
        names = sorted(groups[pk] for pk in beyond)
        raise Refused([f"{name} may only {kind_of(name)}; grant more to another group." for name in names])


def _rights_of(row: object) -> int:
    return as_rights(row.can_push, row.can_pull) if isinstance(row, ModelPermission) else NO_RIGHT


def _is_shared(label: str) -> bool:
    synced = catalog.find(label)
    return synced is not None and synced.is_shared


def _make_row(site_id: int, cell: Cell, rights: int) -> ModelPermission:
    group_id, label = cell
    return ModelPermission(
        site_id=site_id,
        group_id=group_id,
        model_name=label,
        can_push=bool(rights & PUSH),
        can_pull=bool(rights & PULL),
    )


def _insert(site_id: int, rows: List[ModelPermission]) -> None:
    """Insert rows with their history: it needs keys, which not every database tells of such an insert."""
    if not rows:
        return
    using = router.db_for_write(ModelPermission)
    ModelPermission.objects.using(using).bulk_create(rows)
    wanted = {(row.group_id, row.model_name) for row in rows}
    standing = ModelPermission.objects.using(using).filter(site=site_id, group__in={row.group_id for row in rows})
    inserted = [row for row in standing if (row.group_id, row.model_name) in wanted]
    attribution.write_entries(ModelPermission, inserted, attribution.CREATED, using=using)


def _update(rows: List[ModelPermission], rights: int) -> None:
    """Give rows the same rights, with their history."""
    using = router.db_for_write(ModelPermission)
    for chunk in split(rows, using):
        keys = [row.pk for row in chunk]
        ModelPermission.objects.using(using).filter(pk__in=keys).update(
            can_push=bool(rights & PUSH), can_pull=bool(rights & PULL)
        )
    attribution.write_entries(ModelPermission, rows, attribution.CHANGED, using=using)
