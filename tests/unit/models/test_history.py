"""Tables with a history."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.utils.module_loading import import_string


@pytest.mark.parametrize("model", list(apps.get_app_config("sb_sync").get_models()), ids=lambda model: model.__name__)
def test_every_table_is_found_where_it_says_it_stands(model: Any) -> None:
    """The shell of Django 5.2 and later imports all, and complains of those that it does not find."""
    assert import_string(f"{model.__module__}.{model.__name__}") is model
