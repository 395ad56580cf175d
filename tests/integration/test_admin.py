"""The admin pages of the package's tables, walked as a browser does."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any, Dict, List

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sb_sync import config
from sb_sync.models import (
    Change,
    ClientRecord,
    DataFilter,
    FeedIdentity,
    FieldList,
    MetricRollup,
    ModelPermission,
    Organization,
    PerformanceMetrics,
    StoredAnswer,
    SyncConfiguration,
    SyncConflict,
    SyncJob,
    SyncJobChunk,
    SyncLog,
    SyncMetadata,
    TokenFamily,
    UserSite,
    UserSyncMetadata,
)
from sb_sync.models.rollups import EVER, TOGETHER
from sb_sync.testing.factories import make_member, make_organization
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.testapp.models import Region

pytestmark = [pytest.mark.django_db, NOT_ON_MARIADB]

READ_ONLY = [
    "change", "checkpoint", "clientrecord", "fieldlist", "historicaldatafilter", "historicalmodelpermission",
    "historicalorganization", "historicalsyncconfiguration", "historicalusersite", "metricrollup",
    "performancemetrics", "storedanswer", "syncconflict", "syncjob", "syncjobchunk", "synclog", "syncmetadata",
    "tokenfamily", "usersyncmetadata",
]  # fmt: skip
ALL = sorted(["organization", "usersite", "modelpermission", "datafilter", "syncconfiguration", *READ_ONLY])
SECRET = "the-jti-that-nobody-may-see"


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def browser() -> Client:
    staff = get_user_model().objects.create_superuser("chief", "chief@example.com", "secret")
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def rows(acme: Organization) -> Dict[str, Any]:
    """One row of every table."""
    user = make_member(acme, username="anna")
    Region.objects.create(site_id=acme.pk, name="North")
    return {**make_rights(acme, user), **make_jobs(acme, user), **make_traces(acme, user)}


def make_rights(acme: Organization, user: Any) -> Dict[str, Any]:
    """Make what is decided by staff, each with its history."""
    configuration = SyncConfiguration.objects.create(section="SETTINGS", key="MAX_BATCH_SIZE", value=500)
    permission = ModelPermission.objects.create(
        site_id=acme.pk, group=Group.objects.get(name="Users"), model_name="testapp.Customer", can_pull=True
    )
    own = DataFilter.objects.create(
        site_id=acme.pk,
        group=Group.objects.get(name="Users"),
        model_name="testapp.Customer",
        filter_name="own",
        filter_condition={"field": "assigned_manager", "operator": "exact", "value": "$user.id"},
    )
    return {
        "historicaldatafilter": own.history.get(),
        "historicalmodelpermission": permission.history.get(),
        "historicalorganization": acme.history.get(),
        "historicalusersite": UserSite.objects.get(user=user).history.get(),
        "historicalsyncconfiguration": configuration.history.get(),
        "syncconfiguration": configuration,
        "organization": acme,
        "usersite": UserSite.objects.get(user=user),
        "modelpermission": permission,
        "datafilter": own,
    }


def make_jobs(acme: Organization, user: Any) -> Dict[str, Any]:
    """Make a push in the background."""
    job = SyncJob.objects.create(
        user=user, site_id=acme.pk, record_count=1, body=[SECRET], answer={"x": SECRET}, rules={SECRET: SECRET}
    )
    return {
        "syncjob": job,
        "syncjobchunk": SyncJobChunk.objects.create(
            job=job, number=0, record_count=1, records=[[0, SECRET]], results={"x": SECRET}
        ),
    }


def make_traces(acme: Organization, user: Any) -> Dict[str, Any]:
    """Make what requests leave behind."""
    tomorrow = timezone.now() + timedelta(days=1)
    names = {"user": user, "site_id": acme.pk, "model_name": "testapp.Customer"}
    return {
        "change": Change.objects.latest("id"),
        "clientrecord": ClientRecord.objects.create(client_id="phone-1", object_key="1", **names),
        "fieldlist": FieldList.objects.get(model_name="testapp.Customer"),
        "storedanswer": StoredAnswer.objects.create(user=user, site_id=acme.pk, path="/push/", answer={"x": SECRET}),
        "syncconflict": SyncConflict.objects.create(
            policy="reject", status="unsettled", client={"name": "Mine"}, server={"name": "Theirs"}, fields=[], **names
        ),
        "metricrollup": MetricRollup.objects.create(site_id=TOGETHER, hour=EVER, operation_type="pull", bucket=-4),
        "performancemetrics": PerformanceMetrics.objects.create(operation_type="pull", processing_time=0.5),
        "synclog": SyncLog.objects.create(operation="PUSH", status="SUCCESS", request_data={"data": []}, **names),
        "syncmetadata": SyncMetadata.objects.create(model_name="testapp.Customer"),
        "tokenfamily": TokenFamily.objects.create(user=user, refresh_jti=SECRET, expires_at=tomorrow),
        "usersyncmetadata": UserSyncMetadata.objects.create(**names),
    }


def address(table: str, page: str, *args: Any) -> str:
    return reverse(f"admin:sb_sync_{table}_{page}", args=args)


def test_every_table_but_the_feeds_identity_has_a_page() -> None:
    tables = set(apps.get_app_config("sb_sync").get_models())
    assert {model for model in tables if admin.site.is_registered(model)} == tables - {FeedIdentity}
    assert sorted(model._meta.model_name or "" for model in tables - {FeedIdentity}) == ALL


@pytest.mark.parametrize("table", ALL)
def test_every_list_opens_searches_and_hides_secrets(browser: Client, rows: Dict[str, Any], table: str) -> None:
    for query in ("", "?q=acme", "?q=1"):
        response = browser.get(address(table, "changelist") + query)
        assert response.status_code == 200
        assert SECRET not in response.content.decode()


@pytest.mark.parametrize("table", [table for table in ALL if table != "checkpoint"])
def test_every_row_opens_and_hides_secrets(browser: Client, rows: Dict[str, Any], table: str) -> None:
    response = browser.get(address(table, "change", rows[table].pk))
    assert response.status_code == 200
    assert SECRET not in response.content.decode()


@pytest.mark.parametrize("table", READ_ONLY)
def test_what_the_machine_writes_cannot_be_written_by_hand(browser: Client, rows: Dict[str, Any], table: str) -> None:
    assert browser.get(address(table, "add")).status_code == 403
    if table in rows:
        page = address(table, "change", rows[table].pk)
        assert browser.post(page, {"model_name": "x"}).status_code == 403


@pytest.mark.parametrize(
    "table", ["usersite", "modelpermission", "usersyncmetadata", "clientrecord", "synclog", "syncconflict"]
)
def test_lists_say_organization_and_never_site(browser: Client, rows: Dict[str, Any], table: str) -> None:
    page = browser.get(address(table, "changelist")).content.decode().lower()
    table_head = page[page.index('id="result_list"') :].split("</thead>")[0]
    words = re.findall(r">\s*([^<>]+?)\s*<", table_head)
    assert "organization" in words
    assert "site" not in words


def test_an_organization_is_made_with_its_slug_as_domain(browser: Client) -> None:
    response = browser.post(
        address("organization", "add"), {"name": "Globex", "slug": "globex", "description": "", "is_active": "on"}
    )
    assert response.status_code == 302
    assert Organization.objects.get(slug="globex").domain == "globex"


@pytest.mark.parametrize(
    ("name", "slug"), [("x" * 51, "long"), ("Other", "taken"), ("Other", "acme"), ("A", "no slug")]
)
def test_a_bad_name_or_slug_of_an_organization_is_told_in_the_form(
    browser: Client, acme: Organization, name: str, slug: str
) -> None:
    Site.objects.create(domain="taken", name="No organization")
    response = browser.post(address("organization", "add"), {"name": name, "slug": slug, "is_active": "on"})
    assert response.status_code == 200
    assert Organization.objects.count() == 1


def test_memberships_choose_among_organizations_only(browser: Client, acme: Organization) -> None:
    Site.objects.create(domain="plain", name="Plain site")
    page = browser.get(address("usersite", "add")).content.decode()
    assert "Acme Corporation (acme)" in page
    assert "Plain site" not in page
    assert "Site" not in page[page.index("usersite_form") :]


def permission(acme: Organization, group: str, **fields: Any) -> Dict[str, Any]:
    role, _ = Group.objects.get_or_create(name=group)
    own = {"site": acme.pk, "group": role.pk, "model_name": "testapp.Customer", "can_pull": "on"}
    # A browser sends an empty text area too.
    return {**own, "filters": "", **fields}


def test_a_right_is_granted_by_form(browser: Client, acme: Organization) -> None:
    response = browser.post(address("modelpermission", "add"), permission(acme, "Sales", can_push="on"))
    assert response.status_code == 302
    row = ModelPermission.objects.get()
    assert (row.model_name, row.can_push, row.can_pull) == ("testapp.Customer", True, True)


def test_a_right_on_a_model_that_is_not_synchronised_is_refused(browser: Client, acme: Organization) -> None:
    response = browser.post(address("modelpermission", "add"), permission(acme, "Sales", model_name="auth.User"))
    assert response.status_code == 200
    assert not ModelPermission.objects.exists()


def test_a_group_that_only_reads_cannot_be_let_push(browser: Client, acme: Organization) -> None:
    response = browser.post(address("modelpermission", "add"), permission(acme, "Analysts", can_push="on"))
    assert response.status_code == 200
    assert not ModelPermission.objects.exists()


def test_granting_a_shared_model_warns(browser: Client, acme: Organization) -> None:
    form = permission(acme, "Sales", model_name="testapp.Product")
    page = browser.post(address("modelpermission", "add"), form, follow=True).content.decode()
    assert "Rows of testapp.Product are the same for every organization" in page


def test_a_right_on_a_model_that_has_gone_can_still_be_seen(browser: Client, acme: Organization) -> None:
    role = Group.objects.create(name="Sales")
    row = ModelPermission.objects.create(site_id=acme.pk, group=role, model_name="old.Model", can_pull=True)
    assert "old.Model" in browser.get(address("modelpermission", "change", row.pk)).content.decode()


def test_staff_end_a_log_in(browser: Client, rows: Dict[str, Any]) -> None:
    family = rows["tokenfamily"]
    form: Dict[str, Any] = {"action": "end", "_selected_action": [str(family.pk)]}
    assert browser.post(address("tokenfamily", "changelist"), form).status_code == 302
    family.refresh_from_db()
    assert family.revoked_at is not None


def test_a_user_with_traces_can_be_deleted(browser: Client, rows: Dict[str, Any]) -> None:
    user = rows["usersite"].user
    page = reverse("admin:auth_user_delete", args=[user.pk])
    assert browser.post(page, {"post": "yes"}).status_code == 302
    assert not get_user_model().objects.filter(pk=user.pk).exists()
    assert SyncLog.objects.filter(user=None).exists()


def test_lists_take_no_query_for_each_row(
    browser: Client, rows: Dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    other = make_organization("globex")
    for number in range(5):
        make_member(other, username=f"user-{number}")
    with django_assert_max_num_queries(9):
        browser.get(address("usersite", "changelist"))


def test_no_stranger_sees_a_page(rows: Dict[str, Any]) -> None:
    client = Client()
    client.force_login(rows["usersite"].user)
    seen: List[int] = [client.get(address(table, "changelist")).status_code for table in ALL]
    assert set(seen) == {302}


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('{"field": "nothing", "operator": "exact", "value": 1}', "no field"),
        ('{"field": "name", "operator": "like", "value": "x"}', "no operator"),
        ("[" * 100_000, "valid JSON"),
        ('{"not": ' * 300 + "{}" + "}" * 300, "nest at most"),
        ("{", "valid JSON"),
        ("", "required"),
        ("{}", "required"),
    ],
)
def test_a_row_filter_that_fits_nothing_is_refused_in_its_form(
    browser: Client, rows: Dict[str, Any], condition: str, told: str
) -> None:
    row = rows["datafilter"]
    form = {"site": row.site_id, "group": row.group_id, "model_name": row.model_name, "filter_name": "own"}
    url = reverse("admin:sb_sync_datafilter_change", args=[row.pk])
    answer = browser.post(url, {**form, "filter_condition": condition})
    assert answer.status_code == 200
    assert told in answer.content.decode()
    row.refresh_from_db()
    assert row.filter_condition["field"] == "assigned_manager"
    good = {"field": "region__name", "operator": "exact", "value": "North"}
    assert browser.post(url, {**form, "filter_condition": json.dumps(good)}).status_code == 302
    row.refresh_from_db()
    assert row.filter_condition == good


def test_a_row_filter_of_rights_is_checked_in_its_form(browser: Client, rows: Dict[str, Any]) -> None:
    row = rows["modelpermission"]
    form = {"site": row.site_id, "group": row.group_id, "model_name": row.model_name, "can_pull": "on"}
    url = reverse("admin:sb_sync_modelpermission_change", args=[row.pk])
    bad = {"field": "orders__number", "operator": "exact", "value": "1"}
    answer = browser.post(url, {**form, "filters": json.dumps(bad)})
    assert "leads backwards" in answer.content.decode()
    good = {"field": "name", "operator": "startswith", "value": "A"}
    assert browser.post(url, {**form, "filters": json.dumps(good)}).status_code == 302
    row.refresh_from_db()
    assert row.filters == good
    assert browser.post(url, {**form, "filters": ""}).status_code == 302
    row.refresh_from_db()
    assert row.filters is None


def post_setting(browser: Client, *args: Any, page: str = "add", **fields: str) -> Any:
    data = {"section": "SETTINGS", "key": "MAX_BATCH_SIZE", "value": "500", "description": "", "reason": "", **fields}
    return browser.post(address("syncconfiguration", page, *args), data)


def test_a_setting_is_made_changed_and_taken_away_in_the_name_of_its_user(browser: Client) -> None:
    assert post_setting(browser, reason="for phones", description="small").status_code == 302
    row = SyncConfiguration.objects.get()
    assert (row.value, row.description, config.setting("MAX_BATCH_SIZE")) == (500, "small", 500)
    assert post_setting(browser, row.pk, page="change", value="600").status_code == 302
    assert config.setting("MAX_BATCH_SIZE") == 600
    assert browser.get(address("syncconfiguration", "history", row.pk)).status_code == 200
    assert browser.post(address("syncconfiguration", "delete", row.pk), {"post": "yes"}).status_code == 302
    assert config.setting("MAX_BATCH_SIZE") == 10_000
    told = [(past.history_type, str(past.history_user), past.history_change_reason) for past in row.history.all()]
    assert told == [
        ("-", "chief", f"POST {address('syncconfiguration', 'delete', row.pk)}"),
        ("~", "chief", f"POST {address('syncconfiguration', 'change', row.pk)}"),
        ("+", "chief", "for phones"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"value": '"many"'},
        {"value": "not json"},
        {"value": "[" * 5000},
        {"value": ""},
        {"key": "NOTHING"},
        {"section": "NOTHING"},
        {"section": "MODEL_DISCOVERY"},
        {"section": "MODEL_DISCOVERY", "key": "EXCLUDE_MODELS", "value": '["testapp.Nobody"]'},
    ],
)
def test_a_wrong_setting_is_told_in_the_form(browser: Client, fields: Dict[str, str]) -> None:
    response = post_setting(browser, **fields)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert not SyncConfiguration.objects.exists()


@pytest.mark.parametrize(
    ("key", "value"), [("INCLUDE_APPS", "[]"), ("EXCLUDE_PROXY_MODELS", "false"), ("MODEL_PREFIX", '""')]
)
def test_empty_values_are_values(browser: Client, key: str, value: str) -> None:
    assert post_setting(browser, section="MODEL_DISCOVERY", key=key, value=value).status_code == 302
    assert SyncConfiguration.objects.get().value == json.loads(value)
