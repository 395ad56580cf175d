"""What is set: types, defaults, sources, history, and what other hands write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sb_sync import config
from sb_sync.config import InvalidSetting, SyncConfig, configuration_changed, setting
from sb_sync.models import SyncConfiguration

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forget(db: None) -> Iterator[None]:
    """Know what stands in the database, before and after."""
    config.refresh()
    yield
    SyncConfiguration.objects.all().delete()
    config.refresh()


def source_of(section: str, key: str) -> str:
    return next(state.source for state in SyncConfig.describe(section) if state.key == key)


def test_a_key_that_is_not_set_has_the_packages_default() -> None:
    assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE", 5) == 10_000
    assert SyncConfig.get_config("MODEL_DISCOVERY", "INCLUDE_APPS") == []
    assert source_of("SETTINGS", "MAX_BATCH_SIZE") == config.DEFAULT


def test_the_callers_default_counts_for_a_key_without_one() -> None:
    assert SyncConfig.get_config("MODEL_DISCOVERY", "MAX_MODELS_PER_APP") is None
    assert SyncConfig.get_config("MODEL_DISCOVERY", "MAX_MODELS_PER_APP", 7) == 7


def test_the_projects_settings_beat_the_default_and_the_database_beats_them(settings: Any) -> None:
    settings.SB_SYNC = {"MAX_BATCH_SIZE": 12, "MODEL_DISCOVERY": {"MODEL_PREFIX": "My"}}
    assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE") == setting("MAX_BATCH_SIZE") == 12
    assert SyncConfig.get_config("MODEL_DISCOVERY", "MODEL_PREFIX") == "My"
    assert source_of("MODEL_DISCOVERY", "MODEL_PREFIX") == config.PROJECT
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 34)
    SyncConfig.set_config("MODEL_DISCOVERY", "MODEL_PREFIX", "")
    assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE") == setting("MAX_BATCH_SIZE") == 34
    assert SyncConfig.get_config("MODEL_DISCOVERY", "MODEL_PREFIX") == ""
    assert source_of("MODEL_DISCOVERY", "MODEL_PREFIX") == config.DATABASE


def test_a_reset_gives_the_default_again() -> None:
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 34)
    SyncConfig.reset([("SETTINGS", "MAX_BATCH_SIZE")])
    assert setting("MAX_BATCH_SIZE") == 10_000
    assert source_of("SETTINGS", "MAX_BATCH_SIZE") == config.DEFAULT


@pytest.mark.parametrize(
    ("section", "key", "told"),
    [
        ("NOTHING", "MAX_BATCH_SIZE", "is no section"),
        ("SETTINGS", "NOTHING", "is no key"),
        ("SETTINGS", "INCLUDE_APPS", "is no key"),
    ],
)
def test_unknown_sections_and_keys_are_refused(section: str, key: str, told: str) -> None:
    with pytest.raises(InvalidSetting, match=told):
        SyncConfig.get_config(section, key, 1)
    with pytest.raises(InvalidSetting, match=told):
        SyncConfig.set_config(section, key, 1)
    assert not SyncConfiguration.objects.exists()


WRONG = [
    ("SETTINGS", "MAX_BATCH_SIZE", "many", "must be int, not str"),
    ("SETTINGS", "MAX_BATCH_SIZE", True, "must be int, not bool"),
    ("SETTINGS", "MAX_BATCH_SIZE", 0, "at least 1"),
    ("SETTINGS", "MAX_BATCH_SIZE", 10**30, "at most"),
    ("SETTINGS", "MAX_BATCH_SIZE", None, "must be int"),
    ("SETTINGS", "METRICS_SAMPLE_RATE", float("nan"), "must be a number"),
    ("SETTINGS", "METRICS_SAMPLE_RATE", 1.5, "at most 1"),
    ("SETTINGS", "TOKEN_LIFETIME", timedelta(0), "at least"),
    ("SETTINGS", "TOKEN_LIFETIME", 7, "must be timedelta"),
    ("SETTINGS", "LOG_FORMAT", "xml", "one of text, json"),
    ("SETTINGS", "LOGIN_THROTTLE", "often", "must look like"),
    ("SETTINGS", "REDACT_FIELDS", ["pin", 5], "texts only"),
    ("SETTINGS", "CAPTURE", ["testapp.Nobody"], "no installed model"),
    ("MODEL_DISCOVERY", "AUTO_DISCOVER_MODELS", 1, "must be bool"),
    ("MODEL_DISCOVERY", "INCLUDE_APPS", "testapp", "must be list or tuple"),
    ("MODEL_DISCOVERY", "INCLUDE_APPS", ["nowhere"], "no installed app"),
    ("MODEL_DISCOVERY", "INCLUDE_APPS", ["sb_sync"], "never synchronised"),
    ("MODEL_DISCOVERY", "INCLUDE_APPS", [["testapp"]], "texts only"),
    ("MODEL_DISCOVERY", "EXCLUDE_MODELS", ["testapp.Nobody"], "no installed model"),
    ("MODEL_DISCOVERY", "EXCLUDE_MODELS", ["Customer"], "no installed model"),
    ("MODEL_DISCOVERY", "INCLUDE_MODEL_PATTERNS", ["("], "is no regular expression"),
    ("MODEL_DISCOVERY", "EXCLUDE_MODEL_PATTERNS", ["(a+)+$"], "time without end"),
    ("MODEL_DISCOVERY", "EXCLUDE_MODELS_WITH_FIELDS", ["no_such_field"], "no installed model has"),
    ("MODEL_DISCOVERY", "REQUIRE_MODELS_WITH_FIELDS", ["no_such_field"], "no installed model has"),
    ("MODEL_DISCOVERY", "APP_SPECIFIC_EXCLUSIONS", {"testapp": "Customer"}, "must map apps"),
    ("MODEL_DISCOVERY", "APP_SPECIFIC_EXCLUSIONS", {"testapp": ["Nobody"]}, "no installed model"),
    ("MODEL_DISCOVERY", "INCLUDE_MODEL_TYPES", ["concrete", "odd"], "at least one of"),
    ("MODEL_DISCOVERY", "INCLUDE_MODEL_TYPES", [], "at least one of"),
    ("MODEL_DISCOVERY", "MODEL_PREFIX", "a.b", "letters, digits"),
    ("MODEL_DISCOVERY", "MODEL_SUFFIX", "é", "letters, digits"),
    ("MODEL_DISCOVERY", "MODEL_NAMESPACE", "acme.", "must be a word"),
    ("MODEL_DISCOVERY", "MAX_MODELS_PER_APP", 0, "at least 1"),
    ("MODEL_DISCOVERY", "DISCOVERY_CACHE_TIMEOUT", -1, "at least 0"),
]


@pytest.mark.parametrize(("section", "key", "value", "told"), WRONG)
def test_wrong_values_are_refused(section: str, key: str, value: Any, told: str) -> None:
    with pytest.raises(InvalidSetting, match=told):
        SyncConfig.set_config(section, key, value)
    assert not SyncConfiguration.objects.exists()


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("SETTINGS", "TOKEN_LIFETIME", timedelta(days=2, microseconds=5)),
        ("SETTINGS", "METRICS_SAMPLE_RATE", 0.25),
        ("SETTINGS", "REDACT_FIELDS", []),
        ("MODEL_DISCOVERY", "AUTO_DISCOVER_MODELS", False),
        ("MODEL_DISCOVERY", "EXCLUDE_MODELS", ["testapp.customer"]),
        ("MODEL_DISCOVERY", "APP_SPECIFIC_EXCLUSIONS", {"testapp": ["customer"]}),
        ("MODEL_DISCOVERY", "MODEL_NAMESPACE", "acme.eu"),
        ("MODEL_DISCOVERY", "MAX_MODELS_PER_APP", 3),
    ],
)
def test_a_value_comes_back_as_it_was_set(section: str, key: str, value: Any) -> None:
    SyncConfig.set_config(section, key, value)
    assert SyncConfig.get_config(section, key) == value
    declared = config.SECTIONS[section][key]
    assert declared.from_json(json.loads(json.dumps(declared.to_json(value)))) == value


def test_several_keys_are_set_all_or_none() -> None:
    with pytest.raises(InvalidSetting) as refused:
        SyncConfig.set_many({("SETTINGS", "MAX_BATCH_SIZE"): 5, ("SETTINGS", "LOG_FORMAT"): "xml", ("X", "Y"): 1})
    assert len(str(refused.value).splitlines()) == 2
    assert not SyncConfiguration.objects.exists()


def test_what_is_returned_can_be_changed_without_changing_what_is_set() -> None:
    SyncConfig.set_config("SETTINGS", "REDACT_FIELDS", ["pin"])
    SyncConfig.get_config("SETTINGS", "REDACT_FIELDS").append("x")
    SyncConfig.get_config("MODEL_DISCOVERY", "INCLUDE_APPS").append("x")
    assert SyncConfig.get_config("SETTINGS", "REDACT_FIELDS") == ["pin"]
    assert SyncConfig.get_config("MODEL_DISCOVERY", "INCLUDE_APPS") == []


def test_each_change_stands_in_the_history_with_user_and_reason() -> None:
    user = get_user_model().objects.create_user("chief")
    SyncConfig.set_config(
        "SETTINGS", "MAX_BATCH_SIZE", 5, user=user, reason="small devices " * 20, description="for phones"
    )
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 5)
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 6)
    SyncConfig.reset([("SETTINGS", "MAX_BATCH_SIZE")], user=user, reason="no more")
    rows = SyncConfiguration.history.order_by("history_id")
    assert [(row.history_type, row.value, row.history_user, row.history_change_reason) for row in rows] == [
        ("+", 5, user, "small devices " * 20),
        ("~", 6, None, None),
        ("-", 6, user, "no more"),
    ]
    assert [row.description for row in rows] == ["for phones"] * 3


@pytest.mark.parametrize(
    ("section", "key", "value", "told"),
    [
        ("SETTINGS", "MAX_BATCH_SIZE", "many", "must be int"),
        ("SETTINGS", "NO_SUCH_KEY", 1, "is no key"),
        ("NO_SUCH_SECTION", "MAX_BATCH_SIZE", 1, "is no section"),
        ("MODEL_DISCOVERY", "EXCLUDE_MODEL_PATTERNS", ["(a+)+$"], "time without end"),
        ("SETTINGS", "TOKEN_LIFETIME", "soon", "must be timedelta"),
    ],
)
def test_what_other_hands_write_wrongly_is_not_used_and_told_of(
    section: str, key: str, value: Any, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    SyncConfiguration.objects.create(section=section, key=key, value=value)
    snapshot = config.refresh()
    assert setting("MAX_BATCH_SIZE") == 10_000
    assert told in snapshot.faults[section, key]
    assert told in caplog.text


def test_a_model_that_is_installed_no_more_keeps_the_rest_of_the_list_in_force() -> None:
    SyncConfiguration.objects.create(
        section="MODEL_DISCOVERY", key="EXCLUDE_MODELS", value=["gone.Model", "testapp.Customer"]
    )
    assert SyncConfig.get_config("MODEL_DISCOVERY", "EXCLUDE_MODELS") == ["gone.Model", "testapp.Customer"]


def test_to_read_takes_one_statement_and_a_setting_none() -> None:
    with CaptureQueriesContext(connection) as queries:
        SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE")
    assert len([query for query in queries if "syncconfiguration" in query["sql"]]) == 1
    with CaptureQueriesContext(connection) as queries:
        setting("MAX_BATCH_SIZE")
        config.discovery_values()
    assert not list(queries)


@pytest.mark.django_db(transaction=True)
def test_all_others_see_a_value_only_once_it_is_committed() -> None:
    told = []
    receiver = lambda **event: told.append(event["places"])  # noqa: E731
    configuration_changed.connect(receiver)
    try:
        with transaction.atomic():
            SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 5)
            assert not told
            transaction.set_rollback(True)
        config.refresh()
        assert (setting("MAX_BATCH_SIZE"), told) == (10_000, [])
        SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 5)
        assert (setting("MAX_BATCH_SIZE"), told) == (5, [{("SETTINGS", "MAX_BATCH_SIZE")}])
    finally:
        configuration_changed.disconnect(receiver)


@pytest.mark.django_db(transaction=True)
def test_a_context_goes_by_what_it_read_until_it_reads_again() -> None:
    config.refresh()
    SyncConfiguration.objects.create(section="SETTINGS", key="MAX_BATCH_SIZE", value=5)
    assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE") == 5
    assert setting("MAX_BATCH_SIZE") == 10_000
    config.release()
    assert setting("MAX_BATCH_SIZE") == 5


@pytest.mark.django_db(transaction=True)
def test_without_a_table_values_are_kept_in_memory() -> None:
    table = SyncConfiguration._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(SyncConfiguration, table, table + "_away")
    try:
        assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE") == 10_000
        SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 5)
        assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE") == setting("MAX_BATCH_SIZE") == 5
        with pytest.raises(InvalidSetting):
            SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", "x")
        SyncConfig.reset([("SETTINGS", "MAX_BATCH_SIZE")])
        assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE") == 10_000
        with transaction.atomic():
            config.refresh()
            assert get_user_model().objects.count() == 0
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(SyncConfiguration, table + "_away", table)


def test_the_projects_discovery_is_checked_like_any_setting(settings: Any) -> None:
    wrong: Dict[str, Any] = {"INCLUDE_APPS": "x", "NO_KEY": 1}
    settings.SB_SYNC = {"MODEL_DISCOVERY": wrong, "MAX_BATCH_SIZE": 5}
    assert [key for key, _ in config.find_faults()] == ["MODEL_DISCOVERY.INCLUDE_APPS", "MODEL_DISCOVERY.NO_KEY"]
    assert SyncConfig.get_config("MODEL_DISCOVERY", "INCLUDE_APPS") == []
    settings.SB_SYNC = {"MODEL_DISCOVERY": {"EXCLUDE_MODELS": ["testapp.Nobody"]}}
    assert "no installed model" in config.find_faults()[0][1]
    settings.SB_SYNC = {"MODEL_DISCOVERY": 5}
    assert config.find_faults() == [("MODEL_DISCOVERY", "must be a dict")]


ALONE = """
import sys
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 40,
    DATABASES={DATABASES},
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites", "rest_framework",
        "simple_history", "sb_sync",
    ],
    SB_SYNC={"MAX_BATCH_SIZE": 12},
)
from sb_sync.config import SyncConfig, setting
assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE") == 12
import django
django.setup()
from sb_sync import catalog
catalog.refresh()
assert SyncConfig.get_config("SETTINGS", "MAX_BATCH_SIZE") == setting("MAX_BATCH_SIZE") == 12
assert catalog.synced_models() == {}
"""


@pytest.mark.parametrize(
    "databases",
    [
        {},
        {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/at/all"}},
        {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ],
    ids=["none", "away", "empty"],
)
def test_without_a_database_the_projects_settings_hold_from_the_first_import_on(databases: Dict[str, Any]) -> None:
    script = ALONE.replace("{DATABASES}", repr(databases))
    environment = {**os.environ, "PYTHONPATH": str(Path(config.__file__).parents[2])}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert done.returncode == 0, done.stderr
