"""Make the tables, and an organization with one user who may do everything."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Tuple

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from rest_framework.authtoken.models import Token

from benchmarks.project.plain.models import PlainCustomer
from demo.sales.models import Customer
from sb_sync.models import Organization, UserOrganization

__all__ = ["USERNAME", "make_organizations", "prepare"]

USERNAME = "measured"
PASSWORD = "measured-by-benchmarks"
ORGANIZATION = "measured"


def prepare() -> Dict[str, Any]:
    """Make everything in an empty database and return what clients need to know."""
    differing = set(_columns(Customer)) ^ set(_columns(PlainCustomer))
    if differing:
        raise RuntimeError(f"the plain customer is not the demo's: {sorted(differing)}")
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(PlainCustomer)
    call_command("setup_organizations", "--action", "create_groups", verbosity=0)
    users: Any = get_user_model().objects
    user = users.create_user(USERNAME, f"{USERNAME}@example.com", PASSWORD)
    _make_organization(ORGANIZATION)
    call_command(
        "setup_organizations", "--action", "add_user", "--username", USERNAME,
        "--org-slug", ORGANIZATION, "--group-name", "Administrators", verbosity=0,
    )  # fmt: skip
    membership = UserOrganization.objects.get(user=user)
    return {
        "organization": membership.site_id,
        "user": user.pk,
        "username": USERNAME,
        "password": PASSWORD,
        "drf_token": Token.objects.create(user=user).key,
    }


def _columns(model: Any) -> Iterator[Tuple[Any, ...]]:
    """Yield what a table has of each column."""
    for field in model._meta.local_fields:
        yield (field.column, field.db_type(connection), field.null, field.db_index, field.unique, field.related_model)


def make_organizations(count: int) -> None:
    """Make further organizations, with all groups and permissions of their own."""
    for number in range(count):
        _make_organization(f"other-{number:04d}")


def _make_organization(slug: str) -> Organization:
    call_command(
        "setup_organizations", "--action", "create_org", "--org-name", slug.title(), "--org-slug", slug,
        "--permission-template", "full_access", verbosity=0,
    )  # fmt: skip
    return Organization.objects.get(slug=slug)
