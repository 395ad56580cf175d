"""What the matrix shows, and what it costs."""

from __future__ import annotations

import re
from typing import Any, Dict, List

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sb_sync import catalog
from sb_sync.dashboard.permissions import VIEW
from sb_sync.models import DataFilter, ModelPermission, Organization
from sb_sync.testing.factories import grant, make_member
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.integration.dashboard.permissions.addresses import PERMISSIONS
from tests.many_models import many_models
from tests.staff import CONFIG, make_chief, make_client, make_staff

pytestmark = [pytest.mark.django_db, NOT_ON_MARIADB]
LINE = re.compile(r'<tr data-label="([^"]+)" data-rights="(\d*)">(.*?)</tr>', re.DOTALL)
MOST_QUERIES = 15


def read_rights(page: str) -> Dict[str, List[int]]:
    return {label: [int(rights) for rights in found] for label, found, _ in LINE.findall(page)}


def show(client: Client, **query: Any) -> str:
    answer = client.get(PERMISSIONS, query)
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.content.decode())


def groups_of(page: str) -> List[str]:
    return re.findall(r'class="group-name">([^<]+)<', page)


class TestRows:
    """Models with the rights of groups."""

    def test_boxes_say_what_stands_in_this_organization(
        self, client: Client, acme: Organization, globex: Organization, sales: Any
    ) -> None:
        grant(acme, group="Sales", models=["testapp.Customer"], pull=False)
        grant(globex, group="Sales", models=["testapp.Customer", "testapp.Order"])
        page = show(client)
        assert groups_of(page) == ["Managers", "Sales"]
        rights = read_rights(page)
        assert set(rights) == set(catalog.synced_models())
        assert rights["testapp.Customer"] == [0, 1]
        assert rights["testapp.Order"] == [0, 0]

    def test_boxes_are_named_by_model_group_and_right(self, client: Client, acme: Organization, sales: Any) -> None:
        grant(acme, group="Sales", models=["testapp.Badge"], push=False)
        page = show(client, q="testapp.Badge")
        cells = {label: text for label, _, text in LINE.findall(page)}["testapp.Badge"]
        boxes = re.findall(r'<input type=checkbox tabindex=-1 class=(\w+) aria-labelledby="([^"]+)"( checked)?>', cells)
        assert boxes[-4:] == [
            ("push", "m0 g0 push", ""), ("pull", "m0 g0 pull", ""), ("push", "m0 g1 push", ""),
            ("pull", "m0 g1 pull", " checked"),
        ]  # fmt: skip
        for name in ("m0", "g0", "g1", "push", "pull"):
            assert page.count(f'id="{name}"') == 1

    def test_what_a_kind_is_never_given_cannot_be_ticked(self, client: Client, acme: Organization) -> None:
        Group.objects.create(name="Analysts")
        assert 'aria-labelledby="m0 g0 push" disabled' in show(client)

    def test_filtered_cells_are_marked(self, client: Client, acme: Organization, sales: Any) -> None:
        condition = {"field": "name", "operator": "exact", "value": "N"}
        common = {"site_id": acme.pk, "group": sales, "filter_condition": condition}
        DataFilter.objects.create(model_name="TESTAPP.region", filter_name="a", **common)
        DataFilter.objects.create(model_name="testapp.Order", filter_name="a", is_active=False, **{
            **common, "filter_condition": {"field": "number", "operator": "exact", "value": "N"}
        })  # fmt: skip
        grant(acme, group="Sales", models=["testapp.Customer"])
        ModelPermission.objects.update(filters=condition)
        marked = [label for label, _, text in LINE.findall(show(client)) if "<td class=f>" in text]
        assert marked == ["testapp.Customer", "testapp.Region"]

    def test_shared_models_are_marked(self, client: Client, acme: Organization) -> None:
        marked = [label for label, _, text in LINE.findall(show(client)) if "tag-warn" in text]
        assert marked == [label for label, found in sorted(catalog.synced_models().items()) if found.is_shared]

    def test_boxes_for_many_say_all_some_or_none(self, client: Client, acme: Organization, sales: Any) -> None:
        grant(acme, group="Sales", push=False)
        grant(acme, group="Sales", models=["testapp.Customer"])
        page = show(client, group=sales.pk)
        sums = re.search(r'data-sums="models">.*?</tr>', page, re.DOTALL)
        assert sums is not None
        states = re.findall(r'"models g0 (\w+)"([^>]*)>', sums.group())
        assert states == [("push", " data-some"), ("pull", " checked")]

    def test_rights_on_what_is_not_synchronised_are_told(self, client: Client, acme: Organization, sales: Any) -> None:
        ModelPermission.objects.create(site_id=acme.pk, group=sales, model_name="gone.Model", can_pull=True)
        ModelPermission.objects.create(site_id=acme.pk, group=sales, model_name="idle.Model")
        page = show(client)
        assert "gone.Model" in page
        assert "idle.Model" not in page

    def test_all_organizations_are_no_choice_of_a_page_about_one(self, client: Client, acme: Organization) -> None:
        assert "All organizations" not in show(client, organization="acme")
        assert "All organizations" in client.get(CONFIG, {"organization": "acme"}).content.decode()

    def test_members_are_counted_in_this_organization(
        self, client: Client, acme: Organization, globex: Organization, sales: Any
    ) -> None:
        make_member(acme, group="Sales")
        make_member(globex, group="Sales")
        assert re.findall(r'class="members".*?</svg>(\d+)<', show(client), re.DOTALL) == ["1", "1"]


