"""What is set holds in every process at once, whichever way it was set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import pytest
from django.conf import settings
from django.db import connection

from sb_sync import config
from sb_sync.api import tokens
from sb_sync.config import SyncConfig
from sb_sync.models import SyncConfiguration
from sb_sync.testing.factories import grant, make_member, make_organization

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
Ask = Callable[[], Dict[str, Any]]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Ask the other process what it goes by."""
    acme = make_organization("acme")
    grant(acme)
    token = tokens.log_in(make_member(acme)).access
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    command = [sys.executable, str(Path(__file__).with_name("process.py")), str(connection.settings_dict["NAME"])]
    other = subprocess.Popen(
        command, cwd=str(ROOT), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True
    )
    assert other.stdin is not None
    assert other.stdout is not None
    asked, answers = other.stdin, other.stdout

    def ask() -> Dict[str, Any]:
        asked.write(token + "\n")
        asked.flush()
        return dict(json.loads(answers.readline()))

    try:
        yield ask
    finally:
        asked.close()
        other.wait(timeout=60)
        answers.close()
        SyncConfiguration.objects.all().delete()
        config.refresh()


def execute(sql: str, *values: Any) -> None:
    table, section, key, value = map(
        connection.ops.quote_name, (SyncConfiguration._meta.db_table, "section", "key", "value")
    )
    with connection.cursor() as cursor:
        cursor.execute(sql.format(table=table, section=section, key=key, value=value), values)


def test_another_process_goes_by_a_setting_at_its_next_request(ask: Ask) -> None:
    assert "locmem" in settings.CACHES["default"]["BACKEND"].lower()
    assert ask()["batch_size"] == 1000
    SyncConfig.set_config("SETTINGS", "DEFAULT_BATCH_SIZE", 77)
    assert ask()["batch_size"] == 77
    SyncConfiguration.objects.filter(key="DEFAULT_BATCH_SIZE").update(value=78)
    assert ask()["batch_size"] == 78
    execute("UPDATE {table} SET {value} = %s WHERE {key} = %s", "79", "DEFAULT_BATCH_SIZE")
    assert ask()["batch_size"] == 79
    execute("UPDATE {table} SET {value} = %s WHERE {key} = %s", '"much"', "DEFAULT_BATCH_SIZE")
    assert ask() == {**ask(), "batch_size": 1000, "status": 200}
    execute("UPDATE {table} SET {value} = %s WHERE {key} = %s", "80", "DEFAULT_BATCH_SIZE")
    assert ask()["batch_size"] == 80
    execute("DELETE FROM {table}")
    assert ask()["batch_size"] == 1000


def test_another_process_notices_which_models_are_in(ask: Ask) -> None:
    assert {"testapp.Region", "testapp.Customer"} <= set(ask()["labels"])
    SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_MODELS", ["testapp.Region"])
    answer = ask()
    assert "testapp.Region" not in answer["labels"]
    assert answer["status"] == 403
    SyncConfig.set_many({("MODEL_DISCOVERY", "EXCLUDE_MODELS"): [], ("MODEL_DISCOVERY", "MODEL_NAMESPACE"): "acme"})
    answer = ask()
    assert "acme.testapp.Region" in answer["labels"]
    assert answer["status"] == 200
    SyncConfig.reset([("MODEL_DISCOVERY", "EXCLUDE_MODELS"), ("MODEL_DISCOVERY", "MODEL_NAMESPACE")])
    assert "testapp.Region" in ask()["labels"]
