"""Models that differ in their names alone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from benchmarks.project.many.names import name_of

__all__ = ["MODELS"]


def _make_model(number: int) -> Any:
    attributes = {
        "__doc__": "One of many.",
        "__module__": __name__,
        "organization": models.ForeignKey("sb_sync.Organization", on_delete=models.CASCADE, related_name="+"),
        "name": models.CharField(max_length=80),
        "amount": models.IntegerField(default=0),
    }
    return type(name_of(number), (models.Model,), attributes)


MODELS = [_make_model(number) for number in range(settings.MODELS)]
