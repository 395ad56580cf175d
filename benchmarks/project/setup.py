"""Make the tables, and an organization with one user who may do everything."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

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
    call_command("migrate", verbosity=0)
    _make_plain_table()
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


def _make_plain_table() -> None:
    """Make the table without capture, and see that it is the other one in all else."""
    options = PlainCustomer._meta
    # Django gives the tables of models that it does not manage no indexes.
    options.managed = True
    try:
        with connection.schema_editor() as editor:
            editor.create_model(PlainCustomer)
    finally:
        options.managed = False
    tables = [_describe_table(model) for model in (Customer, PlainCustomer)]
    if tables[0] != tables[1]:
        raise RuntimeError("the plain table is not the demo's: {} and {}".format(*tables))


def _describe_table(model: Any) -> Tuple[List[Any], List[Any]]:
    """Return columns, and constraints with indexes, without the names that the database gives."""
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
        constraints = connection.introspection.get_constraints(cursor, model._meta.db_table)
    kinds = ("columns", "primary_key", "unique", "foreign_key", "index")
    return [column[:7] for column in columns], sorted(
        repr([each[kind] for kind in kinds]) for each in constraints.values()
    )


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
