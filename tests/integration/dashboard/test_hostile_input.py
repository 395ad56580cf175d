"""Whatever a request says, or stands in a row: a page answers it, and never by a 500."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any, Dict

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from sb_sync.config import SECTIONS
from sb_sync.dashboard.permissions import CANCEL_JOBS, CONFLICTS, JOBS, SETTLE
from sb_sync.models import ModelPermission, Organization, SyncConflict, SyncJob, SyncLog
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.dashboard import ON_SQLITE
from tests.staff import ALL, CONFIG, make_client, make_staff

pytestmark = [pytest.mark.django_db, ON_SQLITE]
PERMISSIONS = CONFIG + "permissions/"
CUSTOMER = "testapp.Customer"
#: Half a pair of surrogates: text to Python, and to nobody else.
HALF = "\ud800"
EVERYTHING = (*ALL, CONFLICTS, SETTLE, JOBS, CANCEL_JOBS, "testapp.view_customer")


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def olga(acme: Organization) -> Any:
    return make_staff(acme, permissions=EVERYTHING)


@pytest.fixture
def client(olga: Any) -> Client:
    return make_client(olga)


def place(*values: Any) -> str:
    """Return a position in a list as addresses have it."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


class TestPositions:
    """What is no position of a list is told so."""

    @pytest.mark.parametrize("page", ["conflicts/", "jobs/"])
    @pytest.mark.parametrize(
        "moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z", "2026-01-01"]
    )
    def test_a_time_that_no_database_keeps(self, client: Client, page: str, moment: str) -> None:
        for key in ("1", str(uuid.uuid4())):
            for name in ("after", "before"):
                assert client.get(CONFIG + page, {name: place(moment, key)}).status_code == 400

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
    def test_such_a_time_in_the_trails(self, client: Client, moment: str) -> None:
        position = f"{moment}|sb_sync.DataFilter|1"
        assert client.get(CONFIG + "audit-trails/", {"after": position}).status_code == 400
        assert client.get(CONFIG + "audit-trails/new/", {"than": position}).status_code == 400

    def test_a_name_that_no_database_keeps(self, client: Client) -> None:
        for name in (HALF, "\x00"):
            assert client.get(CONFIG + "organizations/", {"after": place(name, "1")}).status_code == 400


class TestEncodings:
    """A client may say that its request is written in anything."""

    @pytest.mark.parametrize("charset", ["raw_unicode_escape", "unicode_escape", "utf-7", "utf-16"])
    def test_other_encodings_are_refused(self, client: Client, charset: str) -> None:
        for page, name in (("", "organization"), ("logs/", "user"), ("permissions/", "q"), ("organizations/", "q")):
            answer = client.get(
                CONFIG + page, CONTENT_TYPE=f"text/plain; charset={charset}", QUERY_STRING=name + "=%5Cud800"
            )
            assert (answer.status_code, answer["Cache-Control"]) == (400, "no-store")
            assert "UTF-8" in answer.content.decode()

    def test_utf_8_is_taken_however_it_is_written(self, client: Client) -> None:
        for charset in ("utf-8", "UTF8"):
            answer = client.get(CONFIG, CONTENT_TYPE=f"text/plain; charset={charset}", QUERY_STRING="")
            assert answer.status_code == 200


