"""Who may open a page, of which organizations, and what protects it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from sb_sync.dashboard.access import StaffPage
from sb_sync.dashboard.permissions import MATRIX, VIEW
from sb_sync.models import Organization, SyncConfiguration
from sb_sync.refusal import Refused
from sb_sync.testing.factories import make_member, make_organization
from tests.integration.dashboard import ON_SQLITE
from tests.staff import CONFIG, make_chief, make_client, make_staff

pytestmark = [pytest.mark.django_db, ON_SQLITE]
MARKUP = "<img src=x onerror=alert(1)>"
JSON = {"HTTP_ACCEPT": "application/json"}


class Probe(StaffPage):
    """A page that tells what it is about, and writes."""

    section = "overview"
    title = "Probe"
    template_name = "sb_sync/dashboard/overview/page.html"
    write_permission = MATRIX

    def get(self, request: HttpRequest) -> HttpResponse:
        if "refused" in request.GET:
            raise Refused([MARKUP, "second"])
        chosen = self.selection.chosen
        return self.answer_json({"chosen": chosen and chosen.slug, "sites": sorted(self.selection.site_ids or ())})

    def post(self, request: HttpRequest) -> HttpResponse:
        SyncConfiguration.objects.create(section="SETTINGS", key="MAX_BATCH_SIZE", value=500)
        return self.answer_json({"done": True})


@pytest.fixture
def probe(settings: Any) -> str:
    from sb_sync import urls as own
    from sb_sync.dashboard import urls
    from tests import urls as project

    extended = [path("probe/", Probe.as_view(), name="probe"), *urls.urlpatterns]
    module = type(urls)("probed_urls")
    module.app_name = "sb_sync"
    from django.urls import include

    module.urlpatterns = [path("config/", include(extended)), *own.urlpatterns]
    root = type(urls)("probed_root")
    root.urlpatterns = [path("api/sync/", include(module)), *project.urlpatterns]
    settings.ROOT_URLCONF = root
    return CONFIG + "probe/"


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme", name="Acme Corporation")


@pytest.fixture
def globex() -> Organization:
    return make_organization("globex", name="Globex")


class TestWhoMayEnter:
    """Staff with the permission, and nobody else."""

    def test_the_anonymous_are_sent_to_the_log_in_page_and_come_back(self) -> None:
        answer = Client().get(CONFIG + "?organization=acme")
        assert answer.status_code == 302
        assert answer["Location"] == "/admin/login/?next=/api/sync/config/%3Forganization%3Dacme"

    def test_the_projects_own_log_in_page_is_preferred(self, settings: Any) -> None:
        settings.LOGIN_URL = "admin:index"
        assert Client().get(CONFIG)["Location"].startswith("/admin/?next=")
        settings.LOGIN_URL = "https://login.example.com/"
        assert Client().get(CONFIG)["Location"].startswith("https://login.example.com/?next=")

    def test_scripts_of_the_anonymous_are_told_so(self) -> None:
        answer = Client().get(CONFIG, **JSON)
        assert answer.status_code == 401
        assert answer.json()["log_in"] == "/admin/login/"

    def test_others_than_staff_see_nothing(self, acme: Organization) -> None:
        answer = make_client(make_member(acme)).get(CONFIG)
        assert answer.status_code == 403
        assert "members of staff" in answer.content.decode()
        assert "Acme" not in answer.content.decode()

    def test_staff_without_the_permission_are_told_its_name(self, acme: Organization) -> None:
        client = make_client(make_staff(acme, permissions=()))
        answer = client.get(CONFIG)
        assert answer.status_code == 403
        assert VIEW in answer.content.decode()
        assert "Acme" not in answer.content.decode()
        assert client.get(CONFIG, **JSON).json()["detail"].endswith(f"{VIEW}.")

    def test_who_was_deactivated_is_out(self, acme: Organization) -> None:
        user = make_staff(acme)
        client = make_client(user)
        get_user_model().objects.filter(pk=user.pk).update(is_active=False)
        assert client.get(CONFIG).status_code == 302

    def test_a_wrong_address_is_a_page(self) -> None:
        client = make_client(make_chief())
        for answer in (client.get(CONFIG + "nowhere/"), client.post(CONFIG + "nowhere/")):
            assert answer.status_code == 404
            assert "Go to the overview" in answer.content.decode()

    def test_everybody_may_log_out(self, acme: Organization) -> None:
        client = make_client(make_member(acme))
        assert client.get(CONFIG + "log-out/").status_code == 405
        assert client.post(CONFIG + "log-out/").status_code == 302
        assert client.get(CONFIG).status_code == 302


class TestOrganizations:
    """A superuser sees all, others those of their memberships."""

    def test_a_superuser_sees_all(self, acme: Organization, globex: Organization, probe: str) -> None:
        client = make_client(make_chief())
        assert client.get(probe).json() == {"chosen": None, "sites": []}
        assert client.get(probe + "?organization=globex").json()["chosen"] == "globex"
        assert "Globex" in client.get(CONFIG).content.decode()

    def test_others_see_theirs(self, acme: Organization, globex: Organization, probe: str) -> None:
        client = make_client(make_staff(acme))
        assert client.get(probe).json() == {"chosen": None, "sites": [acme.pk]}
        assert client.get(probe + "?organization=acme").json()["chosen"] == "acme"
        assert "Globex" not in client.get(CONFIG).content.decode()

    @pytest.mark.parametrize("forged", ["globex", "nowhere", "1", "acme'--", "%00", "a" * 5000])
    def test_an_organization_of_others_is_as_one_that_is_not_there(
        self, acme: Organization, globex: Organization, probe: str, forged: str
    ) -> None:
        client = make_client(make_staff(acme))
        answers = [client.get(probe, {"organization": value}, **JSON) for value in (forged, "not-there")]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()

    def test_a_membership_or_organization_that_is_not_active_is_none(
        self, acme: Organization, globex: Organization, probe: str
    ) -> None:
        user = make_staff(acme, globex)
        client = make_client(user)
        user.sync_memberships.filter(site_id=acme.pk).update(is_active=False)
        Organization.objects.filter(pk=globex.pk).update(is_active=False)
        assert client.get(probe + "?organization=acme").status_code == 404
        assert client.get(probe + "?organization=globex").status_code == 404
        assert client.get(probe).json() == {"chosen": None, "sites": []}

    def test_all_can_be_found_by_search_where_the_switch_does_not_list_them(self) -> None:
        for number in range(60):
            make_organization(f"shop-{number:02}", name=f"Shop {number:02}")
        client = make_client(make_chief())
        shown = client.get(CONFIG).content.decode()
        assert shown.count("organization=shop-") == 12
        assert "Find another organization" in shown
        found = client.get(CONFIG + "organizations/?q=shop+59&next=/api/sync/config/").content.decode()
        assert 'href="/api/sync/config/?organization=shop-59"' in found
        first = client.get(CONFIG + "organizations/").content.decode()
        assert "Shop 58" not in first
        assert "Next" in first

    def test_the_search_leads_to_no_other_site(self, acme: Organization) -> None:
        client = make_client(make_chief())
        for bad in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/api/sync/config/../../x?y"):
            shown = client.get(CONFIG + "organizations/", {"next": bad}).content.decode()
            assert 'href="/api/sync/config/?organization=acme"' in shown


class TestProtection:
    """Headers, forged requests, markup."""

    def test_every_answer_carries_the_policy(self, acme: Organization) -> None:
        chief, stranger = make_client(make_chief()), make_client(make_member(acme))
        answers = [chief.get(CONFIG), chief.get(CONFIG + "nowhere/"), stranger.get(CONFIG), Client().get(CONFIG)]
        for answer in answers:
            policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
            assert policy == {
                "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
                "font-src": "'self'", "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'",
                "frame-ancestors": "'none'",
            }  # fmt: skip
            assert answer["Cache-Control"] == "no-store"

    def test_static_files_of_another_origin_are_allowed_and_icons_stand_in_the_page(self, settings: Any) -> None:
        settings.STATIC_URL = "https://static.example.com/"
        answer = make_client(make_chief()).get(CONFIG)
        assert "script-src 'self' https://static.example.com;" in answer["Content-Security-Policy"]
        shown = answer.content.decode()
        assert '<symbol id="speedometer2"' in shown
        assert 'href="#speedometer2"' in shown

    @pytest.mark.parametrize("has_middleware", [True, False])
    def test_a_forged_request_writes_nothing_whatever_the_project_has(
        self, probe: str, settings: Any, has_middleware: bool
    ) -> None:
        if not has_middleware:
            settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "csrf" not in name.lower()]
        client = make_client(make_chief(), enforce_csrf_checks=True)
        page = client.get(CONFIG).content.decode()
        token = page.split('name="csrf-token" content="')[1].split('"')[0]
        for forged in ({}, {"HTTP_X_CSRFTOKEN": "x" * 64}):
            answer = client.post(probe, **forged)
            assert answer.status_code == 403
            assert "load it again" in answer.content.decode()
            assert client.post(probe, **JSON, **forged).json()["detail"].endswith("load it again.")
        assert not SyncConfiguration.objects.exists()
        assert client.post(probe, HTTP_X_CSRFTOKEN=token).json() == {"done": True}

    def test_what_is_written_stands_in_history_with_user_and_address(self, probe: str) -> None:
        assert make_client(make_chief()).post(probe).status_code == 200
        entry = SyncConfiguration.history.get()
        assert (entry.history_username, entry.history_change_reason) == ("chief", f"POST {probe}")

    def test_writing_asks_for_its_permission(self, acme: Organization, probe: str) -> None:
        answer = make_client(make_staff(acme, permissions=[VIEW])).post(probe)
        assert answer.status_code == 403
        assert MATRIX in answer.content.decode()
        assert not SyncConfiguration.objects.exists()

    def test_markup_in_names_and_reasons_is_text(self, probe: str) -> None:
        make_organization("evil", name=f"{MARKUP}</title>"[:50])
        client = make_client(make_chief(MARKUP))
        for address in (CONFIG, CONFIG + "?organization=evil", CONFIG + "organizations/", probe + "?refused=1"):
            shown = client.get(address).content.decode()
            assert "<img" not in shown
            assert "&lt;img" in shown

    def test_a_refusal_is_told_with_all_its_reasons(self, probe: str) -> None:
        client = make_client(make_chief())
        assert client.get(probe + "?refused=1").status_code == 400
        answer = client.get(probe + "?refused=1", **JSON)
        assert (answer.status_code, answer.json()["detail"]) == (400, f"{MARKUP} second")
