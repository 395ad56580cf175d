"""The audit trail as pages and exports show it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, List, Tuple

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sites.models import Site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sb_sync.attribution import attributed_to
from sb_sync.models import DataFilter, ModelPermission, Organization, SyncConfiguration, UserSite
from sb_sync.ops.audit import (
    AuditEntry,
    AuditFilter,
    count_newer,
    group_entries,
    iterate_entries,
    position_at,
    read_page,
    trail,
)
from sb_sync.testing.factories import make_member, make_organization

pytestmark = pytest.mark.django_db

PERMISSION = AuditFilter(models=["sb_sync.ModelPermission"])


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme")


@pytest.fixture
def chief() -> Any:
    return get_user_model().objects.create_user("chief")


def grant(organization: Organization, label: str = "testapp.Customer", **rights: Any) -> ModelPermission:
    group, _ = Group.objects.get_or_create(name="Sales")
    return ModelPermission.objects.create(site_id=organization.pk, group=group, model_name=label, **rights)


def entries(wanted: AuditFilter = PERMISSION) -> List[AuditEntry]:
    return list(read_page(wanted).entries)


def changes(entry: AuditEntry) -> List[Tuple[str, Any, Any]]:
    return [(change.name, change.old, change.new) for change in entry.changes]


def test_every_step_of_a_row_is_told_with_who_why_and_what(acme: Organization, chief: Any) -> None:
    condition = {"field": "department", "operator": "exact", "value": "SALES"}
    with attributed_to(chief, "asked by phone"):
        row = grant(acme, can_pull=True)
        row.can_push, row.filters = True, condition
        row.save()
        key = row.pk
        row.delete()
    deleted, changed, created = entries()
    assert [each.kind for each in (created, changed, deleted)] == ["created", "changed", "deleted"]
    assert {(each.username, each.reason, each.object_key) for each in entries()} == {
        ("chief", "asked by phone", str(key))
    }
    assert created.object_name == "Acme · Sales · testapp.Customer"
    assert (created.model, created.model_name) == ("sb_sync.ModelPermission", "model permission")
    assert changes(created) == [
        ("site", None, "Acme"),
        ("group", None, "Sales"),
        ("model_name", None, "testapp.Customer"),
        ("can_push", None, False),
        ("can_pull", None, True),
    ]
    assert changes(changed) == [("can_push", False, True), ("filters", None, condition)]
    assert ("filters", condition, None) in changes(deleted)
    assert changed.changes[0].label == "may push"


def test_a_change_of_the_group_names_both(acme: Organization) -> None:
    make_member(acme, username="ann", group="Sales")
    row = UserSite.objects.get()
    row.group = Group.objects.create(name="Managers")
    row.save()
    assert changes(entries(AuditFilter(models=["sb_sync.UserSite"]))[0]) == [("group", "Sales", "Managers")]
    assert entries(AuditFilter(models=["sb_sync.UserSite"]))[0].object_name == "ann · Acme"


def test_a_row_that_was_saved_without_a_change_tells_none(acme: Organization) -> None:
    acme.save()
    entry = entries(AuditFilter(models=["sb_sync.Organization"]))[0]
    assert (entry.kind, entry.object_name, entry.changes) == ("changed", "acme", ())


def test_what_is_gone_is_told_by_its_key(acme: Organization) -> None:
    row = grant(acme)
    group, site = row.group_id, acme.pk
    Group.objects.all().delete()
    Site.objects.get(pk=site).delete()
    assert entries()[0].kind == "deleted"
    assert entries()[0].object_name == f"#{site} · #{group} · testapp.Customer"


def test_a_cascade_is_told_with_its_author(acme: Organization, chief: Any) -> None:
    grant(acme)
    make_member(acme, username="ann")
    DataFilter.objects.create(
        site_id=acme.pk,
        group=Group.objects.get(name="Sales"),
        model_name="testapp.Customer",
        filter_name="own",
        filter_condition={"field": "department", "operator": "exact", "value": "SALES"},
    )
    with attributed_to(chief, "closed"):
        Site.objects.get(pk=acme.pk).delete()
    deleted = [each for each in entries(AuditFilter()) if each.kind == "deleted"]
    assert sorted(each.model for each in deleted) == [
        "sb_sync.DataFilter",
        "sb_sync.ModelPermission",
        "sb_sync.Organization",
        "sb_sync.UserSite",
    ]
    assert {(each.username, each.reason) for each in deleted} == {("chief", "closed")}


def test_a_deleted_user_is_still_named_by_what_was_done(acme: Organization, chief: Any) -> None:
    with attributed_to(chief, "before leaving"):
        grant(acme)
    chief.delete()
    assert entries()[0].username == "chief"
    assert [each.username for each in entries(AuditFilter(username="chief"))] == ["chief"]


def test_a_change_of_which_the_step_before_is_not_kept_says_so(acme: Organization) -> None:
    row = grant(acme)
    row.can_pull = True
    row.save()
    row.history.earliest().delete()
    (entry,) = entries()
    assert not entry.is_complete
    assert ("can_pull", None, True) in changes(entry)


def test_secrets_are_masked(acme: Organization, settings: Any) -> None:
    row = grant(acme)
    ModelPermission.objects.filter(pk=row.pk).update(filters={"and": [{"field": "x", "pin": 1234}]})
    row.refresh_from_db()
    row.delete()
    assert ("filters", {"and": [{"field": "x", "pin": "***"}]}, None) in changes(entries()[0])
    settings.SB_SYNC = {"REDACT_FIELDS": ["filters", "description"]}
    assert ("filters", "***", None) in changes(entries()[0])


def test_a_long_value_is_not_cut(acme: Organization, settings: Any) -> None:
    settings.SB_SYNC = {"LOG_BODY_BYTES": 10}
    acme.description = "x" * 5000
    acme.save()
    assert changes(entries(AuditFilter(models=["sb_sync.Organization"]))[0]) == [("description", "", "x" * 5000)]


def test_entries_are_filtered_by_model_user_and_time(acme: Organization, chief: Any) -> None:
    with attributed_to(chief, ""):
        row = grant(acme)
    grant(acme, "testapp.Region")
    now = timezone.now()
    row.history.update(history_date=now - timedelta(days=10))
    assert len(entries(AuditFilter(models=["sb_sync.ModelPermission", "sb_sync.Organization"]))) == 3
    assert len(entries(AuditFilter(username="chief"))) == 1
    assert len(entries(AuditFilter(models=PERMISSION.models, since=now - timedelta(days=1)))) == 1
    assert [each.username for each in entries(AuditFilter(before=now - timedelta(days=1)))] == ["chief"]
    assert entries(AuditFilter(models=["auth.User"])) == []


def fill(organization: Organization, count: int, moment: datetime) -> None:
    """Make entries in several tables, many of one moment."""
    for number in range(count):
        row = grant(organization, f"testapp.M{number}")
        row.can_pull = True
        row.save()
        SyncConfiguration.objects.create(section="SETTINGS", key=f"K{number}", value=number)
    for model in (ModelPermission, SyncConfiguration):
        model.history.filter(history_id__gt=0).update(history_date=moment)
    ModelPermission.history.filter(model_name__endswith="3").update(history_date=moment - timedelta(days=1))


@pytest.mark.parametrize("length", [1, 2, 3, 7, 100])
def test_pages_tell_every_entry_once_in_order(acme: Organization, length: int) -> None:
    fill(acme, 7, timezone.now())
    everything = read_page(AuditFilter(), length=1000).entries
    assert read_page(AuditFilter(), length=1000).next is None
    assert len(everything) == 22
    assert [each.moment for each in everything] == sorted((each.moment for each in everything), reverse=True)
    told: List[AuditEntry] = []
    after = ""
    while True:
        page = read_page(AuditFilter(), after=after, length=length)
        assert len(page.entries) <= length
        told.extend(page.entries)
        if page.next is None:
            break
        after = page.next
    assert told == list(everything)
    assert list(iterate_entries(AuditFilter())) == list(everything)


def count_statements(length: int, after: str = "") -> int:
    with CaptureQueriesContext(connection) as captured:
        read_page(AuditFilter(), after=after, length=length)
    return len(captured)


def test_a_page_takes_as_many_statements_of_a_long_trail_as_of_a_short_one(acme: Organization) -> None:
    fill(acme, 3, timezone.now())
    few = count_statements(5)
    fill_more = timezone.now() + timedelta(seconds=1)
    ModelPermission.objects.all().delete()
    SyncConfiguration.objects.all().delete()
    fill(acme, 30, fill_more)
    assert count_statements(50) <= count_statements(100) <= few + 2
    # All tables at once, then the rows of each, then the names of what they point at.
    assert count_statements(100) <= 1 + 5 + 1


@pytest.mark.parametrize(
    "position",
    [
        "x",
        "|",
        "2024-01-01",
        "2024-01-01T00:00:00+00:00|sb_sync.ModelPermission|x",
        "2024-01-01T00:00:00|sb_sync.ModelPermission|1",
        "2024-99-01T00:00:00+00:00|sb_sync.ModelPermission|1",
        "2024-01-01T00:00:00+00:00|auth.User|1",
        "2024-01-01T00:00:00+00:00|sb_sync.ModelPermission|-1",
    ],
)
def test_a_position_that_no_page_gave_is_refused(position: str) -> None:
    with pytest.raises(ValueError, match="no position"):
        read_page(AuditFilter(), after=position)


def test_a_position_of_any_size_reads_no_further_than_the_database_counts(acme: Organization) -> None:
    position = "2024-01-01T00:00:00+00:00|sb_sync.ModelPermission|" + "9" * 400
    assert read_page(AuditFilter(), after=position).entries == ()


def test_entries_of_an_organization_are_those_of_its_rows(acme: Organization) -> None:
    rival = make_organization("rival")
    grant(acme)
    make_member(rival, username="rob")
    SyncConfiguration.objects.create(section="SETTINGS", key="DEFAULT_BATCH_SIZE", value=5)
    told = entries(AuditFilter(sites=[acme.pk]))
    assert sorted(each.model for each in told) == ["sb_sync.ModelPermission", "sb_sync.Organization"]
    assert entries(AuditFilter(sites=[])) == []
    assert entries(AuditFilter(sites=[acme.pk], models=["sb_sync.SyncConfiguration"])) == []
    assert len(entries(AuditFilter(sites=[acme.pk, rival.pk]))) == 4
    # More than are brought together one by one.
    assert len(entries(AuditFilter(sites=[acme.pk, rival.pk, *range(10**6, 10**6 + 30)]))) == 4


def test_what_a_row_was_while_it_was_another_organizations_is_not_told(acme: Organization) -> None:
    rival = make_organization("rival", name="Rival")
    row = grant(rival, "testapp.Secret", can_pull=True)
    row.site_id, row.model_name = acme.pk, "testapp.Customer"
    row.save()
    (entry,) = entries(AuditFilter(sites=[acme.pk], models=PERMISSION.models))
    assert not entry.is_complete
    assert "Rival" not in str(entry)
    assert "testapp.Secret" not in str(entry)
    assert "testapp.Secret" in str(entries(AuditFilter(sites=[acme.pk, rival.pk], models=PERMISSION.models)))


def test_the_history_of_one_row_is_found_by_its_key(acme: Organization) -> None:
    row = grant(acme)
    grant(acme, "testapp.Order")
    row.delete()
    found = entries(AuditFilter(models=PERMISSION.models, object_key=str(row.history.model.objects.first().id)))
    assert [each.kind for each in found] == ["deleted", "created"]
    for key in ("x", "", "-", "9" * 40, "1.5", "\x00"):
        assert len(entries(AuditFilter(models=PERMISSION.models, object_key=key))) == (3 if key == "" else 0)


@pytest.mark.parametrize("tried", [4, 5, 100])
def test_a_search_for_what_is_rare_stops_and_goes_on_from_there(
    acme: Organization, chief: Any, tried: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "TRIED", tried)
    rival = make_organization("rival")
    with attributed_to(chief, ""):
        first = grant(acme, "testapp.First")
        for number in range(20):
            grant(rival, f"testapp.M{number}")
        last = grant(acme, "testapp.Last")
    wanted = AuditFilter(username="chief", sites=[acme.pk])
    page = read_page(wanted, length=3)
    assert page.is_cut == (tried < 100)
    assert [each.object_key for each in iterate_entries(wanted)] == [str(last.pk), str(first.pk)]
    found, after = [], ""
    while after is not None:
        page = read_page(wanted, after=after, length=1)
        found.extend(each.object_key for each in page.entries)
        after = page.next
    assert found == [str(last.pk), str(first.pk)]


def test_new_entries_are_counted(acme: Organization, chief: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = position_at(timezone.now())
    assert count_newer(AuditFilter(), before) == 0
    grant(acme)
    newest = read_page(AuditFilter()).entries[0].position
    assert count_newer(AuditFilter(), newest) == 0
    with attributed_to(chief, ""):
        make_member(acme, username="ann")
    grant(acme, "testapp.Order")
    assert count_newer(AuditFilter(), newest) == 2
    assert count_newer(AuditFilter(), before) == 3
    assert count_newer(AuditFilter(username="chief"), newest) == 1
    assert count_newer(AuditFilter(sites=[acme.pk], username="chief"), newest) == 1
    monkeypatch.setattr(trail, "MOST_COUNTED", 1)
    assert count_newer(AuditFilter(), before) == 2
    with pytest.raises(ValueError, match="no position"):
        count_newer(AuditFilter(), "x")


def test_entries_of_one_request_stand_together(acme: Organization, chief: Any) -> None:
    with attributed_to(chief, "POST /a/"):
        grant(acme)
        grant(acme, "testapp.Order")
    with attributed_to(chief, "POST /b/"):
        old = grant(acme, "testapp.Region")
    grant(acme, "testapp.Visit")
    grant(acme, "testapp.Tag")
    with attributed_to(chief, "POST /b/"):
        grant(acme, "testapp.Team")
        old.can_pull = True
        old.save()
    old.history.filter(history_type="+").update(history_date=timezone.now() - timedelta(minutes=1))
    groups = group_entries(entries())
    assert [(each.username, each.reason, len(each.entries)) for each in groups] == [
        ("chief", "POST /b/", 2),
        ("", "", 1),
        ("", "", 1),
        ("chief", "POST /a/", 2),
        ("chief", "POST /b/", 1),
    ]


def test_json_is_compared_by_path(acme: Organization) -> None:
    def condition(*parts: Any) -> Any:
        return {"and": [{"field": name, "operator": "exact", "value": value} for name, value in parts]}

    row = grant(acme)
    row.filters = condition(("department", "SALES"), ("age", 1))
    row.save()
    row.filters = condition(("department", "SUPPORT"))
    row.save()
    changed, first = entries()[:2]
    (change,) = changed.changes
    assert [(each.path, each.kind, each.old, each.new) for each in change.parts] == [
        ("and[0].value", "changed", "SALES", "SUPPORT"),
        ("and[1]", "removed", {"field": "age", "operator": "exact", "value": 1}, None),
    ]
    assert first.changes[0].parts == ()
