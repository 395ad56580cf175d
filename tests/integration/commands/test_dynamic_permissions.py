"""The command that grants rights in bulk and by file."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from sb_sync import catalog
from sb_sync.maintenance import create_groups
from sb_sync.models import ModelPermission, Organization
from sb_sync.testing.factories import grant, make_organization

pytestmark = pytest.mark.django_db

ENTRY = {"group": "Sales", "model": "testapp.Customer", "push": True, "pull": True, "filters": None}


def run(action: str, **options: Any) -> str:
    return run_whole(action, **options)[0]


def run_whole(action: str, **options: Any) -> Tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("dynamic_permissions", action=action, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def acme() -> Organization:
    create_groups()
    return make_organization("acme")


def write(folder: Path, document: Any) -> str:
    path = folder / "permissions.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def rows() -> List[Tuple[str, str, bool, bool]]:
    found = ModelPermission.objects.values_list("group__name", "model_name", "can_push", "can_pull")
    return sorted(found)  # type: ignore[arg-type]  # values_list of these four


def test_discover_tells_why_each_model_is_in_or_out() -> None:
    told = run("discover")
    assert "testapp.Customer" in told
    assert "in, shared" in next(line for line in told.splitlines() if line.startswith("testapp.Product "))
    assert "Several paths" in next(line for line in told.splitlines() if line.startswith("testapp.Contract "))
    assert "auth.User" not in told
    assert "auth.User" in run("discover", verbosity=2)


def test_discover_as_json_is_one_document() -> None:
    models = {item["model"]: item for item in json.loads(run("discover", json=True))["models"]}
    assert {label for label, item in models.items() if item["included"]} == set(catalog.synced_models())
    assert models["testapp.Order"]["organization_by"] == "customer__organization_id"
    assert models["testapp.Product"]["shared"] is True
    assert models["auth.User"]["included"] is False


@pytest.mark.parametrize(
    ("template", "sales", "analysts"),
    [
        ("read_write", (True, True), (False, True)),
        ("read_only", (False, True), (False, True)),
        ("write_only", (True, False), None),
        ("full_access", (True, True), (False, True)),
    ],
)
def test_generate_keeps_common_groups_to_their_kind(
    acme: Organization, template: str, sales: Any, analysts: Any
) -> None:
    file = json.loads(run("generate", org_slug="acme", permission_template=template))
    assert file["organization"] == "acme"
    found = {
        entry["group"]: (entry["push"], entry["pull"])
        for entry in file["permissions"]
        if entry["model"] == "testapp.Customer"
    }
    assert (found["Sales"], found.get("Analysts")) == (sales, analysts)


def test_generate_serves_one_group(acme: Organization) -> None:
    Group.objects.create(name="Drivers")
    out, err = run_whole("generate", org_slug="acme", group=["Drivers"])
    assert {entry["group"] for entry in json.loads(out)["permissions"]} == {"Drivers"}
    assert "testapp.Product" in err
    with pytest.raises(CommandError, match="Nobody"):
        run("generate", org_slug="acme", group=["Nobody"])


def test_what_generate_writes_apply_takes_and_export_gives_back(acme: Organization, tmp_path: Path) -> None:
    path, exported = str(tmp_path / "generated.json"), str(tmp_path / "exported.json")
    run("generate", org_slug="acme", output_file=path)
    assert "is right" in run("validate", config_file=path)
    run("apply", config_file=path)
    run("export", org_slug="acme", output_file=exported)
    assert json.loads(Path(exported).read_text()) == json.loads(Path(path).read_text())
    assert "0 granted, 0 changed" in run("apply", config_file=exported)


def test_apply_changes_what_it_names_and_nothing_else(acme: Organization, tmp_path: Path) -> None:
    grant(acme, group="Sales", models=["testapp.Customer", "testapp.Order"])
    path = write(tmp_path, {"permissions": [{**ENTRY, "pull": False}, {**ENTRY, "group": "Users", "push": False}]})
    told = json.loads(run("apply", org_slug="acme", config_file=path, json=True))
    assert (len(told["created"]), len(told["changed"]), told["unchanged"]) == (1, 1, 0)
    assert rows() == [
        ("Sales", "testapp.Customer", True, False),
        ("Sales", "testapp.Order", True, True),
        ("Users", "testapp.Customer", False, True),
    ]


def test_a_row_filter_goes_in_and_out_by_file(acme: Organization, tmp_path: Path) -> None:
    condition = {"or": [{"field": "assigned_manager", "operator": "exact", "value": "$user.id"}]}
    path = write(tmp_path, {"permissions": [{**ENTRY, "filters": condition}]})
    run("apply", org_slug="acme", config_file=path)
    stored = ModelPermission.objects.get()
    assert stored.filters == condition
    for action in ("export", "generate"):
        out = tmp_path / f"{action}.json"
        run(action, org_slug="acme", output_file=str(out))
        entries = json.loads(out.read_text(encoding="utf-8"))["permissions"]
        (own,) = [entry for entry in entries if (entry["group"], entry["model"]) == ("Sales", "testapp.Customer")]
        assert own["filters"] == condition
    silent = {name: value for name, value in ENTRY.items() if name != "filters"}
    run("apply", org_slug="acme", config_file=write(tmp_path, {"permissions": [{**silent, "push": False}]}))
    stored.refresh_from_db()
    assert (stored.can_push, stored.filters) == (False, condition)
    run("apply", org_slug="acme", config_file=write(tmp_path, {"permissions": [{**ENTRY, "filters": None}]}))
    stored.refresh_from_db()
    assert (stored.can_push, stored.filters) == (True, None)


def test_a_dry_run_writes_nothing(acme: Organization, tmp_path: Path) -> None:
    path = write(tmp_path, {"organization": "acme", "permissions": [ENTRY]})
    told = run("apply", config_file=path, dry_run=True)
    assert "1 granted" in told
    assert "Nothing was written" in told
    assert rows() == []


def test_an_option_that_would_be_ignored_is_refused(acme: Organization, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    with pytest.raises(CommandError, match="--dry-run belongs to --action apply"):
        run("generate", org_slug="acme", output_file=str(path), dry_run=True)
    with pytest.raises(CommandError, match="--config-file belongs to --action apply or validate"):
        run("export", org_slug="acme", output_file=str(path), config_file="other.json")
    with pytest.raises(CommandError, match="--permission-template belongs to --action generate"):
        run("export", org_slug="acme", output_file=str(path), permission_template="read_only")
    with pytest.raises(CommandError, match="--org-slug belongs to"):
        run("discover", org_slug="acme")
    assert not path.exists()


def test_a_shared_model_is_granted_with_a_warning(acme: Organization, tmp_path: Path) -> None:
    path = write(tmp_path, {"organization": "acme", "permissions": [{**ENTRY, "model": "testapp.Product"}]})
    _, err = run_whole("apply", config_file=path)
    assert "testapp.Product" in err


FAULTS: Dict[str, Tuple[Any, str]] = {
    "no JSON": ("{", "not JSON"),
    "a deep nest": ("[" * 100_000, "not JSON"),
    "a list": ([], "JSON object"),
    "no list of permissions": ({"organization": "acme"}, "JSON object"),
    "an unknown key": ({"permissions": [], "site": 1}, "site: unknown key"),
    "an organization of another type": ({"organization": 1, "permissions": []}, "must be a slug"),
    "an entry that is no object": ({"permissions": [1]}, r"permissions\[0\]: must be an object"),
    "an unknown key of an entry": ({"permissions": [{**ENTRY, "delete": True}]}, "delete: unknown key"),
    "a right that is no boolean": ({"permissions": [{**ENTRY, "push": 1}]}, "push: must be true or false"),
    "a missing right": ({"permissions": [{"group": "Sales", "model": "testapp.Order", "push": True}]}, "pull"),
    "a filter that is none": ({"permissions": [{**ENTRY, "filters": [1]}]}, "filters: must be a condition or null"),
    "half a filter": ({"permissions": [{**ENTRY, "filters": {"field": "name"}}]}, "`field`, `operator` and `value`"),
    "a filter on no field": (
        {"permissions": [{**ENTRY, "filters": {"field": "nothing", "operator": "exact", "value": 1}}]},
        r"permissions\[0\].filters: nothing: testapp.Customer has no field",
    ),
    "a filter through a table that is not captured": (
        {"permissions": [{**ENTRY, "filters": {"field": "organization__slug", "operator": "exact", "value": "x"}}]},
        "CAPTURE",
    ),
    "an unknown group": ({"permissions": [{**ENTRY, "group": "Nobody"}]}, "no group 'Nobody'"),
    "an unknown model": ({"permissions": [{**ENTRY, "model": "testapp.Nothing"}]}, "not among"),
    "a model of Django": ({"permissions": [{**ENTRY, "model": "auth.User"}]}, "not among"),
    "an ambiguous model": ({"permissions": [{**ENTRY, "model": "testapp.Contract"}]}, "Several paths"),
    "a push beyond a group's kind": ({"permissions": [{**ENTRY, "group": "Analysts"}]}, "Analysts may only pull"),
    "a repetition": ({"permissions": [ENTRY, {**ENTRY, "model": "TESTAPP.customer"}]}, "already"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_with_a_fault_changes_nothing(acme: Organization, tmp_path: Path, name: str) -> None:
    document, told = FAULTS[name]
    if isinstance(document, dict) and isinstance(document.get("permissions"), list):
        document = {"organization": "acme", **document}
        # What is right in the file is not written either.
        document["permissions"] = [{**ENTRY, "group": "Users"}, *document["permissions"]]
        told = told.replace(r"\[0\]", r"\[1\]")
    path = write(tmp_path, document)
    for action in ("validate", "apply"):
        with pytest.raises(CommandError, match=told):
            run(action, org_slug="acme", config_file=path)
    assert rows() == []


def test_every_fault_of_a_file_is_told_at_once(acme: Organization, tmp_path: Path) -> None:
    wrong = [{**ENTRY, "group": "Nobody", "model": "testapp.Nothing"}, {**ENTRY, "group": "Nil"}]
    path = write(tmp_path, {"organization": "acme", "permissions": wrong})
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("dynamic_permissions", action="validate", config_file=path, json=True, stdout=out)
    assert ended.value.code == 1
    told = json.loads(out.getvalue())
    assert (told["valid"], len(told["errors"])) == (False, 3)


def test_a_file_needs_an_organization_that_exists(acme: Organization, tmp_path: Path) -> None:
    path = write(tmp_path, {"permissions": [ENTRY]})
    with pytest.raises(CommandError, match="--org-slug"):
        run("apply", config_file=path)
    with pytest.raises(CommandError, match="nowhere"):
        run("apply", config_file=path, org_slug="nowhere")


def test_files_that_cannot_be_read_or_written_are_told(acme: Organization, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("validate", config_file=str(tmp_path / "missing.json"))
    with pytest.raises(CommandError, match="cannot be written"):
        run("export", org_slug="acme", output_file=str(tmp_path / "missing" / "file.json"))


def test_export_leaves_out_what_is_not_synchronised(acme: Organization) -> None:
    grant(acme, group="Sales", models=["testapp.Customer", "old.Model"])
    out, err = run_whole("export", org_slug="acme")
    assert [entry["model"] for entry in json.loads(out)["permissions"]] == ["testapp.Customer"]
    assert "old.Model" in err


def test_the_template_has_the_shape_of_a_file() -> None:
    assert set(json.loads(run("template"))["permissions"][0]) == set(ENTRY)
