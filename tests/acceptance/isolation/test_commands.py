"""Every command that acts in one organization leaves the rights of others alone and tells nothing of them.

A new command fails here until it is put among those that do, or among those that concern the whole installation.
"""

from __future__ import annotations

import json
import pkgutil
from io import StringIO
from pathlib import Path
from typing import Any, Dict, List

import pytest
from django.core.management import call_command

from sb_sync.management import commands
from sb_sync.models import DataFilter, ModelPermission, UserSite
from tests.acceptance.isolation.image import look
from tests.acceptance.world import World

#: What tells of or changes the installation as a whole: it knows no organizations.
EVERYWHERE = [
    "cleanup_sync_logs",
    "configure_model_discovery",
    "generate_sync_report",
    "manage_config",
    "optimize_performance",
    "setup_audit_trails",
    "show_models",
    "sync_feed",
    "sync_jobs",
]
SECRET = "the-northern-department"
IN_ONE: Dict[str, List[Dict[str, Any]]] = {
    "dynamic_permissions": [
        {"action": "export"},
        {"action": "generate", "permission_template": "full_access"},
        {"action": "apply"},
        {"action": "apply", "dry_run": True},
    ],
    "setup_organizations": [
        {"action": "set_permissions"},
        {"action": "add_user", "username": "south-user", "group_name": "Users"},
        {"action": "create_org", "org_name": "East", "org_slug": "east"},
    ],
}
RUNS = [pytest.param(name, given, id=f"{name}-{given['action']}") for name, all_ in IN_ONE.items() for given in all_]


def rights_of(world: World) -> List[Any]:
    """Return all that says who may do what in North."""
    tables = (UserSite, ModelPermission, DataFilter)
    return [list(table._base_manager.filter(site_id=world.north.pk).order_by("pk").values()) for table in tables]


def test_every_command_is_walked() -> None:
    found = [module.name for module in pkgutil.iter_modules(commands.__path__)]
    assert sorted([*EVERYWHERE, *IN_ONE]) == sorted(found)


@pytest.mark.parametrize(("name", "given"), RUNS)
def test_what_is_done_in_one_organization_stays_there(
    world: World, tmp_path: Path, name: str, given: Dict[str, Any]
) -> None:
    condition = {"field": "department", "operator": "exact", "value": SECRET}
    own = ModelPermission.objects.filter(site_id=world.north.pk, model_name="testapp.Customer")
    own.update(filters=condition)
    # The file names the other organization; the option counts.
    entry = {"group": "Users", "model": "testapp.Customer", "push": False, "pull": False, "filters": None}
    file = tmp_path / "permissions.json"
    file.write_text(json.dumps({"organization": "north", "permissions": [entry]}))
    before, rows = rights_of(world), look()
    options = {"org_slug": "south", **given}
    if given["action"] in ("apply", "set_permissions"):
        options["config_file"] = str(file)
    told = StringIO()
    call_command(name, stdout=told, stderr=told, **options)
    assert (rights_of(world), look()) == (before, rows)
    assert (SECRET in told.getvalue(), "north" in told.getvalue().lower()) == (False, False)
