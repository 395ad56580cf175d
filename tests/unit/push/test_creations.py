"""Which models get their new rows without an instance."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from django.db import models
from django.db.models.functions import Now
from django.test.utils import isolate_apps

from sb_sync.push.creations import find_defaults


class QuerySetOfTheProject(models.QuerySet):
    """Does something when rows are made together."""

    def bulk_create(self, *arguments: Any, **options: Any) -> Any:
        return super().bulk_create(*arguments, **options)


class FieldOfTheProject(models.CharField):
    """Writes its values in a way of its own."""


class Watched:
    """Sees what is assigned."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__["name"] = value


def make(**members: Any) -> Any:
    meta = type("Meta", (), {"app_label": "testapp", **members.pop("meta", {})})
    return type("Thing", (models.Model,), {"__module__": __name__, "Meta": meta, **members})


@isolate_apps("tests.testapp")
def test_a_plain_model_gets_its_defaults_row_by_row() -> None:
    numbers = iter(range(9))
    thing = make(
        name=models.CharField(max_length=9), kind=models.CharField(max_length=9, default="x"),
        number=models.IntegerField(default=lambda: next(numbers)), note=models.TextField(null=True),
    )  # fmt: skip
    defaults = find_defaults(thing)
    assert defaults is not None
    assert defaults.complete({"note": "n"}) == {"id": None, "name": "", "kind": "x", "number": 0, "note": "n"}
    assert defaults.complete({"number": 7}) == {"id": None, "name": "", "kind": "x", "number": 7, "note": None}
    assert defaults.complete({}) == {"id": None, "name": "", "kind": "x", "number": 1, "note": None}


@isolate_apps("tests.testapp")
@pytest.mark.parametrize(
    "members",
    [
        {"__init__": lambda self, *a, **k: models.Model.__init__(self, *a, **k)},
        {"__setattr__": lambda self, name, value: object.__setattr__(self, name, value)},
        {"managed": QuerySetOfTheProject.as_manager(), "meta": {"base_manager_name": "managed"}},
        {"name": FieldOfTheProject(max_length=5)},
        {"name": models.DateTimeField(default=Now())},
        {"name": Watched()},
    ],
)
def test_a_model_whose_instances_do_more_keeps_them(members: Dict[str, Any]) -> None:
    thing = make(**{"name": models.CharField(max_length=9), **members})
    if isinstance(members.get("name"), Watched):
        models.CharField(max_length=9).contribute_to_class(thing, "name")
        thing.name = members["name"]
    assert find_defaults(thing) is None


@isolate_apps("tests.testapp")
def test_a_default_that_the_database_computes_is_left_to_django() -> None:
    defaults = find_defaults(make(moment=models.DateTimeField(default=lambda: Now())))
    assert defaults is not None
    assert defaults.complete({}) is None
    assert defaults.complete({"moment": None}) == {"id": None, "moment": None}
