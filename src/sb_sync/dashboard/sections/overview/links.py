"""Where the page leads: to other pages of ours and to the admin's, as far as they are there for this user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.permissions import CONFLICTS, JOBS, MATRIX, SETTINGS
from sb_sync.models import SyncConflict
from sb_sync.ops.series import Period
from sb_sync.wire.codecs.moments import encode_moment

__all__ = ["Action", "find_links", "list_actions"]

#: Pages of the admin, and the permission that each asks for.
ADMIN: Dict[str, Tuple[str, str]] = {
    "members": ("admin:sb_sync_usersite_changelist", "sb_sync.view_usersite"),
    "add_member": ("admin:sb_sync_usersite_add", "sb_sync.add_usersite"),
    "add_organization": ("admin:sb_sync_organization_add", "sb_sync.add_organization"),
}


@dataclass(frozen=True)
class Action:
    """Something that staff often do."""

    label: Any
    symbol: str
    address: str


def find_links(page: StaffPage, period: Period) -> Dict[str, str]:
    """Return addresses by names: of figures, of steps and of actions. What the user may not open is left out."""
    since = encode_moment(period.start)
    links = {
        # The very hours of the figure: a preset has one more, which goes on.
        "requests": page.reverse("config_metrics", since=since),
        "errors": page.reverse("config_logs", status="ERROR", since=since),
        "partly_failed": page.reverse("config_logs", status="WARNING", since=since),
        "logs": page.reverse("config_logs"),
        "organizations": page.reverse("config_organizations", organization="", next=page.request.path),
        "models": page.reverse("config_model_discovery", organization=""),
        "model_discovery": page.reverse("config_model_discovery", organization=""),
        "rights": page.reverse("config_permissions"),
        "permissions": page.reverse("config_permissions"),
        "docs": page.reverse("docs", organization=""),
        "lag": "#health",
    }
    if page.may(CONFLICTS):
        links["conflicts"] = page.reverse("config_conflicts", state=SyncConflict.Status.UNSETTLED.value)
    if page.may(JOBS):
        links["jobs"] = page.reverse("config_jobs")
    for name, (address, permission) in ADMIN.items():
        if page.may(permission):
            try:
                links[name] = reverse(address)
            except NoReverseMatch:
                # The project has no admin, or another one.
                continue
    links["users"] = links.get("members", "")
    return links


def list_actions(page: StaffPage, links: Dict[str, str]) -> List[Action]:
    """Return what this user may do at once."""
    wanted = [
        (page.may(MATRIX), _("Edit permissions"), "grid-3x3", "permissions"),
        (page.may(SETTINGS), _("Choose models"), "boxes", "model_discovery"),
        (True, _("Add an organization"), "building", "add_organization"),
        (True, _("Add a member"), "person", "add_member"),
        (True, _("See failures"), "exclamation-octagon", "errors"),
        (True, _("Try the API"), "code", "docs"),
    ]
    return [Action(label, symbol, links[name]) for may, label, symbol, name in wanted if may and links.get(name)]
