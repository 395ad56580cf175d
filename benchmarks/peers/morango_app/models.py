"""The demo's customer as a model of Morango's."""

from __future__ import annotations

from django.db import models
from morango.models import SyncableModel

__all__ = ["Customer"]


class Customer(SyncableModel):
    """A customer."""

    morango_model_name = "customer"
    morango_profile = "measured"

    name = models.CharField(max_length=80)
    contact = models.CharField(max_length=80, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=30, blank=True)
    street = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=10, blank=True)
    town = models.CharField(max_length=60)
    credit_limit = models.CharField(max_length=20)
    customer_since = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def calculate_source_id(self, *_arguments: object) -> None:
        """Let Morango choose a key by chance."""
        return

    def calculate_partition(self, *_arguments: object) -> str:
        """Return the one partition that there is."""
        return "measured"
