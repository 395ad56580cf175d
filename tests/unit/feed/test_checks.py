"""Checks of where the feed is read and written, and of the tables that it passes."""

from __future__ import annotations

from typing import Any, Iterator, List, Optional

import pytest
from django.db import connections
from django.test.utils import override_settings

from sb_sync import catalog, config
from sb_sync.feed.checks import check_databases
from sb_sync.models import Checkpoint
from tests.testapp.models import Customer
from tests.variety.installed import variety


class ReadsElsewhere:
    """Sends what is read of some models to a replica, as many projects do with all of them."""

    models: Any = ()

    def db_for_read(self, model: Any, **hints: Any) -> Optional[str]:
        return "replica" if model in self.models else None


class Apart:
    """Keeps customers in a database of their own; `holds_feed` tells whether the log may stand there, too."""

    holds_feed = True

    def db_for_read(self, model: Any, **hints: Any) -> Optional[str]:
        return "apart" if model is Customer else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> Optional[bool]:
        return self.holds_feed if (db, app_label) == ("apart", "sb_sync") else None


class ApartWithoutFeed(Apart):
    holds_feed = False


class OfTheFeed(ReadsElsewhere):
    models = (Checkpoint,)


class OfTheProject(ReadsElsewhere):
    models = (Customer,)


def test_a_router_that_reads_the_feed_from_a_replica_is_an_error() -> None:
    with override_settings(DATABASE_ROUTERS=[OfTheFeed()]):
        (message,) = [found for found in check_databases() if found.id == "sb_sync.E104"]
    assert "from database 'replica' and write them to 'default'" in message.msg


def test_a_router_that_reads_other_tables_from_a_replica_is_none() -> None:
    with override_settings(DATABASE_ROUTERS=[OfTheProject()]):
        assert not check_databases()
    assert not check_databases()


@pytest.fixture
def _another_database() -> Iterator[None]:
    connections.databases["apart"] = dict(connections.databases["default"])
    yield
    catalog.reload()
    del connections["apart"]
    del connections.databases["apart"]


@pytest.mark.usefixtures("_another_database")
@pytest.mark.parametrize(("router", "told"), [(Apart(), []), (ApartWithoutFeed(), ["sb_sync.E102"])])
def test_a_log_that_is_kept_out_of_the_database_of_its_rows_is_an_error(router: Any, told: List[str]) -> None:
    with override_settings(DATABASE_ROUTERS=[router]):
        catalog.reload()
        assert [found.id for found in check_databases()] == told


def test_an_organization_that_is_found_through_an_unmanaged_table_is_warned_of() -> None:
    assert not check_databases()
    with variety():
        # Nobody has looked at tables yet, as in a process that was just started.
        config.renew(lambda _: None)
        (message,) = check_databases()
    assert message.id == "sb_sync.W102"
    assert message.msg.startswith("variety.StatementLine finds its organization through variety_statement")
