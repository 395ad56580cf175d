"""System checks: each says what is wrong with a project, and how to mend it. Wiring only.

project: settings, apps, addresses · values: settings that do not fit · models: what is synchronised · stored: what the
database holds · conditions: when a check can run. The feed has its own, from 101 on, access from 201 on, and the wire
from 301 on.

None asks a database but those of the tag `database`, which Django runs for the databases it is told.
"""

from __future__ import annotations

from django.core.checks import Tags, register

from sb_sync.access.checks import check_dependencies, check_querysets, check_stored_filters
from sb_sync.checks.conditions import with_good_settings, with_stored_settings
from sb_sync.checks.models import check_left_out, check_models, check_policies, check_unique_keys
from sb_sync.checks.project import (
    check_addresses,
    check_apps,
    check_cache,
    check_log_folder,
    check_secret_key,
    check_settings,
    check_site,
)
from sb_sync.checks.stored import check_grants, check_jobs, check_tables
from sb_sync.checks.values import check_project_values, check_stored_values
from sb_sync.feed.checks import check_captures, check_databases
from sb_sync.wire.checks import check_declared_fields

__all__ = ["register_checks"]

TAG = "sb_sync"
# Made once: Django knows a check that is registered again by its function.
CHECK_DATABASES = with_good_settings(check_databases)
CHECK_CAPTURES = with_stored_settings(check_captures)
CHECK_DEPENDENCIES = with_good_settings(check_dependencies)
CHECK_DECLARED_FIELDS = with_good_settings(check_declared_fields)
CHECK_QUERYSETS = with_stored_settings(check_querysets)
CHECK_STORED_FILTERS = with_stored_settings(check_stored_filters)


def register_checks() -> None:
    """Register every check of the package; again is the same as once."""
    for check in (
        check_settings,
        check_secret_key,
        check_apps,
        check_site,
        check_log_folder,
        check_addresses,
        check_project_values,
        check_models,
        check_policies,
        check_unique_keys,
        check_left_out,
        CHECK_DATABASES,
        CHECK_DEPENDENCIES,
        CHECK_DECLARED_FIELDS,
    ):
        register(check, TAG)
    for check in (
        check_grants,
        check_jobs,
        check_tables,
        check_stored_values,
        CHECK_CAPTURES,
        CHECK_QUERYSETS,
        CHECK_STORED_FILTERS,
    ):
        register(check, Tags.database)
    register(check_cache, TAG, deploy=True)
