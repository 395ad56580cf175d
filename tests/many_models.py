"""Models by the hundred, as a large project has them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator, List

from django.apps import apps
from django.contrib.sites.models import Site
from django.db import models

from sb_sync import catalog
from tests.testapp.models import Region

__all__ = ["many_models"]

APP = "testapp"


@contextmanager
def many_models(count: int) -> Iterator[List[str]]:
    """Have so many models more, all with the table of regions, and give their labels."""
    made = [_make_model(f"Large{number:03}") for number in range(count)]
    try:
        _look_again()
        yield [model._meta.label for model in made]
    finally:
        for model in made:
            del apps.all_models[APP][model._meta.model_name]
        _look_again()


def _make_model(name: str) -> type:
    options = type("Meta", (), {"app_label": APP, "db_table": Region._meta.db_table})
    body = {
        "__module__": Region.__module__,
        "Meta": options,
        "site": models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+"),
        "name": models.CharField(max_length=40),
    }
    return type(name, (models.Model,), body)


def _look_again() -> None:
    apps.clear_cache()
    catalog.reload()
    catalog.refresh(tables_changed=True)
