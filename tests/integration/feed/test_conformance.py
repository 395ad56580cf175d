"""The backend of the database under test keeps all that a feed promises."""

from __future__ import annotations

from typing import Any, Dict

from django.test import TransactionTestCase

from sb_sync.testing.conformance import FeedConformance
from tests.testapp.models import Customer, Order, Product


class TestKeysOfUUIDs(FeedConformance, TransactionTestCase):
    owner = Customer
    child = Order
    child_text = "number"
    child_parent = "customer_id"
    shared = Product

    def shared_values(self, number: int) -> Dict[str, Any]:
        return {"sku": f"S{number}"}
