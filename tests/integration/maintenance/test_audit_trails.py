"""Histories begun, checked against their rows, and shortened."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any, List, Tuple

import pytest
from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sb_sync.maintenance import Refused
from sb_sync.maintenance.audit_trails import begin_trails, check_trails, choose_audited, shorten_trails
from sb_sync.models import DataFilter, ModelPermission, Organization, SyncConfiguration, UserSite
from sb_sync.models.history import audited_models, history_of
from sb_sync.testing.factories import make_member, make_organization

pytestmark = pytest.mark.django_db

CONDITION = {"field": "department", "operator": "exact", "value": "SALES"}


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme")


@pytest.fixture
def rows(acme: Organization) -> None:
    """One row in every table that keeps a history, changed once."""
    make_member(acme, username="ann", group="Sales")
    names = {"site_id": acme.pk, "group": Group.objects.get(name="Sales"), "model_name": "testapp.Customer"}
    ModelPermission.objects.create(**names, filters=CONDITION)
    DataFilter.objects.create(**names, filter_name="own", filter_condition=CONDITION)
    SyncConfiguration.objects.create(section="SETTINGS", key="MAX_BATCH_SIZE", value=500)
    for model in audited_models():
        model._base_manager.get().save()


def gaps() -> List[Tuple[str, str, Tuple[str, ...]]]:
    return [(gap.model, gap.kind, gap.fields) for gap in check_trails(audited_models())]


def grant(organization: Organization, *labels: str) -> None:
    """Grant as SQL would, past every signal."""
    group, _ = Group.objects.get_or_create(name="Sales")
    ModelPermission.objects.bulk_create(
        ModelPermission(site_id=organization.pk, group=group, model_name=label) for label in labels
    )


def test_every_table_of_rights_keeps_a_history() -> None:
    expected = {Organization, UserSite, ModelPermission, DataFilter, SyncConfiguration}
    assert expected <= set(audited_models())


def test_what_signals_saw_has_no_gap(rows: None) -> None:
    assert gaps() == []
    for model in (SyncConfiguration, DataFilter, UserSite):
        model.objects.get().delete()
    Site.objects.filter(organization__isnull=False).delete()
    assert gaps() == []


def test_a_row_without_history_is_a_gap_until_it_is_begun(acme: Organization) -> None:
    grant(acme, "a.A", "a.B")
    assert gaps() == [("sb_sync.ModelPermission", "no history", ())] * 2
    assert [(each.model, each.entries) for each in begin_trails([ModelPermission], dry_run=True)] == [
        ("sb_sync.ModelPermission", 2)
    ]
    assert begin_trails([ModelPermission])[0].entries == 2
    assert gaps() == []
    assert begin_trails([ModelPermission])[0].entries == 0
    assert set(ModelPermission.history.values_list("history_type", "model_name")) == {("+", "a.A"), ("+", "a.B")}


CHANGES = [
    (Organization, {"description": "x"}, ("description",)),
    (Organization, {"name": "Other"}, ("name",)),
    (UserSite, {"is_active": False}, ("is_active",)),
    (ModelPermission, {"can_push": True, "can_pull": True}, ("can_push", "can_pull")),
    (ModelPermission, {"filters": None}, ("filters",)),
    (ModelPermission, {"model_name": "testapp.customer"}, ("model_name",)),
    (DataFilter, {"filter_condition": {**CONDITION, "value": "sales"}}, ("filter_condition",)),
    (DataFilter, {"filter_name": "own "}, ("filter_name",)),
    (SyncConfiguration, {"value": True}, ("value",)),
]


@pytest.mark.parametrize(("model", "values", "fields"), CHANGES)
def test_a_change_past_the_signals_is_found(rows: None, model: Any, values: Any, fields: Tuple[str, ...]) -> None:
    model._base_manager.update(**values)
    assert gaps() == [(model._meta.label, "differs", fields)]


def test_json_that_is_written_otherwise_is_the_same(rows: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sb_sync_modelpermission SET filters = %s",
            ['{"value":"SALES",   "operator":"exact","field":"department"}'],
        )
    assert ModelPermission.objects.get().filters == CONDITION
    assert gaps() == []


def test_a_deletion_past_the_signals_is_found(rows: None) -> None:
    ModelPermission.objects.all()._raw_delete("default")
    assert gaps() == [("sb_sync.ModelPermission", "deleted untold", ())]


def test_a_row_that_comes_back_past_the_signals_is_found(rows: None) -> None:
    row = DataFilter.objects.get()
    key = row.pk
    row.delete()
    row.pk = key
    DataFilter.objects.bulk_create([row])
    assert [gap[:2] for gap in gaps()] == [("sb_sync.DataFilter", "differs")]


def test_a_site_that_is_renamed_takes_the_history_of_its_organization_along(acme: Organization) -> None:
    site = Site.objects.get(pk=acme.pk)
    site.name = "Renamed"
    site.save()
    assert list(Organization.history.order_by("history_id").values_list("history_type", "name")) == [
        ("+", "Acme"),
        ("~", "Renamed"),
    ]
    Site.objects.create(domain="no-organization", name="None")
    assert gaps() == []


def test_the_number_of_statements_does_not_grow_with_the_rows(acme: Organization) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert gaps() == []
        return len(captured)

    grant(acme, "a.A")
    begin_trails(audited_models())
    few = count()
    grant(acme, *(f"a.M{number}" for number in range(300)))
    begin_trails(audited_models())
    assert count() == few == 3 * len(audited_models())


def test_histories_are_begun_in_chunks_and_told_how_far(acme: Organization) -> None:
    grant(acme, *(f"a.M{number}" for number in range(1203)))
    told: List[Tuple[int, Any, str]] = []
    with CaptureQueriesContext(connection) as captured:
        reports = begin_trails([ModelPermission], progress=lambda *step: told.append(step))
    assert reports[0].entries == 1203
    assert [step[:2] for step in told] == [(500, 1203), (1000, 1203), (1203, 1203)]
    assert len(captured) < 60
    assert gaps() == []


def age(model: Any, days: int) -> None:
    history_of(model)._base_manager.update(history_date=timezone.now() - timedelta(days=days))


def test_what_is_old_is_deleted_but_never_the_newest_of_a_living_row(rows: None) -> None:
    for model in audited_models():
        age(model, 100)
    counted = shorten_trails(audited_models(), days=90, dry_run=True)
    assert [each.entries for each in counted] == [1] * len(audited_models())
    assert shorten_trails(audited_models(), days=101) == [type(each)(each.model, 0) for each in counted]
    assert shorten_trails(audited_models(), days=90) == counted
    assert [history_of(model)._base_manager.get().history_type for model in audited_models()] == ["~"] * len(counted)
    assert gaps() == []


def test_the_history_of_a_row_that_is_gone_goes_as_a_whole(rows: None) -> None:
    ModelPermission.objects.get().delete()
    age(ModelPermission, 100)
    assert shorten_trails([ModelPermission], days=90)[0].entries == 3
    assert gaps() == []


def test_a_deletion_is_forgotten_after_what_it_ended(rows: None) -> None:
    ModelPermission.objects.get().delete()
    age(ModelPermission, 100)
    ModelPermission.history.filter(history_type="-").update(history_date=timezone.now())
    assert shorten_trails([ModelPermission], days=90)[0].entries == 2
    assert ModelPermission.history.get().history_type == "-"
    assert gaps() == []


def test_ninety_days_are_kept_unless_something_else_is_set(rows: None, settings: Any) -> None:
    age(ModelPermission, 50)
    assert shorten_trails([ModelPermission])[0].entries == 0
    settings.SB_SYNC = {"LOG_RETENTION_DAYS": 40}
    assert shorten_trails([ModelPermission])[0].entries == 1


def test_a_table_is_chosen_by_its_label() -> None:
    assert choose_audited("sb_sync.modelpermission") == [ModelPermission]
    assert choose_audited(None) == audited_models()
    with pytest.raises(Refused, match=r"'auth.User' keeps no history of sb_sync. These do: .*sb_sync.UserSite"):
        choose_audited("auth.User")


@pytest.mark.django_db(transaction=True)
def test_rows_that_are_saved_while_histories_are_begun_leave_no_gap() -> None:
    acme = make_organization("acme")
    grant(acme, *(f"a.M{number}" for number in range(60)))
    failures: List[BaseException] = []

    def save_all() -> None:
        try:
            for row in ModelPermission.objects.order_by("pk"):
                row.can_pull = True
                row.save()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    saver = threading.Thread(target=save_all)
    saver.start()
    begin_trails([ModelPermission])
    saver.join()
    assert failures == []
    assert gaps() == []
