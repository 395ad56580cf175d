"""Two organizations: Acme, whose staff look at the pages, and Globex, which is none of their business."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def acme(db: None) -> Any:
    from sb_sync.testing.factories import make_organization

    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def globex(db: None) -> Any:
    from sb_sync.testing.factories import make_organization

    return make_organization("globex", name="Globex")


@pytest.fixture
def sales(db: None) -> Any:
    from django.contrib.auth.models import Group

    return Group.objects.create(name="Sales")


@pytest.fixture
def olga(acme: Any) -> Any:
    """A member of staff of Acme."""
    from tests.staff import make_staff

    return make_staff(acme, username="olga")


@pytest.fixture
def client(olga: Any) -> Any:
    from tests.staff import make_client

    return make_client(olga)
