"""Models of every kind that discovery tells apart."""

from __future__ import annotations

from typing import Any

import django
from django.db import models

from sb_sync.models import Organization
from tests.testapp.models import Customer


class Audited(models.Model):
    """Abstract: others are made of it."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    internal_note = models.TextField(blank=True)

    class Meta:
        abstract = True


class Invoice(Audited):
    """Made of an abstract model."""


class ImportLog(Audited):
    """Named as machinery is."""


class Adults(models.Manager):  # type: ignore[type-arg]  # not generic at run time
    """Leaves rows out."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(age__gte=18)


class AdultCustomer(Customer):
    """A proxy with a manager of its own."""

    objects = Adults()

    class Meta:
        proxy = True


class Draft(models.Model):
    """Its default manager leaves rows out."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    age = models.IntegerField(default=0)
    objects = Adults()


class Statement(models.Model):
    """Not managed by Django: perhaps a view."""

    organization = models.ForeignKey(Organization, on_delete=models.DO_NOTHING, related_name="+")

    class Meta:
        managed = False


class StatementLine(models.Model):
    """Its organization is found through a table that is perhaps none."""

    statement = models.ForeignKey(Statement, on_delete=models.DO_NOTHING, related_name="+")


class Reading(models.Model):
    """Its key is a number that no two machines write alike."""

    at = models.FloatField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")


if django.VERSION >= (5, 2):

    class Pair(models.Model):
        """Its key spans two columns."""

        pk = models.CompositePrimaryKey("left", "right")
        organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
        left = models.IntegerField()
        right = models.IntegerField()
