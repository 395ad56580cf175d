"""The how-to pages that are followed in a small project do what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import django
import pytest
from django.core.management import get_commands

from sb_sync import models, optimizations, tasks
from sb_sync.api.urls import urlpatterns
from sb_sync.maintenance.groups import COMMON_GROUPS
from tests.docs.page_projects import PageProject
from tests.docs.pages import CODE, read

pytestmark = pytest.mark.only_on("sqlite", reason="the projects of the pages have databases of their own")

#: How many answers each page shows.
PAGES = {
    "how-to/backups.md": 2,
    "how-to/custom-user-model.md": 1,
    "how-to/deploying.md": 0,
    "how-to/from-updated-at.md": 1,
    "how-to/several-databases.md": 1,
    "how-to/tenancy.md": 2,
}


#: What a page shows as of a later Django than the oldest; it says so itself.
SINCE = {"how-to/deploying.md": (4, 0)}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_page_does_what_it_says(page: str, tmp_path: Path) -> None:
    if SINCE.get(page, (0,)) > django.VERSION:
        pytest.skip("Django 3.2 has no cache on Redis of its own")
    assert PageProject(tmp_path).follow(page) == PAGES[page]


def test_the_steps_of_an_upgrade_can_be_taken(tmp_path: Path) -> None:
    project = PageProject(tmp_path)
    project.run("python manage.py makemigrations crm && python manage.py migrate")
    assert project.follow("how-to/upgrading.md") == 0


OLDER = "how-to/from-the-older-package.md"
#: What an older project wrote down: tables of the same name stand, and a migration of the same name.
OLD_TABLES = """
from django.contrib.auth.models import Group, User
from django.contrib.sites.models import Site
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

Site.objects.create(pk=7, domain="acme.example.com", name="Acme")
Group.objects.create(pk=3, name="Sales")
User.objects.create_user("anna", pk=5)
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE sb_sync_log (id integer PRIMARY KEY, old text)")
    cursor.execute("CREATE TABLE sb_sync_historicalusersite (id integer PRIMARY KEY, old text)")
MigrationRecorder(connection).record_applied("sb_sync", "0001_initial")
"""
OLD_ROWS = [
    ("usersite", {"user": 5, "site": 7, "group": 3, "is_active": True}),
    ("modelpermission", {"site": 7, "group": 3, "model_name": "crm.Customer", "can_push": True, "can_pull": True}),
    ("datafilter", {"site": 7, "group": 3, "model_name": "crm.Customer", "filter_name": "one", "is_active": True,
                    "filter_condition": '{"field": "name", "operator": "exact", "value": "x"}'}),
    ("datafilter", {"site": 7, "group": 3, "model_name": "crm.Customer", "filter_name": "two", "is_active": True,
                    "filter_condition": '{"field": "gone", "operator": "exact", "value": "x"}'}),
]  # fmt: skip


def test_the_rights_of_the_older_package_are_taken_over(tmp_path: Path) -> None:
    project = PageProject(tmp_path)
    project.run("python manage.py makemigrations crm")
    project.run("python manage.py migrate auth && python manage.py migrate sites")
    project.run(OLD_TABLES, "python")
    rows = [{"model": f"sb_sync.{table}", "pk": 1, "fields": fields} for table, fields in OLD_ROWS]
    project.write("old.json", json.dumps(rows))
    assert project.follow(OLDER) == 1


def test_the_names_of_the_older_package_are_kept() -> None:
    table = read(OLDER).partition("## What is kept")[2].partition("\n## ")[0]
    rows = {row.split("|")[1].strip(): set(CODE.findall(row)) for row in table.splitlines() if row.startswith("| ")}
    routes = {str(pattern.pattern) for pattern in urlpatterns}
    assert rows["addresses below your prefix"] <= routes
    assert rows["commands, with their actions and options"] <= {
        name for name, app in get_commands().items() if app == "sb_sync"
    }
    assert all(hasattr(tasks, name) for name in rows["tasks"])
    assert all(hasattr(models, name) for name in rows["tables"])
    assert all(hasattr(optimizations, name) for name in rows["Python"] if "." not in name)
    groups = re.search(r"\| groups \| (.*) \|", table)
    assert groups is not None
    assert set(groups[1].split(", ")) == set(COMMON_GROUPS)