class TestDocuments:
    """What scripts send."""

    def test_a_form_in_place_of_a_document_is_refused(self, olga: Any) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(olga)
        client.get(PERMISSIONS + "?organization=acme")
        form = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
        for page in ("rights/?", f"filters/count/?model={CUSTOMER}&"):
            answer = client.post(f"{PERMISSIONS}{page}organization=acme", form)
            assert answer.status_code == 400
            assert "cannot be read" in answer.content.decode()

    def test_half_a_pair_of_surrogates_names_nothing(self, client: Client, acme: Organization) -> None:
        group = Group.objects.create(name="Sales")
        where = f"organization=acme&model={CUSTOMER}"
        comparison = {"field": "name", "operator": "exact", "value": "$user.username"}
        answer = _send(client, f"rights/?{where}", {"changes": [[group.pk, HALF, 0, 1]]})
        assert answer.status_code == 400
        assert "is not synchronised" in answer.content.decode()
        answer = _send(client, f"filters/count/?{where}", {"condition": comparison, "user": HALF})
        assert answer.json() == {"faults": [], "needsUser": True}
        form = {"name": "x", "is_active": "on", "condition": json.dumps({**comparison, "field": HALF})}
        answer = client.post(f"{PERMISSIONS}filters/?{where}&group={group.pk}&edit=new", form)
        assert answer.status_code == 400
        assert "\\ud800" in answer.content.decode()

    def test_a_form_of_settings_may_say_that_anything_was_set(self, client: Client) -> None:
        seen = json.dumps({"APP_SPECIFIC_EXCLUSIONS": {"auth": 1}, "INCLUDE_APPS": [HALF]})
        form = {"seen": seen, "reset": list(SECTIONS["MODEL_DISCOVERY"])}
        assert client.post(CONFIG + "model-discovery/", form).status_code == 409

    @pytest.mark.parametrize("values", ["[" * 90_000, json.dumps({HALF: HALF}), json.dumps(HALF), "NaN"])
    def test_values_that_settle_a_conflict(self, client: Client, acme: Organization, olga: Any, values: str) -> None:
        conflict = _make_conflict(acme, olga, client={"name": "x"})
        answer = client.post(f"{CONFIG}conflicts/{conflict.pk}/", {"choice": "values", "values": values})
        assert answer.status_code in (400, 409)


class TestRows:
    """What clients sent stands in rows, and pages show it."""

    def test_half_a_pair_of_surrogates_is_shown_as_json_writes_it(
        self, client: Client, acme: Organization, olga: Any
    ) -> None:
        refused = {"status": "error", "_model": HALF, "errors": {"name": [HALF]}}
        job = SyncJob.objects.create(
            user=olga, site_id=acme.pk, record_count=1, answer={"processed_models": {}, "results": [refused]}
        )
        conflict = _make_conflict(acme, olga, client={"name": HALF, HALF: 1})
        entry = SyncLog.objects.create(
            site_id=acme.pk,
            operation="PUSH",
            status="ERROR",
            request_data={"name": HALF},
            outcome={"models": {HALF: {"failed": 1}}},
        )
        pages = [
            f"jobs/{job.pk}/", f"conflicts/{conflict.pk}/", "conflicts/export/", f"logs/{entry.pk}/", "logs/",
            "logs/export/", "",
        ]  # fmt: skip
        for page in pages:
            answer: Any = client.get(CONFIG + page)
            told = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert (page, answer.status_code, "\\ud800" in told.decode()) == (page, 200, True)

    @pytest.mark.parametrize("name", ["{x}", "{n.__class__}", "{", "}{0}"])
    def test_braces_in_a_filter_that_does_not_fit_are_text(self, client: Client, acme: Organization, name: str) -> None:
        member = make_member(acme, group="Sales")
        grant(acme, group="Sales", models=[CUSTOMER])
        condition: Dict[str, Any] = {"field": name, "operator": "exact", "value": 1}
        ModelPermission.objects.filter(site=acme.pk).update(filters=condition)
        query = {"organization": "acme", "user": member.get_username(), "model": CUSTOMER}
        answer = client.get(PERMISSIONS + "why/", query)
        assert answer.status_code == 200
        assert "no row is seen: " in answer.content.decode()
        assert name in answer.content.decode()


def _send(client: Client, page: str, document: Any) -> Any:
    return client.post(PERMISSIONS + page, json.dumps(document), content_type="application/json")


def _make_conflict(acme: Organization, user: Any, *, client: Any) -> SyncConflict:
    return SyncConflict.objects.create(
        user=user, site_id=acme.pk, model_name=CUSTOMER, object_key="1", policy="reject", status="unsettled",
        client=client, server={"name": "y"},
    )  # fmt: skip
