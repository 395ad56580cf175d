"""Every staff page, walked by those who may not see it: the anonymous, other users, staff of another organization.

A new address fails here until it is put among the pages.
"""

from __future__ import annotations

from typing import Any, Dict

import pytest
from django.test import Client

from sb_sync.dashboard import urls
from sb_sync.dashboard.permissions import CANCEL_JOBS, CONFLICTS, JOBS, SETTLE
from sb_sync.models import (
    DataFilter,
    ModelPermission,
    Organization,
    PerformanceMetrics,
    SyncConflict,
    SyncJob,
    SyncLog,
)
from tests.acceptance.isolation.test_addresses import content, find_names
from tests.acceptance.world import World
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.staff import ALL, CONFIG, make_client, make_staff

pytestmark = NOT_ON_MARIADB

#: Stands in every row that is made for this.
SECRET = "of-the-north-alone"
JSON = {"HTTP_ACCEPT": "application/json"}
#: By the name of the address; a key in it is that of a row of North's, made by `make_rows`.
PAGES: Dict[str, str] = {
    "config_audit_trails": "audit-trails/",
    "config_audit_trails_export": "audit-trails/export/",
    "config_audit_trails_new": "audit-trails/new/?than=2026-01-01T00:00:00%2B00:00|sb_sync.DataFilter|1",
    "config_conflict": "conflicts/{conflict}/",
    "config_conflicts": "conflicts/",
    "config_conflicts_export": "conflicts/export/",
    "config_conflicts_settle": "conflicts/settle/?key={conflict}&choice=client",
    "config_dashboard": "",
    "config_job": "jobs/{job}/",
    "config_job_cancel": "jobs/{job}/cancel/",
    "config_jobs": "jobs/",
    "config_jobs_export": "jobs/export/",
    "config_logs": "logs/",
    "config_logs_entry": "logs/{entry}/",
    "config_logs_export": "logs/export/",
    "config_logs_new": "logs/new/?than=2026-01-01T00:00:00Z~1",
    "config_metrics": "metrics/",
    "config_metrics_csv": "metrics/operations.csv",
    "config_model_discovery": "model-discovery/",
    "config_organizations": "organizations/",
    "config_permissions": "permissions/",
    "config_permissions_copy": "permissions/copy/",
    "config_permissions_filters": "permissions/filters/?model=testapp.Customer&group={group}",
    "config_permissions_model": "permissions/model/?model=testapp.Customer",
    "config_permissions_news": "permissions/news/?since=0",
    "config_permissions_why": "permissions/why/",
}
#: What scripts send to; what becomes of foreign keys in it, the tests of each section say.
WRITING: Dict[str, str] = {
    "config_model_discovery_preview": "model-discovery/preview/",
    "config_permissions_filter_count": "permissions/filters/count/",
    "config_permissions_rights": "permissions/rights/",
}
#: For everybody, and nowhere at all.
OTHERS = {"config_log_out", "config_missing"}
#: The names of pages about a row, which is not there for strangers.
ROWS = {"config_conflict", "config_job", "config_job_cancel", "config_logs_entry"}
#: All that staff may have.
EVERYTHING = (*ALL, CONFLICTS, SETTLE, JOBS, CANCEL_JOBS, "testapp.view_customer")


def make_rows(north: Organization) -> Dict[str, Any]:
    """Make rows of North's that pages show; return their keys by name."""
    right = ModelPermission.objects.filter(site=north.pk, model_name="testapp.Customer").get()
    condition = {"field": "name", "operator": "exact", "value": SECRET}
    ModelPermission.objects.filter(pk=right.pk).update(filters=condition)
    DataFilter.objects.create(
        site_id=north.pk,
        group=right.group,
        model_name="testapp.Customer",
        filter_name=SECRET,
        filter_condition=condition,
    )
    PerformanceMetrics.objects.create(
        operation_type="pull", site_id=north.pk, model_name=SECRET, batch_size=1, processing_time=1.0
    )
    entry = SyncLog.objects.create(
        site_id=north.pk,
        operation="PULL",
        status="ERROR",
        model_name=SECRET,
        error_message=SECRET,
        request_data={"models": [SECRET]},
    )
    user = north.site.sync_memberships.first().user
    conflict = SyncConflict.objects.create(
        user=user, site_id=north.pk, model_name="testapp.Customer", object_key=SECRET, policy="reject",
        status="unsettled", client={"name": SECRET}, server={"name": SECRET}, request_id=SECRET,
    )  # fmt: skip
    job = SyncJob.objects.create(user=user, site_id=north.pk, record_count=1, request_id=SECRET)
    return {"entry": entry.pk, "group": right.group_id, "conflict": conflict.pk, "job": job.pk}


def test_every_page_is_walked() -> None:
    assert set(find_names(urls.urlpatterns)) == {*PAGES, *WRITING, *OTHERS}


@pytest.mark.parametrize(
    "name",
    [
        "config_audit_trails", "config_audit_trails_export", "config_conflict", "config_conflicts",
        "config_conflicts_export", "config_conflicts_settle", "config_job", "config_jobs_export", "config_logs",
        "config_logs_entry", "config_logs_export", "config_metrics", "config_permissions_filters",
    ],
)  # fmt: skip
def test_staff_of_the_organization_find_what_others_are_not_told(world: World, name: str) -> None:
    address = CONFIG + PAGES[name].format(**make_rows(world.north))
    client = make_client(make_staff(world.north, username="local", permissions=EVERYTHING))
    assert SECRET in content(client.get(_with(address, "organization=north")))


@pytest.mark.parametrize("name", [*PAGES, *WRITING])
class TestStrangers:
    def test_who_is_not_staff_with_the_permission_is_told_nothing(self, world: World, name: str) -> None:
        address = CONFIG + {**PAGES, **WRITING}[name].format(**make_rows(world.north))
        no_staff = make_client(world.north_user)
        no_permission = make_client(make_staff(world.north, username="guest", permissions=()))
        for method in ("get", "post"):
            for client, statuses in ((Client(), {302, 401}), (no_staff, {403}), (no_permission, {403})):
                for headers in ({}, JSON):
                    answer = getattr(client, method)(address, **headers)
                    assert answer.status_code in statuses
                    assert world.north.name not in content(answer)

    def test_staff_of_another_organization_are_told_nothing_of_this_one(self, world: World, name: str) -> None:
        address = CONFIG + {**PAGES, **WRITING}[name].format(**make_rows(world.north))
        client = make_client(make_staff(world.south, username="visitor", permissions=EVERYTHING))
        expected = 404 if name in ROWS else 405 if name in WRITING else 200
        for query in ("", "organization=south"):
            answer = client.get(_with(address, query))
            assert answer.status_code == expected
            told = content(answer)
            assert [secret for secret in (world.north.name, "north-user", SECRET) if secret in told] == []
        for slug in ("north", "nowhere"):
            assert client.get(_with(address, f"organization={slug}")).status_code == 404


def _with(address: str, query: str) -> str:
    return address + ("&" if "?" in address else "?") + query
