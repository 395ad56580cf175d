"""Customers, what they ordered, and who called on them.

Plain models: of sb_sync they know the organization alone, and that in one place.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models


class Product(models.Model):
    """Something to sell; the catalogue is the same for every organization."""

    sku = models.CharField("article number", max_length=12, unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=20, default="piece")
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(Decimal(0))])
    is_active = models.BooleanField("on sale", default=True)

    def __str__(self) -> str:
        """Return the number and the name."""
        return f"{self.sku} {self.name}"


class Customer(models.Model):
    """A shop, a café or a kitchen that an organization sells to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey("sb_sync.Organization", on_delete=models.CASCADE)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="customers"
    )
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

    def __str__(self) -> str:
        """Return the name and the town."""
        return f"{self.name}, {self.town}"


class Order(models.Model):
    """What a customer ordered on one day."""

    class Status(models.TextChoices):
        """How far it has come."""

        OPEN = "open"
        SHIPPED = "shipped"
        PAID = "paid"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    number = models.CharField(max_length=20)
    placed_on = models.DateField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    remark = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "number"], name="one_number_per_customer")]

    def __str__(self) -> str:
        """Return the number."""
        return self.number


class OrderLine(models.Model):
    """One product of an order, at the price of that day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    price = models.DecimalField(max_digits=8, decimal_places=2)

    def __str__(self) -> str:
        """Return how much of what."""
        return f"{self.quantity} x {self.product_id}"


class Visit(models.Model):
    """A call at a customer's, with what was shown and the visit that it follows up."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="visits")
    visitor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="follow_ups")
    products = models.ManyToManyField(Product, blank=True, related_name="+")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=30)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        """Return when it was."""
        return str(self.starts_at)
