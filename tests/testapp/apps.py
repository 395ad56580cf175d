"""The project's app that the tests synchronise."""

from __future__ import annotations

from django.apps import AppConfig


class TestAppConfig(AppConfig):
    """Hold models of every shape that the package promises to serve."""

    name = "tests.testapp"
    label = "testapp"
    default_auto_field = "django.db.models.AutoField"
