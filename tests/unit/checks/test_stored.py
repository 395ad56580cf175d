"""Checks that ask the database: rights on shared models, and tables that were never made."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import Tags
from django.utils import timezone

from sb_sync.models import SyncJob
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.projects import Project
from tests.testapp.models import Customer
from tests.unit.checks.running import ask_database, run


def test_checks_without_the_tag_ask_no_database() -> None:
    # Without the mark of pytest-django any query here fails.
    run()


@pytest.mark.django_db
def test_shared_models_that_are_granted_are_warned_of_when_the_database_is_asked() -> None:
    acme = make_organization("acme")
    grant(acme, models=["testapp.Customer", "testapp.Product"])
    (message,) = run(tags=[Tags.database], databases=["default"])["sb_sync.W001"]
    assert message.msg == "Shared models are granted: testapp.Product."
    assert "sb_sync.W001" not in run(tags=[Tags.database], databases=[])


@pytest.mark.django_db
def test_rights_that_grant_nothing_warn_of_nothing() -> None:
    acme = make_organization("acme")
    grant(acme, models=["testapp.Product"], push=False, pull=False)
    grant(acme, models=[Customer._meta.label])
    assert "sb_sync.W001" not in run(tags=[Tags.database], databases=["default"])


@pytest.mark.django_db
def test_shared_models_that_are_granted_for_push_are_told_apart() -> None:
    acme = make_organization("acme")
    grant(acme, models=["testapp.Product"], push=False)
    assert "sb_sync.W005" not in ask_database()
    grant(acme, models=["testapp.Engine"], pull=False)
    (message,) = ask_database()["sb_sync.W005"]
    assert message.msg == "Shared models are granted for push: testapp.Engine."
    assert "testapp.Engine, testapp.Product" in ask_database()["sb_sync.W001"][0].msg


@pytest.mark.django_db
def test_background_pushes_that_nobody_works_on_are_told_of(settings: Any) -> None:
    acme = make_organization("acme")
    asked = {"user": make_member(acme), "site_id": acme.pk, "record_count": 1}
    now = timezone.now()
    SyncJob.objects.create(**asked)
    SyncJob.objects.create(**asked, state="running", due_at=now + timedelta(seconds=60))
    SyncJob.objects.create(**asked, state="done", due_at=None, created_at=now - timedelta(days=1))
    assert "sb_sync.W014" not in ask_database()
    SyncJob.objects.create(**asked, due_at=now - timedelta(minutes=11))
    (message,) = ask_database()["sb_sync.W014"]
    assert message.msg.endswith("nobody works on them: 1. CELERY_BROKER_URL is not set.")
    settings.CELERY_BROKER_URL = "redis://localhost/0"
    (message,) = ask_database()["sb_sync.W014"]
    assert message.msg.endswith("nobody works on them: 1.")


MODELS = """
from django.db import models
from sb_sync.models import Organization

class Tag(models.Model):
    name = models.CharField(max_length=20)

class Note(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
"""
A_LIST_OF_KEYS = """    tags = models.ManyToManyField(Tag)
"""


def test_tables_that_were_never_made_are_told_of_except_to_who_makes_them(tmp_path: Path) -> None:
    project = Project(tmp_path)
    settings = (tmp_path / "settings.py").read_text(encoding="utf-8")
    project.write("settings.py", settings + 'INSTALLED_APPS += ["crm"]\n')
    project.write("crm/__init__.py", "")
    project.write("crm/models.py", MODELS)
    told = project.manage("check", "--database", "default").stderr
    assert "(sb_sync.W104) Tables of sb_sync are missing in database 'default': sb_sync_change" in told
    assert "Run manage.py migrate." in told
    for text in (MODELS, MODELS + A_LIST_OF_KEYS):
        project.write("crm/models.py", text)
        made = project.manage("makemigrations", "crm", "--name", f"m{len(text)}")
        assert made.returncode == 0, made.stderr
        # Neither tables to be made nor a list of keys to be captured is a reason to warn.
        migrated = project.manage("migrate")
        assert (migrated.returncode, migrated.stderr) == (0, "")
        assert project.manage("check", "--database", "default", "--fail-level", "WARNING").returncode == 0


@pytest.mark.django_db
def test_a_database_that_is_not_asked_about_is_not_looked_at() -> None:
    assert "sb_sync.W104" not in ask_database()
    assert "sb_sync.W104" not in run(tags=[Tags.database], databases=[])
