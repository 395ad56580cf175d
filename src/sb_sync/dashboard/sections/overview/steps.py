"""The first steps of an installation, each ticked once it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List

from django.utils.translation import gettext as _

from sb_sync.dashboard.organizations import Selection
from sb_sync.dashboard.sections.overview.counts import Counts

__all__ = ["Step", "list_steps"]

EXAMPLE = "acme"
MAKE_GROUPS = "manage.py setup_organizations --action create_groups"
MAKE_ORGANIZATION = (
    'manage.py setup_organizations --action create_org --org-name "Acme Corporation"'
    f" --org-slug {EXAMPLE} --permission-template read_write"
)


@dataclass(frozen=True)
class Step:
    """One thing to do: by commands, by a page, or by both. `page` is a name of `links`."""

    title: Any
    text: Any
    is_done: bool
    commands: List[str]
    page: str = ""


def list_steps(selection: Selection, counts: Counts, *, models: int, has_synchronised: bool) -> List[Step]:
    """Return the steps in their order; those of the whole installation for who sees all of it."""
    slug = selection.slug or EXAMPLE
    steps = [
        Step(
            _("Let clients in"),
            _("Add a user to the organization; the group says what the user may do there."),
            bool(counts.users),
            [f"manage.py setup_organizations --action add_user --username anna --org-slug {slug} --group-name Users"],
            "members",
        ),
        Step(
            _("Grant the models"),
            _("Without a right nobody reads or writes anything. Tick what each group may push and pull."),
            bool(counts.rights),
            [],
            "permissions",
        ),
        Step(
            _("Synchronise for the first time"),
            _("Log in with a client and let it pull. The API documentation shows the first requests."),
            has_synchronised,
            [],
            "docs",
        ),
    ]
    return steps if not selection.is_everything else [*_install(counts, models), *steps]


def _install(counts: Counts, models: int) -> List[Step]:
    return [
        Step(
            _("Find the models"),
            _("Models of the project's own apps are found by themselves; settings say which are in."),
            bool(models),
            ["manage.py show_models --action summary"],
            "model_discovery",
        ),
        Step(
            _("Make an organization"),
            _("With the common groups, and with rights on every model where a template is named."),
            bool(counts.organizations),
            [MAKE_GROUPS, MAKE_ORGANIZATION],
        ),
    ]
