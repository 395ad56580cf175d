"""Choose and start the database of a test session, before Django reads its settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any, List

import pytest

from tests.servers import emptying, redis
from tests.servers.supervisor import start, stop

SUPERVISORS: List[Any] = []
DATABASES = ("sqlite", "postgresql", "mariadb")
# The variable that names a server to use in place of one of our own.
VARIABLES = {"postgresql": "SB_SYNC_TEST_POSTGRES", "mariadb": "SB_SYNC_TEST_MARIADB"}
KEPT_TABLES = {"django_content_type", "auth_permission"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the database."""
    parser.addoption("--db", choices=DATABASES, default="sqlite", help="the database to test on (default: sqlite)")
    parser.addoption(
        "--only-on-database", action="store_true", help="leave out tests that touch no database: they ran elsewhere"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Set up the database and the settings; pytest-django takes them up right after."""
    config.addinivalue_line(
        "markers", "only_on(*databases, reason): what is tested exists on these databases only; left out on others"
    )
    config.addinivalue_line("markers", "with_redis: needs a Redis of its own; left out where there is none")
    database = config.getoption("--db")
    os.environ["SB_SYNC_TEST_FOLDER"] = tempfile.mkdtemp(prefix="sb_sync_tests_")
    os.environ["SB_SYNC_TEST_DB"] = database
    variable = VARIABLES.get(database)
    if variable is not None and not os.environ.get(variable):
        supervisor, os.environ[variable] = start(database)
        SUPERVISORS.append(supervisor)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    from django.conf import settings

    # The first look at the settings loads them.
    assert settings.DATABASES
    from django.db.backends.signals import connection_created

    connection_created.connect(_do_not_wait_for_the_disk)
    _keep_what_every_test_needs()
    if database == "postgresql":
        emptying.install()


def _keep_what_every_test_needs() -> None:
    """Leave content types and permissions where they are between tests: making them anew takes most of a flush."""
    from django.db.backends.base.introspection import BaseDatabaseIntrospection

    find_tables = BaseDatabaseIntrospection.django_table_names

    def find_other_tables(self: Any, *args: Any, **kwargs: Any) -> List[str]:
        return [name for name in find_tables(self, *args, **kwargs) if name not in KEPT_TABLES]

    BaseDatabaseIntrospection.django_table_names = find_other_tables  # type: ignore[assignment,method-assign]


def _do_not_wait_for_the_disk(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Let SQLite leave writing to the system: a test's database need not survive a loss of power."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = OFF")


def pytest_collection_modifyitems(config: pytest.Config, items: List[pytest.Item]) -> None:
    """Leave out what is of another database, and what does not depend on any where that is asked for."""
    database = config.getoption("--db")
    only_on_database = config.getoption("--only-on-database")
    has_redis = redis.find_program() is not None
    kept, left = [], []
    for item in items:
        of_another = any(database not in mark.args for mark in item.iter_markers("only_on"))
        is_out_of_reach = not has_redis and item.get_closest_marker("with_redis") is not None
        is_left = of_another or is_out_of_reach or (only_on_database and not _touches_a_database(item))
        (left if is_left else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


def _touches_a_database(item: Any) -> bool:
    from django.test import TransactionTestCase

    owner = getattr(item, "cls", None)
    is_case = owner is not None and issubclass(owner, TransactionTestCase)
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(is_case or fixtures or item.get_closest_marker("django_db"))


def pytest_report_header(config: pytest.Config) -> str:
    """Name the versions and the database in the head of the report."""
    import django

    return "Django {}, database {}".format(django.get_version(), config.getoption("--db"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave neither server nor files behind."""
    while SUPERVISORS:
        stop(SUPERVISORS.pop())
    shutil.rmtree(os.environ["SB_SYNC_TEST_FOLDER"], ignore_errors=True)
