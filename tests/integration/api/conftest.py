"""An organization, a member, and a clean count of log-in attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator

import pytest

# Settings are chosen after this file is read: what needs them is imported where it is used.
if TYPE_CHECKING:
    from sb_sync.models import Organization
    from tests.integration.api.client import Api


@pytest.fixture(autouse=True)
def _fresh_throttle() -> Iterator[None]:
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def organization() -> Organization:
    from sb_sync.testing.factories import grant, make_organization

    made = make_organization("acme")
    grant(made, delete=True)
    return made


@pytest.fixture
def user(organization: Organization) -> Any:
    from sb_sync.testing.factories import make_member

    return make_member(organization, username="ann", password="pass", email="ann@example.com")


@pytest.fixture
def api(user: Any) -> Api:
    from tests.integration.api.client import Api

    client = Api()
    client.log_in("ann")
    return client
