"""A database that can carry no feed: the checks say so, clients are told to come later, nothing breaks."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sb_sync import catalog
from sb_sync.api.tokens import log_in
from sb_sync.feed import backends
from sb_sync.feed.backends import postgresql
from sb_sync.feed.checks import check_captures, check_databases
from sb_sync.maintenance import verify
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import Api
from tests.testapp.models import Region

pytestmark = pytest.mark.django_db(transaction=True)
only_a_server = pytest.mark.only_on("postgresql", reason="its version is what the fixture changes")


@pytest.fixture
def api() -> Api:
    acme = make_organization("acme")
    user = make_member(acme)
    grant(acme)
    return Api(log_in(user).access)


@pytest.fixture
def _without_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be none for the product under test."""
    monkeypatch.delitem(backends.BACKENDS, connection.vendor)


@pytest.fixture
def _too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server under test be older than what is supported."""
    monkeypatch.setattr(postgresql, "OLDEST_SUPPORTED", 990000)


def check_that_clients_come_later(api: Api) -> None:
    pushed = {"data": [{"_model": "testapp.Region", "name": "North"}]}
    for address, body in (("pull/", {}), ("push/", pushed)):
        answer = api.post(address, body)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), address
    assert not Region.objects.exists()


@pytest.mark.usefixtures("_without_backend")
def test_clients_of_a_database_without_a_backend_are_told_to_come_later(api: Api) -> None:
    check_that_clients_come_later(api)


@only_a_server
@pytest.mark.usefixtures("_too_old")
def test_clients_of_a_server_that_is_too_old_are_told_to_come_later(api: Api) -> None:
    check_that_clients_come_later(api)


@pytest.mark.usefixtures("_without_backend")
def test_the_default_database_is_checked_though_it_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "synced_models", dict)
    (error,) = check_databases()
    assert error.id == "sb_sync.E101"
    assert connection.vendor in error.msg


@only_a_server
@pytest.mark.usefixtures("_too_old")
def test_a_server_that_is_too_old_is_an_error_of_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    for models in (catalog.synced_models(), {}):
        monkeypatch.setattr(catalog, "synced_models", lambda models=models: models)
        (error,) = check_captures(databases=["default"])
        assert error.id == "sb_sync.E103"
        assert "PostgreSQL 13" in error.msg
    assert ["PostgreSQL 13" in problem for problem in verify("default")] == [True]


@only_a_server
@pytest.mark.usefixtures("_too_old")
@pytest.mark.parametrize("action", ["status", "install", "repair", "purge"])
def test_the_command_says_that_a_server_is_too_old(action: str) -> None:
    with pytest.raises(CommandError, match="old"):
        call_command("sync_feed", "--action", action, stdout=io.StringIO())


@pytest.mark.parametrize("state", ["_without_backend", pytest.param("_too_old", marks=only_a_server)])
def test_migrations_go_on_without_a_feed(state: str, request: Any) -> None:
    request.getfixturevalue(state)
    call_command("migrate", verbosity=0, interactive=False)