class TestFilters:
    """Every filter is in the address."""

    def test_words_find_parts_of_label_and_name(self, client: Client, acme: Organization) -> None:
        assert set(read_rights(show(client, q="ORDER line"))) == {"testapp.OrderLine"}
        assert "No model is called so" in show(client, q="nothing like it")

    def test_groups_are_chosen(self, client: Client, acme: Organization, sales: Any) -> None:
        page = show(client, group=[sales.pk, 10**6])
        assert groups_of(page) == ["Sales"]
        assert len(read_rights(page)["testapp.Customer"]) == 1

    def test_differences_are_those_between_the_groups_shown(
        self, client: Client, acme: Organization, sales: Any
    ) -> None:
        clerks = Group.objects.create(name="Clerks")
        grant(acme, group="Sales")
        grant(acme, group="Clerks")
        grant(acme, group="Clerks", models=["testapp.Order"], push=False)
        assert set(read_rights(show(client, differences="on", group=[sales.pk, clerks.pk]))) == {"testapp.Order"}
        assert "No differences" in show(client, differences="on", group=sales.pk)

    def test_an_app_that_is_not_there_is_told(self, client: Client, acme: Organization) -> None:
        answer = client.get(PERMISSIONS, {"app": "nowhere"})
        assert answer.status_code == 400
        assert "The filter cannot be read" in answer.content.decode()


class TestEmptyInstallation:
    """What is missing is told with the next step."""

    @pytest.mark.parametrize("path", ["", "why/"])
    def test_no_organization(self, path: str) -> None:
        assert "There is no organization yet" in make_client(make_chief()).get(PERMISSIONS + path).content.decode()

    @pytest.mark.parametrize("path", ["model/?model=testapp.Order", "copy/", "filters/?model=testapp.Order&group=1"])
    def test_nothing_to_be_found_without_one(self, path: str) -> None:
        assert make_client(make_chief()).get(PERMISSIONS + path).status_code == 404

    def test_no_groups(self, acme: Organization) -> None:
        client = make_client(make_chief())
        assert "There are no groups yet" in client.get(PERMISSIONS).content.decode()
        page = client.get(PERMISSIONS + "model/?model=testapp.Order").content.decode()
        assert "There are no groups yet" in page

    def test_no_models(self, client: Client, acme: Organization, settings: Any) -> None:
        from sb_sync.config import SyncConfig

        SyncConfig.set_config("MODEL_DISCOVERY", "EXCLUDE_MODEL_PATTERNS", [".*"])
        assert "No model is synchronised yet" in client.get(PERMISSIONS).content.decode()


class TestNews:
    """Others' changes are counted, one's own are not."""

    def test_changes_of_others(self, client: Client, acme: Organization, globex: Organization, olga: Any) -> None:
        newest = re.search(r"news/\?since=(\d+)", show(client).replace("&amp;", "&"))
        since = newest.group(1) if newest else "0"
        grant(acme, group="Sales", models=["testapp.Order", "testapp.Customer"])
        grant(globex, group="Sales", models=["testapp.Order"])
        entry = ModelPermission.history.filter(site=acme.pk).first()
        entry.history_user = olga
        entry.save()
        answer = client.get(PERMISSIONS + "news/", {"organization": "acme", "since": since})
        assert answer.json() == {"count": 1, "text": "Others changed 1 right"}


def test_who_may_only_look_finds_no_way_to_change(acme: Organization, sales: Any) -> None:
    client = make_client(make_staff(acme, username="lena", permissions=[VIEW]))
    page = show(client)
    assert "data-may-change" not in page
    for path in ("model/?model=testapp.Order", f"copy/?source={sales.pk}&target=1&organization=acme"):
        assert 'type="submit">Save' not in client.get(PERMISSIONS + path).content.decode()


@pytest.mark.only_on("sqlite", "postgresql", reason="statements are the same on MariaDB")
def test_no_page_asks_much_of_a_large_installation(acme: Organization) -> None:
    with many_models(200 - len(catalog.synced_models())):
        groups = Group.objects.bulk_create(Group(name=f"Group {number:02}") for number in range(50))
        groups = list(Group.objects.all())
        rights = [
            ModelPermission(site_id=acme.pk, group=group, model_name=label, can_pull=True)
            for group in groups
            for label in catalog.synced_models()
        ]
        ModelPermission.objects.bulk_create(rights, batch_size=150)
        make_member(acme, username="anna", group="Group 01")
        client = make_client(make_staff(acme))
        group = Group.objects.get(name="Group 01")
        first, second = groups[0].pk, groups[1].pk
        for path in (
            "?organization=acme",
            "?organization=acme&differences=on",
            "model/?organization=acme&model=testapp.Large001",
            f"copy/?organization=acme&source={first}&target={second}",
            f"filters/?organization=acme&model=testapp.Large001&group={group.pk}&edit=new",
            "why/?organization=acme&model=testapp.Large001&user=anna",
            "news/?organization=acme&since=0",
        ):
            client.get(PERMISSIONS + path)
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(PERMISSIONS + path)
            assert answer.status_code == 200, path
            # Where a test has no transaction around it, the database sees these as none of their own.
            asked = [query["sql"][:150] for query in queries if "SAVEPOINT" not in query["sql"]]
            assert len(asked) <= MOST_QUERIES, (path, "\n".join(asked))
        page = show(client, organization="acme")
        assert page.count("<input type=checkbox tabindex=-1") == 200 * 2 * (50 + 1 + 1) + 2 * 2 * (51 + 1)
