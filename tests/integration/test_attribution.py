"""Histories of our own tables name who wrote and why, wherever the work began."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any, Iterator, List, Tuple

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.urls import reverse
from simple_history.models import HistoricalRecords

from sb_sync.attribution import attributed_to, attributed_to_request, current_author
from sb_sync.maintenance.audit_trails import check_trails
from sb_sync.management.base import SyncCommand
from sb_sync.models import ModelPermission, Organization, SyncConfiguration, UserSite
from sb_sync.models.history import audited_models
from sb_sync.testing.factories import make_member, make_organization
from tests.testapp.models import Chapter

pytestmark = pytest.mark.django_db

MIDDLEWARE = "simple_history.middleware.HistoryRequestMiddleware"


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


@pytest.fixture
def chief() -> Any:
    return get_user_model().objects.create_superuser("chief", password="x")


@pytest.fixture(params=[True, False], ids=["with middleware", "without middleware"])
def browser(request: pytest.FixtureRequest, settings: Any, chief: Any) -> Iterator[Client]:
    """A browser of staff, in projects that have simple-history's middleware and in those that have not."""
    if not request.param:
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != MIDDLEWARE]
    client = Client()
    client.force_login(chief)
    yield client
    assert not hasattr(HistoricalRecords.context, "request")


def told(model: Any) -> List[Tuple[str, str, Any]]:
    names = ("history_type", "history_username", "history_change_reason")
    return list(model.history.order_by("history_id").values_list(*names))


def test_the_admin_names_its_user_and_address(browser: Client, acme: Organization) -> None:
    group = Group.objects.create(name="Sales")
    pages = "admin:sb_sync_modelpermission_"
    row = {"site": acme.pk, "group": group.pk, "model_name": "testapp.Customer", "can_pull": "on", "filters": "null"}
    assert browser.post(reverse(pages + "add"), row).status_code == 302
    key = ModelPermission.objects.get().pk
    assert browser.post(reverse(pages + "change", args=[key]), {**row, "can_push": "on"}).status_code == 302
    assert browser.post(reverse(pages + "delete", args=[key]), {"post": "yes"}).status_code == 302
    addresses = [reverse(pages + "add"), reverse(pages + "change", args=[key]), reverse(pages + "delete", args=[key])]
    assert told(ModelPermission) == [(kind, "chief", f"POST {address}") for kind, address in zip("+~-", addresses)]


def test_many_rows_deleted_at_once_name_the_user(browser: Client, acme: Organization) -> None:
    make_member(acme, username="ann")
    make_member(acme, username="bob")
    address = reverse("admin:sb_sync_usersite_changelist")
    chosen = {
        "action": "delete_selected",
        "post": "yes",
        "_selected_action": list(UserSite.objects.values_list("pk", flat=True)),
    }
    assert browser.post(address, chosen).status_code == 302
    assert [entry for entry in told(UserSite) if entry[0] == "-"] == [("-", "chief", f"POST {address}")] * 2


def test_an_organization_deleted_in_the_admin_takes_what_is_its_own_along(browser: Client, acme: Organization) -> None:
    make_member(acme, username="ann")
    address = reverse("admin:sb_sync_organization_delete", args=[acme.pk])
    assert browser.post(address, {"post": "yes"}).status_code == 302
    for model in (Organization, UserSite):
        assert told(model)[-1] == ("-", "chief", f"POST {address}")
    assert list(check_trails(audited_models())) == []


def write_file(folder: Path, **rights: Any) -> str:
    entries = [
        {"group": "Sales", "model": label, "push": False, "pull": True, **rights}
        for label in ("testapp.Customer", "testapp.Region")
    ]
    path = folder / "permissions.json"
    path.write_text(json.dumps({"organization": "acme", "permissions": entries}))
    return str(path)


def test_a_permission_file_leaves_an_entry_for_each_row(acme: Organization, tmp_path: Path) -> None:
    Group.objects.create(name="Sales")
    options = {"action": "apply", "org_slug": "acme", "stdout": StringIO()}
    call_command("dynamic_permissions", config_file=write_file(tmp_path, filters=None), **options)
    call_command("dynamic_permissions", config_file=write_file(tmp_path), **options)
    call_command("dynamic_permissions", config_file=write_file(tmp_path, push=True), **options)
    reason = f"manage.py dynamic_permissions --action apply --config-file {tmp_path}/permissions.json --org-slug acme"
    assert told(ModelPermission) == [(kind, "", reason) for kind in "++~~"]
    assert list(check_trails(audited_models())) == []


def test_a_file_that_leaves_a_filter_alone_leaves_it_in_the_history(acme: Organization, tmp_path: Path) -> None:
    group = Group.objects.create(name="Sales")
    ModelPermission.objects.create(site_id=acme.pk, group=group, model_name="testapp.Customer", filters={})
    call_command("dynamic_permissions", action="apply", config_file=write_file(tmp_path), stdout=StringIO())
    assert ModelPermission.objects.get(model_name="testapp.Customer").filters == {}
    assert list(check_trails(audited_models())) == []


