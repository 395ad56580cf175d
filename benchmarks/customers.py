"""Customers as the demo has them, some 420 bytes on the wire: the same for every side, the same at every run."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Dict, List, Sequence

__all__ = ["COLUMNS", "LABEL", "Customer", "change_customers", "copy_text", "make_customers"]

LABEL = "sales.Customer"
#: Columns of the table, in the order of `copy_text`.
COLUMNS = (
    "id", "organization_id", "manager_id", "name", "contact", "email", "phone", "street", "postcode", "town",
    "credit_limit", "customer_since", "note", "updated_at",
)  # fmt: skip
FIRST = ("Ada", "Bridget", "Chen", "Elena", "Farah", "Grace", "Ivan", "Karim", "Maria", "Noah", "Priya", "Sofia")
LAST = ("Adams", "Barnes", "Costa", "Evans", "Fischer", "Green", "Hughes", "Kowalski", "Moreau", "Okafor", "Patel")
TOWNS = ("Bath", "Brighton", "Cambridge", "Cardiff", "Exeter", "Leeds", "Norwich", "Oxford", "Winchester", "York")
STREETS = ("Abbey Street", "Castle Lane", "Church Road", "High Street", "Market Place", "Mill Lane", "Victoria Road")
HOUSES = ("Bakery", "Bistro", "Café", "Canteen", "Coffee House", "Deli", "Farm Shop", "Grocers", "Hotel", "Kitchen")
NOTES = ("Deliver before ten", "Ring the bell at the back", "Replaces a damaged parcel", "No pallets", "")
FIRST_DAY = date(2015, 1, 1)
UPDATED_AT = "2026-06-30 12:00:00+00:00"


@dataclass(frozen=True)
class Customer:
    """One row: the values of its columns, without those that the server sets."""

    id: str
    values: Dict[str, Any]

    def as_record(self, label: str = LABEL) -> Dict[str, Any]:
        """Return the record that a client pushes."""
        return {"_model": label, "id": self.id, **self.values}


def make_customers(count: int, *, seed: int, manager: int) -> List[Customer]:
    """Return customers that no other seed makes."""
    dice = random.Random(seed)
    return [_make_customer(dice, manager) for _ in range(count)]


def _make_customer(dice: random.Random, manager: int) -> Customer:
    first, last, town = dice.choice(FIRST), dice.choice(LAST), dice.choice(TOWNS)
    values = {
        "manager_id": manager,
        "name": f"{dice.choice(LAST)} & {last} {dice.choice(HOUSES)}",
        "contact": f"{first} {last}",
        "email": f"{first}.{last}.{dice.randrange(10_000)}@example.com".lower(),
        "phone": f"01632 960{dice.randrange(1000):03d}",
        "street": f"{dice.randrange(1, 180)} {dice.choice(STREETS)}",
        "postcode": f"{town[:2].upper()}{dice.randrange(1, 20)} {dice.randrange(1, 10)}AB",
        "town": town,
        "credit_limit": f"{dice.randrange(0, 40) * 250}.00",
        "customer_since": (FIRST_DAY + timedelta(days=dice.randrange(4000))).isoformat(),
        "note": dice.choice(NOTES),
    }
    return Customer(str(uuid.UUID(int=dice.getrandbits(128), version=4)), values)


def change_customers(customers: Sequence[Customer], *, seed: int) -> List[Customer]:
    """Return the same customers with three values that differ from those of any other seed."""
    dice = random.Random(seed)
    return [
        Customer(
            customer.id,
            dict(
                customer.values,
                note=f"Round {seed}: {dice.choice(NOTES)}",
                phone=f"01632 {seed % 1000:03d}{dice.randrange(1000):03d}",
                credit_limit=f"{dice.randrange(1, 40) * 250}.{seed % 100:02d}",
            ),
        )
        for customer in customers
    ]


def copy_text(customers: Sequence[Customer], organization: int) -> bytes:
    """Return the rows as COPY reads them."""
    lines = []
    for customer in customers:
        row = {"id": customer.id, "organization_id": organization, "updated_at": UPDATED_AT, **customer.values}
        lines.append("\t".join(str(row[name]) for name in COLUMNS))
    return "\n".join([*lines, ""]).encode()
