"""The models after all migrations."""

from __future__ import annotations

from django.db import models

from sb_sync.models import Organization


class Depot(models.Model):
    """Its key, the column of its organization and its table had other names once."""

    code = models.CharField(max_length=40, primary_key=True)
    owner = models.ForeignKey(Organization, on_delete=models.CASCADE)
    title = models.TextField()
    floors = models.IntegerField(default=1)

    class Meta:
        app_label = "depots"
        db_table = "depots_warehouse"


class Box(models.Model):
    """Was called a crate; finds its organization through the depot."""

    store = models.ForeignKey(Depot, on_delete=models.CASCADE)
    label = models.CharField(max_length=40)
    friends = models.ManyToManyField("self", blank=True)

    class Meta:
        app_label = "depots"