def test_a_dry_run_leaves_no_entry(acme: Organization, tmp_path: Path) -> None:
    Group.objects.create(name="Sales")
    file = write_file(tmp_path)
    call_command("dynamic_permissions", action="apply", config_file=file, dry_run=True, stdout=StringIO())
    assert told(ModelPermission) == []


def test_the_example_leaves_no_gap() -> None:
    for _ in range(2):
        call_command("setup_organizations", action="setup_example", stdout=StringIO())
    assert {reason for _, _, reason in told(UserSite)} == {"manage.py setup_organizations --action setup_example"}
    assert list(check_trails(audited_models())) == []


def test_a_reason_that_was_given_beats_the_line_of_the_command() -> None:
    options = {"set_include_apps": ["testapp"], "stdout": StringIO()}
    call_command("configure_model_discovery", reason="fewer models", **options)
    call_command("configure_model_discovery", reset_to_defaults=True, stdout=StringIO())
    first, second = told(SyncConfiguration)
    assert first[2] == "fewer models"
    assert second[2].startswith("manage.py configure_model_discovery --reset-to-defaults")


def test_the_line_of_a_command_holds_no_secret(acme: Organization, settings: Any) -> None:
    settings.SB_SYNC = {"REDACT_FIELDS": ["org_name"]}
    names = {"org_slug": "new", "org_name": "hunter2"}
    call_command("setup_organizations", action="create_org", stdout=StringIO(), **names)
    reason = told(Organization)[-1][2]
    assert reason == "manage.py setup_organizations --action create_org --org-name *** --org-slug new"


class Probe(SyncCommand):
    """Makes an organization, whatever it is told."""

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--told", nargs="*")
        parser.add_argument("--new-password")

    def handle(self, *args: Any, **options: Any) -> None:
        make_organization("new")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"told": ["a", "b"]}, "--told a b"),
        ({"new_password": "hunter2"}, "--new-password ***"),
        ({"told": ["https://me:hunter2@example.com/x"]}, "--told https://***@example.com/x"),
        ({"told": ["password=hunter2"]}, "--told password=***"),
        ({"told": ["x\x00\ud800y"]}, "--told x\ufffd?y"),
        ({"told": ["x" * 10_000]}, "--told " + "x" * 200),
        ({"verbosity": 0, "no_color": True}, ""),
    ],
)
def test_options_are_told_without_secrets_in_a_form_that_every_database_takes(given: Any, line: str) -> None:
    call_command(Probe(), **given)
    assert told(Organization)[0][2] == f"manage.py test_attribution {line}".strip()


def test_a_command_that_a_view_calls_names_the_user_of_the_request(chief: Any) -> None:
    request = RequestFactory().post("/setup/?token=hunter2")
    request.user = chief
    with attributed_to_request(request):
        call_command("setup_organizations", action="setup_example", stdout=StringIO())
    assert told(Organization)[-1] == ("+", "chief", "manage.py setup_organizations --action setup_example")


def test_a_request_is_told_without_its_parameters_in_a_form_that_every_database_takes(chief: Any) -> None:
    request = RequestFactory().post("/setup%00/?token=hunter2")
    request.user = chief
    with attributed_to_request(request):
        make_organization("acme")
    assert told(Organization) == [("+", "chief", "POST /setup\ufffd/")]


def test_a_stranger_is_nobody() -> None:
    request = RequestFactory().get("/join/")
    request.user = AnonymousUser()
    with attributed_to_request(request):
        make_organization("acme")
    assert told(Organization) == [("+", "", "GET /join/")]


def test_outside_of_any_work_of_ours_nobody_is_named(acme: Organization) -> None:
    assert told(Organization) == [("+", "", None)]
    assert current_author().user is None


def test_what_was_known_before_is_known_again(chief: Any) -> None:
    with attributed_to(chief, "outer"):
        with attributed_to(None, "inner"):
            assert (current_author().user, current_author().reason) == (chief, "inner")
        assert current_author().reason == "outer"
        with pytest.raises(RuntimeError), attributed_to(None, "inner"):
            raise RuntimeError
        assert current_author().reason == "outer"
    assert current_author().reason == ""


def test_a_history_of_the_projects_own_gets_a_reason_only_from_work_of_ours(
    acme: Organization, browser: Client, chief: Any
) -> None:
    request = RequestFactory().post("/own-page/")
    request.user = chief
    HistoricalRecords.context.request = request
    try:
        Chapter.objects.create(organization=acme, title="By a page of the project")
    finally:
        del HistoricalRecords.context.request
    with attributed_to(chief, "x" * 500):
        Chapter.objects.create(organization=acme, title="By us")
    first, second = Chapter.history.order_by("history_id")
    assert (first.history_user, first.history_change_reason) == (chief, None)
    assert (second.history_user, second.history_change_reason) == (chief, "x" * 100)


@pytest.mark.django_db(transaction=True)
def test_a_row_and_its_history_are_written_together_or_not_at_all(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no history")

    monkeypatch.setattr(ModelPermission.history.model, "save", fail)
    with pytest.raises(RuntimeError):
        ModelPermission.objects.create(site_id=acme.pk, group=Group.objects.create(name="Sales"), model_name="a.B")
    assert not ModelPermission.objects.exists()
