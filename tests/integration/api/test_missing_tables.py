"""A server that was started before its tables were made."""

from __future__ import annotations

import logging
from typing import Any, Iterator

import pytest
from django.db import connection

from sb_sync.models import TokenFamily, UserSite
from tests.integration.api.client import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[TokenFamily, UserSite], ids=lambda model: str(model.__name__))
def _missing(request: Any, api: Api) -> Iterator[None]:
    """Put a table away for a while, once somebody is logged in."""
    model = request.param
    table = model._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(model, table, table + "_away")
    yield
    with connection.schema_editor() as editor:
        editor.alter_db_table(model, table + "_away", table)


@pytest.mark.usefixtures("_missing")
def test_a_missing_table_is_a_server_that_is_not_set_up(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "sb_sync"):
        answer = api.post("pull/", {})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (503, "unavailable")
    assert body["detail"] == "The server is not set up yet: tables are missing."
    assert "run manage.py migrate" in caplog.text


def test_other_faults_of_the_database_are_no_missing_table(api: Api) -> None:
    assert api.post("pull/", {}).status_code == 200
