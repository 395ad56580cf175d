"""System checks: each is seen, with its mend, where there is something to mend, and asks no database unasked."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any, Dict, Iterator, List

import pytest
from django.core.checks import CheckMessage, Tags, run_checks
from django.core.management import CommandError, call_command
from django.test.utils import modify_settings, override_settings

from sb_sync import ModelSync, catalog, register
from sb_sync.registry import unregister
from sb_sync.testing.factories import grant, make_organization
from tests.integration.push.declaring import declared
from tests.testapp.models import Contract, Customer


@pytest.fixture(autouse=True)
def _look_again() -> Iterator[None]:
    catalog.reload()
    yield
    unregister(Contract)
    catalog.reload()


def run(**options: Any) -> Dict[str, List[CheckMessage]]:
    """Return what the checks of the package say, by id."""
    found: Dict[str, List[CheckMessage]] = {}
    for message in run_checks(**options):
        if str(message.id).startswith("sb_sync."):
            found.setdefault(str(message.id), []).append(message)
    return found


def test_a_sound_project_is_told_of_its_models_only() -> None:
    assert set(run()) == {"sb_sync.E004", "sb_sync.W003"}


def test_every_message_has_a_hint() -> None:
    with override_settings(SB_SYNC={"NONSENSE": 1}, SECRET_KEY="short"):
        broken = run()
    for messages in [*run().values(), *broken.values()]:
        assert all(message.hint for message in messages)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"NONSENSE": 1}, "SB_SYNC['NONSENSE'] is not a setting"),
        ({"MAX_BATCH_SIZE": "many"}, "SB_SYNC['MAX_BATCH_SIZE'] must be int"),
        ({"REQUIRE_TENANT": 1}, "SB_SYNC['REQUIRE_TENANT'] must be bool"),
        ({"MAX_BATCH_SIZE": 0}, "must be at least 1"),
        (["REQUIRE_TENANT"], "SB_SYNC must be a dict"),
    ],
)
def test_a_fault_in_the_settings_is_told_and_breaks_no_other_check(value: Any, told: str) -> None:
    with override_settings(SB_SYNC=value):
        catalog.reload()
        found = run()
    assert set(found) == {"sb_sync.E001"}
    assert told in found["sb_sync.E001"][0].msg


@pytest.mark.parametrize(
    ("key", "is_short"), [("x" * 31, True), ("x" * 32, False), ("é" * 16, False), (b"x" * 32, False)]
)
def test_a_secret_key_below_32_bytes_is_an_error(key: Any, is_short: bool) -> None:
    with override_settings(SECRET_KEY=key):
        assert ("sb_sync.E002" in run()) is is_short


def test_a_project_whose_admin_finds_no_site_is_warned(settings: Any) -> None:
    assert "sb_sync.W004" not in run()
    del settings.SITE_ID
    assert "sb_sync.W004" in run()


@pytest.mark.parametrize("app", ["rest_framework", "simple_history"])
def test_a_missing_app_is_an_error(app: str) -> None:
    with modify_settings(INSTALLED_APPS={"remove": [app]}):
        found = run()["sb_sync.E003"]
    assert [message.msg for message in found] == [f"{app} is not installed."]


def test_a_project_without_sites_is_told_so_before_its_models_are_read() -> None:
    program = (
        "import django; from django.conf import settings;"
        "settings.configure(INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', 'sb_sync']);"
        "django.setup()"
    )
    done = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True, check=False)
    assert "sb_sync needs 'django.contrib.sites' in INSTALLED_APPS." in done.stderr


def test_paths_that_compete_are_an_error_until_one_is_declared() -> None:
    (message,) = run()["sb_sync.E004"]
    assert (message.obj, "seller, buyer" in message.msg) == (Contract, True)
    register(Contract)(type("Declared", (ModelSync,), {"tenant": "seller"}))
    catalog.reload()
    assert "sb_sync.E004" not in run()


def test_a_declared_path_that_leads_nowhere_is_an_error() -> None:
    register(Contract)(type("Wrong", (ModelSync,), {"tenant": "customer"}))
    catalog.reload()
    (message,) = run()["sb_sync.E005"]
    assert message.obj is Contract


@pytest.mark.parametrize("policy", ["last_write", "", None, 5, ["merge"]])
def test_a_conflict_policy_that_does_not_exist_is_an_error(policy: Any) -> None:
    with declared(Customer, conflict=policy):
        (message,) = run()["sb_sync.E006"]
    assert message.obj is Customer
    assert "reject, client_wins, server_wins, merge" in str(message.hint)
    with declared(Customer, conflict="merge"):
        assert "sb_sync.E006" not in run()


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        ({"exclude": ["nope"]}, "names no field: nope"),
        ({"read_only": ["nmae", "name"]}, "names no field: nmae"),
        ({"fields": "name"}, "no list of names"),
        ({"fields": [5]}, "no list of names"),
    ],
)
def test_a_declaration_that_names_no_field_is_an_error(declaration: Dict[str, Any], told: str) -> None:
    with declared(Customer, **declaration):
        (message,) = run()["sb_sync.E301"]
    assert told in message.msg
    assert message.obj is Customer
    with declared(Customer, exclude=["region_id", "tags"], read_only=["email"]):
        assert "sb_sync.E301" not in run()


def test_a_misspelt_declaration_is_warned_of() -> None:
    with declared(Customer, exclud=["email"], wanted=["name"]):
        (message,) = run()["sb_sync.W301"]
    assert "`exclud`" in message.msg
    assert "`exclude`" in str(message.hint)


@override_settings(SB_SYNC={"REQUIRE_TENANT": True})
def test_models_that_require_tenant_refuses_are_warned_of() -> None:
    catalog.reload()
    refused = [message.obj for message in run()["sb_sync.W002"]]
    assert sorted(model.__name__ for model in refused) == ["Engine", "Product"]


def test_keys_that_are_unique_among_all_organizations_are_warned_of() -> None:
    told = " ".join(message.msg for message in run()["sb_sync.W003"])
    assert "testapp.Team must be unique among all organizations: name." in told
    assert "testapp.Tag must be unique among all organizations: slug." in told
    for per_organization in ("testapp.Customer", "testapp.Order ", "testapp.Product", "testapp.Badge"):
        assert per_organization not in told


def test_checks_without_the_tag_ask_no_database() -> None:
    # Without the mark of pytest-django any query here fails.
    run()


@pytest.mark.django_db
def test_shared_models_that_are_granted_are_warned_of_when_the_database_is_asked() -> None:
    acme = make_organization("acme")
    grant(acme, models=["testapp.Customer", "testapp.Product"])
    (message,) = run(tags=[Tags.database], databases=["default"])["sb_sync.W001"]
    assert message.msg == "Shared models are granted: testapp.Product."
    assert "sb_sync.W001" not in run(tags=[Tags.database], databases=[])


@pytest.mark.django_db
def test_rights_that_grant_nothing_warn_of_nothing() -> None:
    acme = make_organization("acme")
    grant(acme, models=["testapp.Product"], push=False, pull=False)
    grant(acme, models=[Customer._meta.label])
    assert "sb_sync.W001" not in run(tags=[Tags.database], databases=["default"])


@override_settings(SB_SYNC={"NONSENSE": 1})
def test_manage_check_fails_with_the_mend() -> None:
    with pytest.raises(CommandError) as caught:
        call_command("check", stdout=io.StringIO(), stderr=io.StringIO())
    assert "(sb_sync.E001)" in str(caught.value)
    assert "HINT: Correct it in the project's settings." in str(caught.value)
