"""Why a user may do what they may with a model: what stands in the tables, beside what came of it.

What came of it is the scope, as any request would get it; nothing here decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from django.contrib.auth.models import Group
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast

from sb_sync import catalog
from sb_sync.access.filters import find_stored_fault
from sb_sync.access.resolution import NO_CONDITION, is_superuser, resolve_scope
from sb_sync.access.scope import NONE, Rights, Scope
from sb_sync.catalog import SyncedModel
from sb_sync.errors import SyncError
from sb_sync.models import DataFilter, ModelPermission, Organization, UserSite

__all__ = ["AppliedFilter", "Explanation", "explain", "explain_absence"]


@dataclass(frozen=True)
class AppliedFilter:
    """A condition on rows, as JSON; `name` is empty where it stands in the rights themselves.

    With a fault nobody sees any row.
    """

    name: str
    text: str
    fault: str


@dataclass(frozen=True)
class Explanation:
    """What is known of a user, an organization and a model.

    `scope` is None where the user has no access to the organization. `absence` says why a model is not synchronised.
    `group` and what follows are those of the membership, None and empty without one; `granted` says whether it may push
    and pull, None where nothing was ever granted.
    """

    user: Any
    organization: Organization
    label: str
    synced: Optional[SyncedModel]
    absence: str
    is_user_active: bool
    is_superuser: bool
    membership: Optional[UserSite]
    group: Optional[Group]
    granted: Optional[Tuple[bool, bool]]
    filters: Tuple[AppliedFilter, ...]
    scope: Optional[Scope]

    @property
    def rights(self) -> Rights:
        """Return what may be done with the model, as a request would find it."""
        return NONE if self.scope is None else self.scope.rights.get(self.label, NONE)


def explain(user: Any, organization: Organization, label: str) -> Explanation:
    """Return what a user may do with a model in an organization, and from what it follows."""
    synced = catalog.find(label)
    label = label if synced is None else synced.label
    membership = UserSite.objects.filter(user=user.pk, site=organization.pk).select_related("group").first()
    group = None if membership is None else membership.group
    granted, filters = (None, ()) if group is None else _read_grants(organization, group, label)
    return Explanation(
        user=user,
        organization=organization,
        label=label,
        synced=synced,
        absence=explain_absence(label) if synced is None else "",
        is_user_active=bool(user.is_active),
        is_superuser=is_superuser(user),
        membership=membership,
        group=group,
        granted=granted,
        filters=filters,
        scope=_resolve(user, organization),
    )


def explain_absence(label: str) -> str:
    """Return why a model is not synchronised, an empty string where no installed model has the label."""
    folded = label.lower()
    for refusal in catalog.refusals():
        if refusal.model._meta.label_lower == folded:
            return refusal.reason
    for decision in catalog.decisions():
        if decision.model._meta.label_lower == folded:
            return decision.reason
    return ""


def _resolve(user: Any, organization: Organization) -> Optional[Scope]:
    try:
        return resolve_scope(user, organization.pk)
    except SyncError:
        return None


def _read_grants(
    organization: Organization, group: Group, label: str
) -> Tuple[Optional[Tuple[bool, bool]], Tuple[AppliedFilter, ...]]:
    """Return (may push, may pull), None where nothing is granted, and the filters, that of the rights first. One query.

    Conditions are read as text: what other hands wrote may be no JSON that Python can read.
    """
    common = {"site": organization.pk, "group": group, "model_name__iexact": label}
    permissions = _as_rows(ModelPermission.objects.filter(**common), "", "filters", F("can_push"), F("can_pull"))
    named = DataFilter.objects.filter(**common, is_active=True)
    filters = _as_rows(named, F("filter_name"), "filter_condition", F("is_active"), F("is_active"))
    granted: Optional[Tuple[bool, bool]] = None
    found: List[Tuple[str, str]] = []
    for name, text, push, pull in permissions.union(filters, all=True).order_by():
        if not name:
            granted = (bool(push), bool(pull))
        if name or text not in NO_CONDITION:
            found.append((name, text))
    return granted, tuple(AppliedFilter(name, text, find_stored_fault(label, text)) for name, text in sorted(found))


def _as_rows(rows: QuerySet[Any], name: Any, text: str, push: F, pull: F) -> QuerySet[Any, Any]:
    columns = {
        "title": Value(name, TextField()) if isinstance(name, str) else Cast(name, TextField()),
        "text": Cast(text, TextField()),
        "push": push,
        "pull": pull,
    }
    found: QuerySet[Any, Any] = rows.order_by().annotate(**columns).values_list(*columns)
    return found
