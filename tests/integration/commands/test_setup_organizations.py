"""The command that makes organizations, groups and members."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command

from sb_sync import catalog
from sb_sync.access import resolve_scope
from sb_sync.maintenance import COMMON_GROUPS
from sb_sync.models import ModelPermission, Organization, UserSite
from sb_sync.testing.factories import make_organization
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db


def run(action: str, **options: Any) -> str:
    out = StringIO()
    call_command("setup_organizations", action=action, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def make_user(name: str) -> Any:
    return get_user_model().objects.create_user(name, password="x")


def test_the_common_groups_are_made_once() -> None:
    assert "Administrators" in run("create_groups")
    run("create_groups")
    assert sorted(Group.objects.values_list("name", flat=True)) == sorted(COMMON_GROUPS)


def test_only_administrators_may_delete() -> None:
    run("create_groups")
    deletable = {group.name: group.permissions.count() for group in Group.objects.all()}
    assert deletable.pop("Administrators") == len(catalog.synced_models())
    assert set(deletable.values()) == {0}


def test_a_template_grants_each_group_what_its_kind_allows() -> None:
    run("create_groups")
    run("create_org", org_name="Acme Corporation", org_slug="acme", permission_template="full_access")
    granted = ModelPermission.objects.filter(model_name="testapp.Customer", site__organization__slug="acme")
    rights = {row.group.name: (row.can_push, row.can_pull) for row in granted.select_related("group")}
    assert rights == {name: (kind.push, kind.pull) for name, kind in COMMON_GROUPS.items()}
    assert ModelPermission.objects.count() == len(COMMON_GROUPS) * len(catalog.synced_models())


def test_without_a_template_nothing_is_granted() -> None:
    run("create_org", org_name="Acme Corporation", org_slug="acme")
    organization = Organization.objects.get(slug="acme")
    assert (organization.name, organization.domain) == ("Acme Corporation", "acme")
    assert not ModelPermission.objects.exists()


def test_an_organization_is_made_once() -> None:
    run("create_org", org_name="Acme", org_slug="acme")
    assert "was there" in run("create_org", org_name="Acme", org_slug="acme")
    with pytest.raises(CommandError, match="is called 'Acme'"):
        run("create_org", org_name="Other", org_slug="acme")


@pytest.mark.parametrize(
    ("name", "slug", "told"),
    [
        ("x" * 51, "acme", "name.*50"),
        ("Acme", "not a slug", "slug"),
        ("Acme", "x" * 101, "slug"),
        ("Acme", "taken.example", "slug"),
        ("Acme", "taken", "exists"),
    ],
)
def test_an_organization_that_cannot_be_is_refused_with_the_reason(name: str, slug: str, told: str) -> None:
    Site.objects.create(domain="taken", name="taken")
    with pytest.raises(CommandError, match=told):
        run("create_org", org_name=name, org_slug=slug)
    assert not Organization.objects.exists()


def test_a_site_that_stands_already_becomes_an_organization_with_its_rows() -> None:
    site = Site.objects.create(domain="old.example.org", name="Old")
    region = Region.objects.create(site=site, name="Coast")
    run("create_org", org_name="Old Shop", org_slug="oldshop", site_id=site.pk)
    organization = Organization.objects.get(slug="oldshop")
    assert (organization.pk, organization.name, organization.domain) == (site.pk, "Old Shop", "oldshop")
    assert Region.objects.get(site=organization.pk) == region
    run("create_org", org_name="Old Shop", org_slug="oldshop", site_id=site.pk)
    assert Organization.objects.count() == 1


def test_a_site_in_the_way_of_a_slug_is_named_with_the_way_out() -> None:
    site = Site.objects.create(domain="oldshop", name="Old")
    with pytest.raises(CommandError, match=f"--site-id {site.pk}"):
        run("create_org", org_name="Old Shop", org_slug="oldshop")
    run("create_org", org_name="Old Shop", org_slug="oldshop", site_id=site.pk)
    assert Organization.objects.get().pk == site.pk


def test_a_site_that_cannot_become_an_organization_is_refused() -> None:
    taken = make_organization("acme")
    other = Site.objects.create(domain="other.example.org", name="Other")
    for slug, site_id, told in (
        ("new", taken.pk, "is an organization already"),
        ("new", other.pk + 1, "There is no Site"),
        ("acme", other.pk, "is another Site"),
    ):
        with pytest.raises(CommandError, match=told):
            run("create_org", org_name="Acme", org_slug=slug, site_id=site_id)
    with pytest.raises(CommandError, match="50 characters"):
        run("create_org", org_name="x" * 51, org_slug="long", site_id=other.pk)


def test_one_command_grants_every_model_on_a_fresh_database() -> None:
    run("create_org", org_name="Acme", org_slug="acme", permission_template="read_write")
    assert ModelPermission.objects.count() == len(COMMON_GROUPS) * len(catalog.synced_models())
    assert Group.objects.get(name="Administrators").permissions.exists()


def test_a_dry_run_of_any_action_writes_nothing() -> None:
    make_user("anna")
    told = run("create_org", org_name="Acme", org_slug="acme", permission_template="read_write", dry_run=True)
    assert "Nothing was written" in told
    run("create_groups", dry_run=True)
    assert "Nothing was written" in run("setup_example", dry_run=True)
    assert not Organization.objects.exists()
    assert not Group.objects.exists()
    assert get_user_model().objects.count() == 1
    run("create_org", org_name="Acme", org_slug="acme", permission_template="read_write")
    run("add_user", username="anna", org_slug="acme", group_name="Sales", dry_run=True)
    assert not UserSite.objects.exists()


@pytest.mark.parametrize(
    ("action", "options"),
    [
        ("create_groups", {}),
        ("create_org", {"org_name": "Globex", "org_slug": "globex", "permission_template": "read_write"}),
        ("add_user", {"username": "anna", "org_slug": "acme", "group_name": "Sales"}),
        ("setup_example", {}),
    ],
)
def test_json_is_one_document_and_nothing_else(action: str, options: Any) -> None:
    make_user("anna")
    make_organization("acme")
    Group.objects.create(name="Sales")
    out, err = StringIO(), StringIO()
    call_command("setup_organizations", action=action, json=True, stdout=out, stderr=err, **options)
    assert json.loads(out.getvalue())["action"] == action
    assert err.getvalue() == ""


@pytest.mark.parametrize(
    ("action", "options", "owner"),
    [
        ("create_groups", {"permission_template": "read_write"}, "create_org"),
        ("create_org", {"org_name": "Acme", "org_slug": "acme", "username": "ann"}, "add_user"),
        ("setup_example", {"org_slug": "acme"}, "create_org or add_user or set_permissions"),
        ("create_org", {"org_name": "Acme", "org_slug": "acme", "config_file": "f.json"}, "set_permissions"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(action: str, options: Any, owner: str) -> None:
    with pytest.raises(CommandError, match=f"belongs to --action {owner}"):
        run(action, **options)
    assert not Organization.objects.exists()


def test_a_user_is_let_in_and_may_change_the_group() -> None:
    run("create_groups")
    run("create_org", org_name="Acme", org_slug="acme", permission_template="read_write")
    user = make_user("anna")
    assert "added" in run("add_user", username="anna", org_slug="acme", group_name="Sales")
    assert resolve_scope(user, "acme").may_push("testapp.Customer")
    assert "changed" in run("add_user", username="anna", org_slug="acme", group_name="Analysts")
    assert not resolve_scope(user, "acme").may_push("testapp.Customer")
    assert "unchanged" in run("add_user", username="anna", org_slug="acme", group_name="Analysts")


def test_a_member_who_was_shut_out_is_let_in_again() -> None:
    run("create_groups")
    make_organization("acme")
    make_user("anna")
    run("add_user", username="anna", org_slug="acme", group_name="Sales")
    UserSite.objects.update(is_active=False)
    run("add_user", username="anna", org_slug="acme", group_name="Sales")
    assert UserSite.objects.get().is_active


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"username": "nobody"}, "user"), ({"org_slug": "nowhere"}, "acme"), ({"group_name": "Nil"}, "Sales")],
)
def test_what_a_member_names_must_exist(changed: Any, told: str) -> None:
    run("create_groups")
    make_organization("acme")
    make_user("anna")
    with pytest.raises(CommandError, match=told):
        run("add_user", **{"username": "anna", "org_slug": "acme", "group_name": "Sales", **changed})
    assert not UserSite.objects.exists()


@pytest.mark.parametrize(
    ("action", "told"),
    [("create_org", "--org-name, --org-slug"), ("add_user", "--username"), ("set_permissions", "--config-file")],
)
def test_an_action_names_the_options_that_it_lacks(action: str, told: str) -> None:
    with pytest.raises(CommandError, match=told):
        run(action)


def test_a_permission_file_is_applied(tmp_path: Path) -> None:
    run("create_groups")
    make_organization("acme")
    path = tmp_path / "permissions.json"
    entry = {"group": "Sales", "model": "testapp.customer", "push": True, "pull": False, "filters": None}
    path.write_text(json.dumps({"organization": "elsewhere", "permissions": [entry]}))
    run("set_permissions", org_slug="acme", config_file=str(path), dry_run=True)
    assert not ModelPermission.objects.exists()
    run("set_permissions", org_slug="acme", config_file=str(path))
    row = ModelPermission.objects.get()
    assert (row.group.name, row.model_name, row.can_push, row.can_pull) == ("Sales", "testapp.Customer", True, False)


def test_the_example_gives_users_who_can_log_in() -> None:
    told = run("setup_example")
    line = next(line for line in told.splitlines() if line.startswith("john_manager"))
    user = authenticate(username="john_manager", password=line.split()[-1])
    assert resolve_scope(user, "example").may_push("testapp.Customer")
    again = run("setup_example")
    assert "(as before)" in again
    assert Organization.objects.count() == 1


def test_a_dry_run_of_the_example_tells_whom_it_would_make() -> None:
    told = run("setup_example", dry_run=True)
    assert "(would be made)" in told
    assert "(as before)" not in told
    new = json.loads(run("setup_example", dry_run=True, json=True))["users"]
    assert {(user["created"], user["password"]) for user in new} == {(True, None)}
    made = json.loads(run("setup_example", json=True))["users"]
    assert all(user["created"] and user["password"] for user in made)
    again = run("setup_example", dry_run=True)
    assert "(as before)" in again
    assert "(would be made)" not in again
    standing = json.loads(run("setup_example", dry_run=True, json=True))["users"]
    assert {(user["created"], user["password"]) for user in standing} == {(False, None)}


def test_the_example_leaves_other_users_alone() -> None:
    make_user("john_manager")
    assert "left alone" in run("setup_example")
    assert not UserSite.objects.filter(user__username="john_manager").exists()


def test_silence_prints_nothing() -> None:
    assert run("create_groups", verbosity=0) == ""
