"""Checks of settings, apps, addresses, folders and the cache."""

from __future__ import annotations

import io
import os
import types
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.test.utils import modify_settings, override_settings
from django.urls import include, path

from sb_sync import catalog
from sb_sync.checks.project import check_log_folder
from tests.projects import Project
from tests.unit.checks.running import run


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


@override_settings(SB_SYNC={"NONSENSE": 1})
def test_manage_check_fails_with_the_mend() -> None:
    with pytest.raises(CommandError) as caught:
        call_command("check", stdout=io.StringIO(), stderr=io.StringIO())
    assert "(sb_sync.E001)" in str(caught.value)
    assert "HINT: Correct it in the project's settings." in str(caught.value)


@pytest.mark.parametrize("app", ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites"])
def test_an_app_without_which_no_model_can_be_read_is_named_before_they_are(app: str, tmp_path: Path) -> None:
    standing = ["sb_sync", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites"]
    project = Project(tmp_path, INSTALLED_APPS=[name for name in standing if name != app])
    done = project.manage("check")
    assert done.returncode != 0
    assert f"sb_sync needs '{app}' in INSTALLED_APPS." in done.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("value", [{"REDACT_FIELDS": 5}, {"REQUIRE_TENANT": "no"}, ["x"], {"MODEL_DISCOVERY": 5}])
def test_a_command_of_ours_says_what_is_wrong_with_the_settings_and_breaks_on_none(value: Any) -> None:
    with override_settings(SB_SYNC=value):
        catalog.reload()
        with pytest.raises(SystemCheckError, match=r"sb_sync\.E001"):
            call_command("show_models", skip_checks=False, stdout=io.StringIO(), stderr=io.StringIO())


@contextmanager
def acting_as_nobody() -> Iterator[None]:
    """Give up the rights of the superuser, who may write anywhere."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(own)


def test_a_log_folder_that_can_be_made_is_no_fault_and_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "of" / "today"
    with override_settings(SB_SYNC_LOG_DIR=str(folder)):
        assert "sb_sync.W010" not in run()
    assert not folder.parent.exists()


def test_a_log_folder_that_takes_no_files_is_warned_of(tmp_path: Path) -> None:
    taken = tmp_path / "logs"
    taken.write_text("no folder")
    for folder in (taken, taken / "below"):
        with override_settings(SB_SYNC_LOG_DIR=str(folder)):
            (message,) = run()["sb_sync.W010"]
        assert f"{taken} is no folder" in message.msg


def test_a_log_folder_of_somebody_else_is_warned_of(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with override_settings(SB_SYNC_LOG_DIR=str(tmp_path / "logs")), acting_as_nobody():
            (message,) = check_log_folder()
        assert "takes no files" in message.msg
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("prefixes", "told"),
    [
        ([], ["sb_sync.W011"]),
        (["api/sync/"], []),
        (["v1/", "v2/"], ["sb_sync.W012"]),
    ],
)
def test_the_api_has_one_address(prefixes: List[str], told: List[str]) -> None:
    nested = types.ModuleType("addresses")
    nested.urlpatterns = [path(prefix, include("sb_sync.urls")) for prefix in prefixes]  # type: ignore[attr-defined]
    addresses = types.ModuleType("root")
    addresses.urlpatterns = [path("deep/", include(nested))]  # type: ignore[attr-defined]
    with override_settings(ROOT_URLCONF=addresses):
        assert [name for name in ("sb_sync.W011", "sb_sync.W012") if name in run()] == told


def test_a_process_without_addresses_is_no_fault(settings: Any) -> None:
    settings.ROOT_URLCONF = None
    assert "sb_sync.W011" not in run()


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        ("dummy.DummyCache", "not counted"),
        ("locmem.LocMemCache", "each worker by itself"),
        ("db.DatabaseCache", ""),
        ("filebased.FileBasedCache", ""),
    ],
)
def test_attempts_to_log_in_are_counted_for_all_processes(backend: str, told: str, tmp_path: Path) -> None:
    cache = {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": str(tmp_path)}
    with override_settings(CACHES={"default": cache}):
        found = run(include_deployment_checks=True).get("sb_sync.W013", [])
        assert "sb_sync.W013" not in run()
    assert [told in message.msg for message in found] == ([True] if told else [])
