"""What a change of discovery does to triggers, to clients, and to a table that cannot be read."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from django.db import connection

from sb_sync import catalog, feed
from sb_sync.config import SyncConfig
from sb_sync.feed.checks import check_captures
from sb_sync.models import Change, SyncConfiguration
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import Api
from tests.testapp.models import Chapter, Customer, Gauge, Region
from tests.variety.installed import variety

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = Region._meta.db_table


@pytest.fixture
def acme() -> Any:
    return make_organization("acme")


@pytest.fixture
def api(acme: Any) -> Api:
    grant(acme, delete=True)
    make_member(acme, username="ann", password="pass")
    client = Api()
    client.log_in("ann")
    return client


def captured() -> List[str]:
    states = feed.find_states("default")
    return [found.table for found in states if found.state is feed.State.INSTALLED and not found.surplus]


def pull(api: Api, models: Any) -> Dict[str, Any]:
    answer = api.post("pull/", {"models": models})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_triggers_come_and_go_with_their_models(api: Api, acme: Any) -> None:
    Region.objects.create(site_id=acme.pk, name="North")
    assert TABLE in captured()
    label = "testapp.Region"
    cursor = pull(api, [label])["metadata"][label]["cursor"]
    # Customers refer to regions, and are no reason to capture them.
    SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_MODELS", [label])
    assert TABLE not in [found.table for found in feed.find_states("default")]
    Region.objects.create(site_id=acme.pk, name="South")
    answer = api.post("pull/", {"models": {label: cursor}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "not_enabled")
    SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_MODELS", [])
    assert TABLE in captured()
    again = pull(api, {label: cursor})
    assert again["metadata"][label]["reset"] is True
    assert {record["name"] for record in again["data"]} == {"North", "South"}


def test_other_settings_leave_the_triggers_alone(api: Api) -> None:
    before = Change.objects.count()
    SyncConfig.set_config("SETTINGS", "MAX_BATCH_SIZE", 5)
    SyncConfig.set_config("MODEL_DISCOVERY", "MODEL_PREFIX", "My")
    assert Change.objects.count() == before
    assert TABLE in captured()


def test_models_named_for_filters_are_captured_at_once(api: Api) -> None:
    SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_MODELS", ["testapp.Region"])
    assert TABLE not in captured()
    SyncConfig.set_config("SETTINGS", "CAPTURE", ["testapp.Region"])
    assert TABLE in captured()


def test_a_table_that_cannot_be_read_is_unavailable_until_it_can(
    api: Api, acme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = "testapp.Gauge"
    gauge = Gauge.objects.create(organization=acme, name="one")
    cursor = pull(api, [label])["metadata"][label]["cursor"]
    table = Gauge._meta.db_table
    monkeypatch.setattr(catalog, "PATIENCE_SECONDS", 0.0)
    with connection.schema_editor() as editor:
        editor.alter_db_table(Gauge, table, table + "_away")
    try:
        catalog.refresh(tables_changed=True)
        found = api.post("pull/", {"models": {label: cursor, "testapp.Region": None}}).json()
        assert [(told["_model"], told["code"]) for told in found["errors"]] == [(label, "unavailable")]
        reason = next(told.reason for told in catalog.decisions() if told.model is Gauge)
        assert reason == "its table is missing; SAFE_DISCOVERY_MODE"
        pushed = api.post("push/", {"data": [{"_model": label, "id": str(gauge.pk), "name": "two"}]}).json()
        assert pushed["results"][0]["code"] == "not_enabled"
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Gauge, table + "_away", table)
    again = pull(api, {label: cursor})
    assert "errors" not in again


def test_a_proxy_is_pulled_and_pushed_through_its_own_manager(api: Api, acme: Any) -> None:
    child = Customer.objects.create(organization=acme, name="C", age=9)
    adult = Customer.objects.create(organization=acme, name="A", age=30)
    with variety():
        SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_PROXY_MODELS", False)
        label = "variety.AdultCustomer"
        grant(acme, models=[label])
        first = pull(api, [label])
        assert [record["id"] for record in first["data"]] == [str(adult.pk)]
        pushed = api.post(
            "push/",
            {
                "data": [
                    {"_model": label, "id": str(adult.pk), "name": "Anna"},
                    {"_model": label, "id": str(child.pk), "name": "Carl"},
                ]
            },
        ).json()
        assert [found["status"] for found in pushed["results"]] == ["updated", "error"]
        both = [{"_model": name, "id": str(adult.pk), "name": name} for name in ("testapp.Customer", label) * 2]
        pushed = api.post("push/", {"data": both}).json()
        assert [found["status"] for found in pushed["results"]] == ["updated"] * 4
        adult.refresh_from_db()
        assert adult.name == label
        Customer.objects.filter(pk=child.pk).update(age=18)
        Customer.objects.filter(pk=adult.pk).update(age=17)
        second = pull(api, {label: first["metadata"][label]["cursor"]})
        told = {record["id"]: record.get("_reason", record.get("name")) for record in second["data"]}
        assert told == {str(child.pk): "C", str(adult.pk): "out_of_scope"}
        SyncConfiguration.objects.all().delete()
        catalog.refresh()


def test_the_history_of_a_model_is_pulled_where_it_is_let_in(api: Api, acme: Any) -> None:
    label = "testapp.HistoricalChapter"
    assert api.post("pull/", {"models": [label]}).json()["errors"][0]["code"] == "not_enabled"
    SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_HISTORICAL_MODELS", False)
    grant(acme, models=[label], push=False)
    chapter = Chapter.objects.create(organization=acme, title="one")
    first = pull(api, [label])
    assert [(record["title"], record["history_type"]) for record in first["data"]] == [("one", "+")]
    chapter.title = "two"
    chapter.save()
    second = pull(api, {label: first["metadata"][label]["cursor"]})
    assert [(record["title"], record["history_type"]) for record in second["data"]] == [("two", "~")]
    assert {record["row_id"] for record in (*first["data"], *second["data"])} == {chapter.pk}


def test_a_managed_model_whose_table_is_a_view_is_out_for_good(api: Api, acme: Any) -> None:
    label = "variety.Draft"
    quote = connection.ops.quote_name
    view, table = quote("variety_draft"), quote(Region._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE VIEW {view} AS SELECT id, site_id AS organization_id, 0 AS age FROM {table}")
    try:
        with variety():
            grant(acme, models=[label])
            catalog.refresh(tables_changed=True)
            (decision,) = [found for found in catalog.decisions() if found.model._meta.label == label]
            assert decision.reason == "its table is a view, and has no triggers; SAFE_DISCOVERY_MODE"
            assert api.post("pull/", {"models": [label]}).json()["errors"][0]["code"] == "not_enabled"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP VIEW {view}")
        catalog.refresh(tables_changed=True)


def test_a_view_is_unavailable_even_where_unsafe_models_are_let_in(api: Api, acme: Any) -> None:
    label = "variety.Statement"
    quote = connection.ops.quote_name
    view, table = quote("variety_statement"), quote(Region._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE VIEW {view} AS SELECT id, site_id AS organization_id FROM {table}")
    try:
        with variety():
            grant(acme, models=[label])
            assert api.post("pull/", {"models": [label]}).json()["errors"][0]["code"] == "not_enabled"
            SyncConfig.set_config("MODEL_DISCOVERY", "SAFE_DISCOVERY_MODE", False)
            errors = api.post("pull/", {"models": [label, "testapp.Region"]}).json()["errors"]
            assert [(told["_model"], told["code"]) for told in errors] == [(label, "unavailable")]
            (warning,) = check_captures(databases=["default"])
            assert (warning.id, "variety_statement" in warning.msg) == ("sb_sync.W101", True)
            SyncConfiguration.objects.all().delete()
            catalog.refresh()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP VIEW {view}")
