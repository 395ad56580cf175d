"""Conflicts of the organizations and the models that a page may show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Sequence

from django.db.models import Q, QuerySet

from sb_sync import catalog
from sb_sync.dashboard.organizations import Selection
from sb_sync.dashboard.people import find_user_key, name_organizations, name_users
from sb_sync.dashboard.sections.conflicts.forms import ConflictFilterForm
from sb_sync.feed import to_stored
from sb_sync.maintenance.conflicts import find_viewable_labels
from sb_sync.models import SyncConflict

__all__ = ["LARGE", "NEWEST_FIRST", "ConflictRow", "describe_rows", "find_conflict", "find_conflicts", "open_conflicts"]

NEWEST_FIRST = ("-created_at", "-pk")
LARGEST_KEY = 2**63 - 1
#: What a list does not show.
LARGE = ("client", "base", "server", "resolution")


@dataclass(frozen=True)
class ConflictRow:
    """A conflict with the names of who is concerned; `address` is that of its page."""

    conflict: SyncConflict
    user: str
    organization: Any
    address: str

    @property
    def css(self) -> str:
        """Return the class of its state."""
        return "tag-good" if self.conflict.is_settled else "tag-warn"


def open_conflicts(selection: Selection, using: str) -> QuerySet[SyncConflict, Any]:
    """Return all that a page may show: what stands in a row is for those alone who may view its model."""
    rows = SyncConflict._base_manager.using(using).filter(model_name__in=find_viewable_labels(selection.reader))
    return selection.narrow(rows)


def find_conflict(selection: Selection, using: str, key: int) -> Optional[SyncConflict]:
    """Return a conflict, None where there is none or the reader may not see it."""
    return open_conflicts(selection, using).filter(pk=key).first() if key <= LARGEST_KEY else None


def find_conflicts(selection: Selection, form: ConflictFilterForm) -> QuerySet[SyncConflict, Any]:
    """Return what a filter asks for; none where it cannot be read, or names nobody."""
    rows = open_conflicts(selection, form.using)
    if not form.is_valid():
        return rows.none()
    name = form.value("user")
    if name is not None:
        key = find_user_key(name)
        rows = rows.filter(user_id=key) if key is not None else rows.none()
    model, text, since, until = (form.value(each) for each in ("model", "q", "since", "until"))
    if model is not None:
        synced = catalog.find_on_wire(model)
        rows = rows.filter(model_name=model if synced is None else synced.label)
    if form.value("state"):
        rows = rows.filter(status=form.value("state"))
    if since is not None:
        rows = rows.filter(created_at__gte=to_stored(since))
    if until is not None:
        rows = rows.filter(created_at__lte=to_stored(until))
    return rows if text is None else rows.filter(Q(object_key=text) | Q(request_id=text))


def describe_rows(conflicts: Sequence[SyncConflict], address_of: Any) -> List[ConflictRow]:
    """Return conflicts with their users and organizations."""
    users = name_users([conflict.user_id for conflict in conflicts])
    places = name_organizations([conflict.site_id for conflict in conflicts])
    return [
        ConflictRow(conflict, users.get(conflict.user_id, ""), places.get(conflict.site_id), address_of(conflict))
        for conflict in conflicts
    ]
