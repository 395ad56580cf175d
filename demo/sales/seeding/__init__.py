"""Believable data, the same at every run.

words: what names are made of · access: organizations, users and rights, by the package's own commands ·
rows: products, customers, orders and visits, in bulk.
"""

from __future__ import annotations

from demo.sales.seeding.access import USERS, Person, make_access
from demo.sales.seeding.rows import make_rows

__all__ = ["USERS", "Person", "make_access", "make_rows"]
