"""show_models: which models are in, which are out, and how each is synchronised."""

from __future__ import annotations

import io
import json
import re
from typing import Any, Dict, Iterator, List

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from sb_sync import catalog
from sb_sync.config import SyncConfig
from sb_sync.models import SyncConfiguration
from sb_sync.testing.factories import grant, make_member, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_set(db: None) -> Iterator[None]:
    catalog.refresh()
    yield
    SyncConfig.reset(SyncConfiguration.objects.values_list("section", "key"))
    catalog.refresh()


def run(action: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command("show_models", "--action", action, *arguments, stdout=out)
    return out.getvalue()


def models(action: str, *arguments: str) -> Dict[str, Any]:
    return {each["model"]: each for each in json.loads(run(action, "--json", *arguments))["models"]}


def test_all_are_enabled_or_disabled() -> None:
    enabled, disabled = set(models("enabled")), set(models("disabled"))
    assert enabled == set(catalog.synced_models())
    assert not enabled & disabled
    assert enabled | disabled == set(models("all"))
    assert "auth.User" in disabled


def test_the_default_settings_alone_are_asked_whatever_is_set(settings: Any) -> None:
    before = set(models("default"))
    settings.SB_SYNC = {"MODEL_DISCOVERY": {"EXCLUDE_MODELS": ["testapp.Tag"]}}
    SyncConfig.set_config("MODEL_DISCOVERY", "INCLUDE_APPS", ["auth"])
    assert set(models("default")) == before
    assert {"testapp.Tag", "testapp.Shelf"} <= before
    assert set(models("enabled")) == {"auth.Group", "auth.Permission"}
    assert "testapp.Tag" in run("default")


def test_a_model_that_is_out_says_why() -> None:
    SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_MODEL_PATTERNS", ["Shelf$"])
    reason = "excluded by EXCLUDE_MODEL_PATTERNS 'Shelf$'"
    assert models("disabled")["testapp.Shelf"]["reason"] == reason
    assert reason in run("disabled")
    assert "auth.User" not in run("disabled")
    assert "auth.User" in run("disabled", "--verbose")


def test_models_of_one_app_alone_are_shown() -> None:
    assert {label.split(".")[0] for label in models("all", "--app-label", "auth")} == {"auth"}
    with pytest.raises(CommandError, match="no installed app"):
        run("all", "--app-label", "nowhere")


def test_a_summary_counts_by_app() -> None:
    told = json.loads(run("summary", "--json"))
    assert told["apps"]["testapp"]["in"] == told["total"]["in"] == len(catalog.synced_models())
    shared = sum(synced.is_shared for synced in catalog.synced_models().values())
    assert told["total"]["shared"] == shared
    text = run("summary")
    assert "testapp" in text
    assert "contenttypes" not in text
    assert "contenttypes" in run("summary", "--verbose")


def test_details_say_which_models_are_saved_row_by_row_and_why() -> None:
    told = models("details")
    assert set(told) == set(catalog.synced_models())
    stamped = told["testapp.Stamped"]
    assert stamped["saved"] == "row by row"
    assert {"has a save() of its own", "has a clean() of its own"} <= set(stamped["why_row_by_row"])
    customer = told["testapp.Customer"]
    assert (customer["saved"], customer["why_row_by_row"]) == ("set by set", [])
    assert customer["organization"] == "by organization_id"
    assert told["testapp.Product"]["organization"] == "shared by all"
    assert told["testapp.Chapter"]["history"] is True
    assert {"name": "updated_at", "type": "datetime", "access": "read only"} in customer["fields"]


def test_details_are_text_too_with_fields_where_wanted() -> None:
    text = run("details")
    assert "testapp.Stamped" in text
    assert "has a save() of its own" in text
    assert "assigned_manager_id" not in text
    assert "assigned_manager_id" in run("details", "--verbose")
    assert set(re.findall(r"^  history +(\w+)$", text, re.MULTILINE)) == {"yes", "no"}


@pytest.mark.parametrize("more", [[], ["--verbose"]])
def test_details_count_as_out_what_the_action_disabled_shows(more: List[str]) -> None:
    (out,) = re.findall(r"(\d+) are out \(--action disabled\)", run("details", *more))
    (shown,) = re.findall(r"^(\d+) models", run("disabled", *more), re.MULTILINE)
    assert out == shown


def test_the_answer_to_a_user_leaves_out_what_that_user_may_not_touch_where_it_is_set() -> None:
    acme = make_organization("acme")
    make_member(acme, username="anna")
    grant(acme, models=["testapp.Customer"])
    asked: List[str] = ["--username", "anna", "--org-slug", "acme"]
    assert set(models("enabled", *asked)) == set(catalog.synced_models())
    SyncConfig.set_config("MODEL_DISCOVERY", "CHECK_MODEL_PERMISSIONS", True)
    assert set(models("enabled", *asked)) == {"testapp.Customer"}
    assert set(models("enabled")) == set(catalog.synced_models())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--username", "nobody"], "There is no user"),
        (["--org-slug", "acme"], "belongs to --username"),
        (["--username", "anna", "--org-slug", "nowhere"], "--org-slug"),
    ],
)
def test_a_user_or_organization_that_is_not_there_is_told(arguments: List[str], told: str) -> None:
    make_member(make_organization("acme"), username="anna")
    with pytest.raises(CommandError, match=told):
        run("all", *arguments)


def test_nothing_is_written() -> None:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        run("details")
    assert all(
        query["sql"].lstrip().upper().startswith(("SELECT", "PRAGMA", "SAVEPOINT", "RELEASE")) for query in queries
    )
