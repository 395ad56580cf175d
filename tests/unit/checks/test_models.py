"""Checks of the models, and of what `sync.py` says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator

import django
import pytest
from django.contrib.auth.models import Group
from django.test.utils import override_settings

from sb_sync import ModelSync, catalog, register
from sb_sync.registry import unregister
from tests.integration.push.declaring import declared
from tests.projects import Project
from tests.testapp.models import Contract, Customer
from tests.unit.checks.running import run
from tests.variety.installed import variety


@pytest.fixture(autouse=True)
def _unregister() -> Iterator[None]:
    yield
    unregister(Contract)


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


UNFIT = [("Reading", "has no stable key"), *([("Pair", "has a composite primary key")] * (django.VERSION >= (5, 2)))]


@pytest.mark.parametrize(("name", "told"), UNFIT)
def test_a_model_that_is_out_for_its_key_alone_is_warned_of(name: str, told: str) -> None:
    assert "sb_sync.W006" not in run()
    with variety():
        found = {message.obj.__name__: message.msg for message in run()["sb_sync.W006"]}
        assert told in found[name]
        with override_settings(SB_SYNC={"MODEL_DISCOVERY": {"EXCLUDE_MODELS": [f"variety.{name}"]}}):
            catalog.reload()
            assert name not in [message.obj.__name__ for message in run().get("sb_sync.W006", [])]


def test_a_registered_model_that_is_out_is_warned_of() -> None:
    with declared(Customer):
        assert "sb_sync.W007" not in run()
        with override_settings(SB_SYNC={"MODEL_DISCOVERY": {"EXCLUDE_MODELS": ["testapp.Customer"]}}):
            catalog.reload()
            (message,) = run()["sb_sync.W007"]
    assert message.obj is Customer
    assert "EXCLUDE_MODELS" in message.msg


def test_a_model_that_nobody_registered_may_be_out() -> None:
    with override_settings(SB_SYNC={"MODEL_DISCOVERY": {"EXCLUDE_MODELS": ["testapp.Customer"]}}):
        catalog.reload()
        assert not {"sb_sync.W006", "sb_sync.W007"} & set(run())
    with declared(Group):
        assert "sb_sync.W007" not in run()


TWIN = """
from django.db import models
from sb_sync.models import Organization

class Customer(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
"""
CONFIG = """
from django.apps import AppConfig

class Config(AppConfig):
    name = "{name}"
    label = "{label}"
"""


@pytest.mark.parametrize(("labels", "is_told"), [(("crm", "CRM"), True), (("crm", "sales"), False)])
def test_labels_that_differ_by_their_case_alone_are_an_error(labels: Any, is_told: bool, tmp_path: Path) -> None:
    names = ["one", "two"]
    project = Project(tmp_path)
    for name, label in zip(names, labels):
        project.write(f"{name}/__init__.py", "")
        project.write(f"{name}/models.py", TWIN)
        project.write(f"{name}/apps.py", CONFIG.format(name=name, label=label))
    settings = (tmp_path / "settings.py").read_text(encoding="utf-8")
    project.write("settings.py", settings + 'INSTALLED_APPS += ["one.apps.Config", "two.apps.Config"]\n')
    done = project.manage("check")
    assert (done.returncode != 0) is is_told, done.stderr
    for label in labels:
        assert (f"{label}.Customer: (sb_sync.E007)" in done.stderr) is is_told
