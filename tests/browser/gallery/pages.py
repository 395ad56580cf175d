"""Which staff pages there are, found by their addresses: one that is new is here by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Tuple
from urllib.parse import urlencode

from django.urls import reverse

from sb_sync.dashboard.navigation import ENTRIES
from sb_sync.dashboard.urls import urlpatterns
from tests.browser.gallery.world import World

__all__ = ["EMPTY", "ERROR", "FULL", "Shot", "list_names", "list_shots"]

EMPTY, FULL, ERROR = "empty", "full", "error"
#: What a page is asked for that shows how it refuses: an organization that is not there, or what it cannot read.
ELSEWHERE: Mapping[str, Any] = {"organization": "nowhere"}
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "config_logs": {"since": "yesterday"},
    "config_conflicts": {"since": "yesterday"},
    "config_jobs": {"since": "yesterday"},
    "config_metrics": {"since": "yesterday"},
    "config_audit_trails": {"since": "yesterday"},
    "config_permissions": {"q": "no model is called so"},
    "config_model_discovery": {"q": "no model is called so"},
}
#: Of every address that needs more than itself: a name, arguments and query, once for each face that a page has.
Example = Tuple[str, Sequence[Any], Mapping[str, Any]]
EXAMPLES: Dict[str, Callable[[World], List[Example]]] = {
    "config_logs_entry": lambda world: [("", [world.failed_entry.pk], {})],
    "config_conflict": lambda world: [("", [world.open_conflict.pk], {})],
    "config_conflicts_settle": lambda world: [("", [], {"key": world.open_conflict.pk, "choice": "client"})],
    "config_job": lambda world: [
        ("", [world.find_job("running").pk], {}),
        ("done", [world.find_job("done").pk], {}),
        ("failed", [world.find_job("failed").pk], {}),
    ],
    "config_job_cancel": lambda world: [("", [world.find_job("running").pk], {})],
    "config_model_discovery": lambda world: [("", [], {}), ("settings", [], {"section": "settings"})],
    "config_permissions_model": lambda world: [("", [], {"model": world.label})],
    "config_permissions_copy": lambda world: [
        ("", [], {}),
        ("plan", [], {"source": world.group.pk, "target": _other_group(world)}),
    ],
    "config_permissions_filters": lambda world: [
        ("", [], {"group": world.group.pk, "model": world.label}),
        ("editor", [], {"group": world.group.pk, "model": world.label, "edit": world.filter_key}),
        ("none", [], {"group": world.group.pk, "model": world.other_label}),
    ],
    "config_permissions_why": lambda world: [
        ("", [], {}),
        ("found", [], {"user": world.member.get_username(), "model": world.label}),
    ],
}


@dataclass(frozen=True)
class Shot:
    """One page to be looked at: its name and state, its path, and the status of its answer."""

    name: str
    state: str
    path: str
    status: int = 200


def list_names() -> List[str]:
    """Return the names of the addresses that answer with a page."""
    views = {pattern.name: pattern.callback.view_class for pattern in urlpatterns}
    return [str(name) for name, view in views.items() if getattr(view, "template_name", "")]


def list_shots(state: str, world: Any = None) -> Iterator[Shot]:
    """Yield the pages in a state: all of them full, and those of the side bar empty or asked for what is not there.

    Only `FULL` needs the world.
    """
    if state == FULL:
        for name in list_names():
            for variant, arguments, query in EXAMPLES.get(name, lambda _: [("", [], {})])(world):
                query = {"organization": world.organization.slug, **query}
                yield Shot(_shorten(name, variant), state, _address(name, arguments, query))
        return
    for entry in (entry for _, entries in ENTRIES for entry in entries):
        fault = FAULTS.get(entry.name, ELSEWHERE) if state == ERROR else {}
        status = 404 if fault is ELSEWHERE else 400 if "since" in fault else 200
        yield Shot(_shorten(entry.name), state, _address(entry.name, [], fault), status)


def _address(name: str, arguments: Sequence[Any], query: Mapping[str, Any]) -> str:
    return reverse(f"sb_sync:{name}", args=arguments) + (f"?{urlencode(query)}" if query else "")


def _shorten(name: str, variant: str = "") -> str:
    return "-".join(filter(None, [name.replace("config_", ""), variant])).replace("_", "-")


def _other_group(world: World) -> int:
    groups = type(world.group).objects.exclude(pk=world.group.pk).order_by("name")
    return int(groups.values_list("pk", flat=True)[0])
