"""The demo's customer once more: the same columns, keys and indexes.

Not managed, so that sb_sync leaves it alone; `benchmarks.project.setup` makes its table, and sees that it is the same.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models

__all__ = ["PlainCustomer"]


class PlainCustomer(models.Model):
    """A customer that nothing captures."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    contact = models.CharField(max_length=80, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=30, blank=True)
    street = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=10, blank=True)
    town = models.CharField(max_length=60)
    credit_limit = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    customer_since = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Last, as the demo's migration puts them.
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    organization = models.ForeignKey("sb_sync.Organization", on_delete=models.CASCADE, related_name="+")

    class Meta:
        """Left alone by migrations and by sb_sync."""

        managed = False
        db_table = "plain_customer"

    def __str__(self) -> str:
        """Return the name and the town."""
        return f"{self.name}, {self.town}"
