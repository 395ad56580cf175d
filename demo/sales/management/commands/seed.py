"""Fill the empty database of the demo."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from demo.sales.models import Customer
from demo.sales.seeding import make_access, make_rows


class Command(BaseCommand):
    """Write two organizations, their users and some thousand rows, the same at every run."""

    help = "Fill the empty database of the demo: two organizations, their users, and some thousand rows."

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill the database, or leave it as it was."""
        if Customer.objects.exists():
            raise CommandError("There are customers already: seed an empty database (delete its file and migrate).")
        started = time.monotonic()
        with transaction.atomic():
            organizations, members = make_access()
            counts = make_rows(organizations, members)
        for name, count in counts.items():
            self.stdout.write(f"{name:<12}{count:>7,}")
        self.stdout.write(f"written in {time.monotonic() - started:.1f} s")
