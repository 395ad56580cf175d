"""Rights on models in bulk: made by a template, checked, applied, written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.db import router, transaction

from sb_sync import attribution, catalog
from sb_sync.access.filters import find_fault
from sb_sync.maintenance.groups import COMMON_GROUPS, Kind, find_group, kind_of
from sb_sync.maintenance.permission_file import Entry, PermissionFile
from sb_sync.models import ModelPermission, Organization
from sb_sync.refusal import Refused

__all__ = [
    "TEMPLATES",
    "ApplyReport",
    "Export",
    "apply_file",
    "check_file",
    "export_file",
    "generate_file",
    "name_shared",
    "warn_of_shared",
]

#: What each template grants to a group of no known kind. Whether a group may delete is Django's own permission.
TEMPLATES: Mapping[str, Kind] = {
    "read_write": Kind(push=True, pull=True),
    "read_only": Kind(push=False, pull=True),
    "write_only": Kind(push=True, pull=False),
    "full_access": Kind(push=True, pull=True),
}


@dataclass(frozen=True)
class ApplyReport:
    """What became of the entries of a file; `shared` names granted models whose rows all organizations see."""

    created: Tuple[Entry, ...]
    changed: Tuple[Entry, ...]
    unchanged: Tuple[Entry, ...]
    shared: Tuple[str, ...]


@dataclass(frozen=True)
class Export:
    """What is granted in an organization; `left_out` names models that are not synchronised any more."""

    file: PermissionFile
    left_out: Tuple[str, ...]


def generate_file(
    organization: Organization, template: str, *, group_names: Optional[Sequence[str]] = None
) -> PermissionFile:
    """Return a file that grants every synchronised model to groups: all, or those named.

    A common group never gets more than its kind, and row filters stay as they stand. Raises `Refused` where there is
    no group.
    """
    groups = [find_group(name) for name in group_names] if group_names else list(Group.objects.order_by("name"))
    if not groups:
        raise Refused("There are no groups yet. Make them by setup_organizations --action create_groups.")
    granted = TEMPLATES[template]
    standing = _read_filters(organization)
    entries: List[Entry] = []
    for group in groups:
        kind = kind_of(group.name)
        push, pull = granted.push and kind.push, granted.pull and kind.pull
        if push or pull:
            entries.extend(
                Entry(group.name, label, push, pull, filters=standing.get((group.pk, label.lower())))
                for label in sorted(catalog.synced_models())
            )
    return PermissionFile(organization.slug, tuple(entries))


def check_file(file: PermissionFile) -> List[str]:
    """Return what is wrong with the groups, models and rights that a file names."""
    known = set(Group.objects.values_list("name", flat=True))
    return [fault for entry in file.entries for fault in _find_faults(entry, known)]


def name_shared(entries: Sequence[Entry]) -> List[str]:
    """Return the labels of shared models that entries grant: every organization sees the same rows."""
    found = {catalog.find(entry.model) for entry in entries if entry.push or entry.pull}
    return sorted(synced.label for synced in found if synced is not None and synced.is_shared)


def warn_of_shared(labels: Sequence[str]) -> str:
    """Return the warning that shared models deserve."""
    return "These models are shared: their rows are the same for every organization: {}.".format(", ".join(labels))


def apply_file(file: PermissionFile, organization: Organization, *, dry_run: bool = False) -> ApplyReport:
    """Grant in an organization what a file says, all of it or nothing; what it does not name stays as it is.

    Raises `Refused` with everything that is wrong.
    """
    faults = check_file(file)
    if faults:
        raise Refused(faults)
    with transaction.atomic():
        # Two at once would otherwise find the same rows missing.
        Site.objects.select_for_update().get(pk=organization.pk)
        report = _apply(file, organization)
        if dry_run:
            transaction.set_rollback(True)
    return report


def export_file(organization: Organization) -> Export:
    """Return what is granted in an organization as a file."""
    rows = ModelPermission.objects.filter(site=organization.pk).select_related("group")
    entries: List[Entry] = []
    left_out: List[str] = []
    for row in rows.order_by("group__name", "model_name"):
        synced = catalog.find(row.model_name)
        if synced is None:
            left_out.append(row.model_name)
        else:
            entries.append(Entry(row.group.name, synced.label, row.can_push, row.can_pull, filters=row.filters or None))
    return Export(PermissionFile(organization.slug, tuple(entries)), tuple(sorted(set(left_out))))


def _read_filters(organization: Organization) -> Dict[Tuple[int, str], Dict[str, Any]]:
    """Return the row filters that stand in an organization, by group and label in lower case."""
    rows = ModelPermission.objects.filter(site=organization.pk).exclude(filters__isnull=True)
    found = rows.values_list("group_id", "model_name", "filters")
    return {(group_id, label.lower()): filters for group_id, label, filters in found if filters}


def _find_faults(entry: Entry, groups: Set[str]) -> Iterator[str]:
    if entry.group not in groups:
        mend = "run setup_organizations --action create_groups" if entry.group in COMMON_GROUPS else "make it first"
        yield f"{entry.place}.group: there is no group {entry.group!r}; {mend}."
    if catalog.find(entry.model) is None:
        yield f"{entry.place}.model: {entry.model!r} {_explain_absence(entry.model)}"
    elif entry.filters is not None:
        fault = find_fault(entry.model, entry.filters)
        if fault:
            yield f"{entry.place}.filters: {fault}"
    kind = kind_of(entry.group)
    if (entry.push and not kind.push) or (entry.pull and not kind.pull):
        yield f"{entry.place}: {entry.group} may only {kind}; grant more to another group."


def _apply(file: PermissionFile, organization: Organization) -> ApplyReport:
    groups = {group.name: group for group in Group.objects.filter(name__in={entry.group for entry in file.entries})}
    standing = {
        (row.group_id, row.model_name.lower()): row for row in ModelPermission.objects.filter(site=organization.pk)
    }
    outcomes: Dict[str, List[Entry]] = {"created": [], "changed": [], "unchanged": []}
    created: List[ModelPermission] = []
    for entry in file.entries:
        group = groups[entry.group]
        row = standing.get((group.pk, entry.model.lower()))
        if row is not None:
            outcomes["changed" if _change(row, entry) else "unchanged"].append(entry)
        elif entry.push or entry.pull:
            label = _canonical(entry.model)
            created.append(_make_row(organization, group, label, entry))
            outcomes["created"].append(entry)
        else:
            outcomes["unchanged"].append(entry)
    _create_all(created, organization)
    named = {outcome: tuple(entries) for outcome, entries in outcomes.items()}
    return ApplyReport(**named, shared=tuple(name_shared(file.entries)))


def _create_all(rows: List[ModelPermission], organization: Organization) -> None:
    """Insert new rows at once, with their history: it needs keys, which not every database tells of such an insert."""
    using = router.db_for_write(ModelPermission)
    ModelPermission.objects.using(using).bulk_create(rows)
    wanted = {(row.group_id, row.model_name) for row in rows}
    standing = ModelPermission.objects.using(using).filter(site=organization.pk)
    inserted = [row for row in standing if (row.group_id, row.model_name) in wanted]
    attribution.write_entries(ModelPermission, inserted, attribution.CREATED, using=using)


def _make_row(organization: Organization, group: Group, label: str, entry: Entry) -> ModelPermission:
    return ModelPermission(
        site_id=organization.pk,
        group=group,
        model_name=label,
        can_push=entry.push,
        can_pull=entry.pull,
        filters=entry.filters,
    )


def _change(row: ModelPermission, entry: Entry) -> bool:
    """Make a row say what an entry says, and tell whether it said something else."""
    wanted = (entry.push, entry.pull, entry.filters if entry.says_filters else row.filters or None)
    if (row.can_push, row.can_pull, row.filters or None) == wanted:
        return False
    row.can_push, row.can_pull = entry.push, entry.pull
    if entry.says_filters:
        row.filters = entry.filters
    row.save(update_fields=["can_push", "can_pull", *(["filters"] if entry.says_filters else [])])
    return True


def _canonical(label: str) -> str:
    synced = catalog.find(label)
    return label if synced is None else synced.label


def _explain_absence(label: str) -> str:
    """Return why a model is not served."""
    for refusal in catalog.refusals():
        if refusal.model._meta.label_lower == label.lower():
            return f"cannot be synchronised: {refusal.reason}"
    return "is not among the synchronised models; dynamic_permissions --action discover shows them."
