"""Checks of values that are of the right type and still wrong, said by the project or set in the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Iterator

import pytest
from django.test.utils import override_settings

from sb_sync import config
from sb_sync.config import SyncConfig
from sb_sync.models import SyncConfiguration
from tests.unit.checks.running import ask_database, run

DAY, WEEK = timedelta(days=1), timedelta(days=7)
WRONG = [
    ("sb_sync.W008", {"REDACT_FIELDS": []}),
    ("sb_sync.W008", {"REDACT_FIELDS": ["pin", "token"]}),
    ("sb_sync.W009", {"TOKEN_LIFETIME": WEEK, "REFRESH_LIFETIME": DAY}),
]
RIGHT = [
    ("sb_sync.W008", {"REDACT_FIELDS": ["PASSWORD"]}),
    ("sb_sync.W009", {"TOKEN_LIFETIME": WEEK, "REFRESH_LIFETIME": WEEK}),
]


@pytest.fixture
def _nothing_set(db: None) -> Iterator[None]:
    config.refresh()
    yield
    SyncConfiguration.objects.all().delete()
    config.refresh()


@pytest.mark.parametrize(("name", "values"), WRONG)
def test_what_a_project_says_wrongly_is_told(name: str, values: Any) -> None:
    with override_settings(SB_SYNC=values):
        assert name in run()


@pytest.mark.parametrize(("name", "values"), RIGHT)
def test_what_a_project_says_rightly_is_not(name: str, values: Any) -> None:
    with override_settings(SB_SYNC=values):
        assert name not in run()


@pytest.mark.usefixtures("_nothing_set")
@pytest.mark.parametrize(("name", "values"), WRONG)
def test_what_is_set_in_the_database_is_told_by_those_that_ask_it_and_once(name: str, values: Any) -> None:
    assert name not in ask_database()
    SyncConfig.set_many({("SETTINGS", key): value for key, value in values.items()})
    assert len(ask_database()[name]) == 1
    with override_settings(SB_SYNC=values):
        assert len(run(databases=["default"])[name]) == 1


@pytest.mark.usefixtures("_nothing_set")
def test_what_is_mended_in_the_database_is_told_no_more_by_those_that_ask_it() -> None:
    with override_settings(SB_SYNC={"REDACT_FIELDS": []}):
        SyncConfig.set_config("SETTINGS", "REDACT_FIELDS", ["password"])
        assert "sb_sync.W008" not in ask_database()
