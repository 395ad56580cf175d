"""The sections of the side bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Tuple

from django.utils.translation import gettext_lazy as _

from sb_sync.dashboard.permissions import AUDIT, CONFLICTS, JOBS, VIEW

__all__ = ["ENTRIES", "Entry", "list_entries"]


@dataclass(frozen=True)
class Entry:
    """One page of the side bar: `section` is what its views call themselves, `name` that of its address."""

    section: str
    name: str
    label: Any
    icon: str
    permission: str = VIEW


#: In this order, under these headings.
ENTRIES: Tuple[Tuple[Any, Tuple[Entry, ...]], ...] = (
    (
        _("Watch"),
        (
            Entry("overview", "config_dashboard", _("Overview"), "speedometer2"),
            Entry("logs", "config_logs", _("Logs"), "journal-text"),
            Entry("conflicts", "config_conflicts", _("Conflicts"), "intersect", CONFLICTS),
            Entry("jobs", "config_jobs", _("Background jobs"), "stack", JOBS),
            Entry("metrics", "config_metrics", _("Metrics"), "graph-up"),
            Entry("audit_trails", "config_audit_trails", _("Audit trails"), "clock-history", AUDIT),
        ),
    ),
    (
        _("Configure"),
        (
            Entry("permissions", "config_permissions", _("Permissions"), "grid-3x3"),
            Entry("model_discovery", "config_model_discovery", _("Model discovery"), "boxes"),
        ),
    ),
)


def list_entries(user: Any, section: str, reverse: Callable[[str], str]) -> List[Dict[str, Any]]:
    """Return the headings with the pages that a user may open, their addresses, and which one is open."""
    found = []
    for heading, entries in ENTRIES:
        shown = [
            {
                "label": entry.label,
                "icon": entry.icon,
                "address": reverse(entry.name),
                "is_open": entry.section == section,
            }
            for entry in entries
            if user.has_perm(entry.permission)
        ]
        if shown:
            found.append({"heading": heading, "entries": shown})
    return found
