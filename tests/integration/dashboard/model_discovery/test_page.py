"""The page of the settings: shown with their sources, tried, saved together, and never over somebody else's change."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any, Dict, Iterator, List, Optional

import pytest
from django.test import Client

from sb_sync import catalog, config
from sb_sync.config import DISCOVERY_SECTION, SECTIONS, SETTINGS_SECTION, SyncConfig
from sb_sync.dashboard.permissions import SETTINGS, VIEW
from sb_sync.dashboard.sections.model_discovery.layout import GROUPS
from sb_sync.maintenance.configuration_edit import read_standing
from sb_sync.models import SyncConfiguration
from sb_sync.optimizations import measure
from tests.integration.dashboard import ON_SQLITE
from tests.staff import CONFIG, make_chief, make_client, make_staff

pytestmark = [pytest.mark.django_db, ON_SQLITE]
PAGE = CONFIG + "model-discovery/"
OTHER = PAGE + "?section=settings"
JSON = {"HTTP_ACCEPT": "application/json"}
MARKUP = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _forget(db: None) -> Iterator[None]:
    config.refresh()
    yield
    SyncConfiguration.objects.all().delete()
    catalog.refresh()


@pytest.fixture
def chief() -> Client:
    return make_client(make_chief())


def fields_of(client: Client, address: str = PAGE) -> Dict[str, Any]:
    """Return what a browser would send of the page's form, nothing changed."""
    answer = client.get(address)
    assert answer.status_code == 200
    form = answer.context["form"]
    fields: Dict[str, Any] = {}
    for bound in form:
        if bound.field.disabled:
            continue
        value = bound.value()
        if hasattr(bound.field.widget, "decompress"):
            number, unit = bound.field.widget.decompress(value)
            fields.update({f"{bound.name}_number": number, f"{bound.name}_unit": unit})
        elif value not in (False, None):
            fields[bound.name] = "on" if value is True else bound.field.prepare_value(value)
    return fields


def save(client: Client, changes: Dict[str, Any], address: str = PAGE, **more: Any) -> Any:
    fields = {**fields_of(client, address), **changes}
    return client.post(address, {name: value for name, value in fields.items() if value is not None}, **more)


def set_values(section: str = DISCOVERY_SECTION) -> Dict[str, Any]:
    return dict(read_standing(section))


def text_of(answer: Any) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split()))


def row_of(answer: Any, key: str) -> Any:
    return next(row for group in answer.context["groups"] for row in group.rows if row.key == key)


def models_of(preview: Any) -> Dict[str, Any]:
    return {model.label: model for model in preview.models}


def test_every_setting_has_its_place() -> None:
    for section, declared in SECTIONS.items():
        titles = [key for group in GROUPS[section] for key in group.titles]
        assert sorted(titles) == sorted(declared)


def test_each_says_where_its_value_is_from(chief: Client, settings: Any) -> None:
    settings.SB_SYNC = {"MAX_BATCH_SIZE": 12, "TOKEN_LIFETIME": timedelta(hours=36)}
    SyncConfig.set_config(SETTINGS_SECTION, "MAX_JSON_DEPTH", 8)
    answer = chief.get(OTHER)
    rows = {key: row_of(answer, key) for key in SECTIONS[SETTINGS_SECTION]}
    assert (rows["MAX_JSON_DEPTH"].source, rows["MAX_JSON_DEPTH"].without) == (config.DATABASE, "32")
    assert (rows["MAX_BATCH_SIZE"].source, rows["MAX_BATCH_SIZE"].without) == (config.PROJECT, "12")
    assert (rows["TOKEN_LIFETIME"].without, rows["LOG_FORMAT"].source) == ("36 hours", config.DEFAULT)
    assert "settings.py says: 36 hours" in text_of(answer)


@pytest.mark.parametrize("address", [PAGE, OTHER])
def test_what_is_sent_back_as_it_was_shown_changes_nothing(chief: Client, address: str) -> None:
    SyncConfig.set_config(DISCOVERY_SECTION, "INCLUDE_MODEL_PATTERNS", [" spaced ", "two\nlines", "^testapp"])
    SyncConfig.set_config(DISCOVERY_SECTION, "APP_SPECIFIC_EXCLUSIONS", {"auth": ["Group", "User"], "admin": []})
    SyncConfig.set_config(SETTINGS_SECTION, "REFRESH_LIFETIME", timedelta(days=1, seconds=1, microseconds=5))
    before = (set_values(), set_values(SETTINGS_SECTION), SyncConfiguration.history.count())
    answer = save(chief, {}, address, follow=True)
    assert "Nothing had changed" in text_of(answer)
    assert (set_values(), set_values(SETTINGS_SECTION), SyncConfiguration.history.count()) == before


@pytest.mark.parametrize(
    ("key", "sent", "stored"),
    [
        ("AUTO_DISCOVER_MODELS", {"AUTO_DISCOVER_MODELS": None}, False),
        ("EXCLUDE_MANAGER_MODELS", {"EXCLUDE_MANAGER_MODELS": "on"}, True),
        ("INCLUDE_APPS", {"INCLUDE_APPS": "testapp\r\n\r\n  auth "}, ["testapp", "auth"]),
        ("EXCLUDE_MODEL_PATTERNS", {"EXCLUDE_MODEL_PATTERNS": " Log$\r\na, b"}, [" Log$", "a, b"]),
        ("INCLUDE_MODEL_TYPES", {"INCLUDE_MODEL_TYPES": ["proxy"]}, ["proxy"]),
        ("MAX_MODELS_PER_APP", {"MAX_MODELS_PER_APP": "5"}, 5),
        ("MODEL_PREFIX", {"MODEL_PREFIX": "Old"}, "Old"),
        ("APP_SPECIFIC_EXCLUSIONS", {"APP_SPECIFIC_EXCLUSIONS": "auth: Group, User"}, {"auth": ["Group", "User"]}),
    ],
)
def test_each_kind_of_control_saves_its_value(chief: Client, key: str, sent: Dict[str, Any], stored: Any) -> None:
    answer = save(chief, {**sent, "reason": "a reason"})
    assert answer.status_code == 303, text_of(answer)
    assert set_values() == {key: stored}
    entry = SyncConfiguration.history.get()
    assert (entry.history_username, entry.history_change_reason) == ("chief", "a reason")


@pytest.mark.parametrize(
    ("key", "sent", "stored"),
    [
        ("TOKEN_LIFETIME", {"TOKEN_LIFETIME_number": "90", "TOKEN_LIFETIME_unit": "minutes"}, "P0DT01H30M00S"),
        ("METRICS_SAMPLE_RATE", {"METRICS_SAMPLE_RATE": "0.25"}, 0.25),
        ("LOG_FORMAT", {"LOG_FORMAT": "json"}, "json"),
        ("REDACT_FIELDS", {"REDACT_FIELDS": ""}, []),
        ("REQUIRE_TENANT", {"REQUIRE_TENANT": "on"}, True),
    ],
)
def test_other_settings_are_saved_too(chief: Client, key: str, sent: Dict[str, Any], stored: Any) -> None:
    assert save(chief, sent, OTHER).status_code == 303
    assert set_values(SETTINGS_SECTION) == {key: stored}


@pytest.mark.parametrize(
    ("key", "sent", "words"),
    [
        ("INCLUDE_APPS", "nowhere", "no installed app"),
        ("EXCLUDE_MODELS", MARKUP, "no installed model"),
        ("EXCLUDE_MODEL_PATTERNS", "(a+)+$", "Holds '(a+)+$'"),
        ("EXCLUDE_MODEL_PATTERNS", "(", "Holds '('"),
        ("EXCLUDE_MODELS_WITH_FIELDS", "no_such_field", "no installed model has"),
        ("APP_SPECIFIC_EXCLUSIONS", "auth Group", "must look like auth: Group"),
        ("INCLUDE_MODEL_TYPES", [], "at least one of"),
        ("INCLUDE_MODEL_TYPES", ["nothing"], "Select a valid choice"),
        ("MAX_MODELS_PER_APP", "0", "greater than or equal to 1"),
        ("MAX_MODELS_PER_APP", "9" * 5000, ""),
        ("DISCOVERY_CACHE_TIMEOUT", "", "This field is required"),
        ("DISCOVERY_CACHE_TIMEOUT", "1.5", "Enter a whole number"),
        ("MODEL_PREFIX", "a b", "must be up to 40 letters"),
        ("MODEL_NAMESPACE", "\x00", "Null characters"),
        ("INCLUDE_APPS", "x" * 100_001, "at most 100000 characters"),
    ],
)
def test_a_wrong_value_is_told_at_its_field_and_nothing_is_saved(
    chief: Client, key: str, sent: Any, words: str
) -> None:
    answer = save(chief, {key: sent, "MODEL_SUFFIX": "Good"})
    assert answer.status_code == 400
    row = row_of(answer, key)
    assert words.lower() in " ".join(map(str, row.field.errors)).lower()
    assert row.field.errors
    assert MARKUP not in answer.content.decode()
    assert row_of(answer, "MODEL_SUFFIX").field.value() == "Good"
    assert set_values() == {}


@pytest.mark.parametrize("number", ["-1", "1e400", "99999999999999", "NaN", "x", ""])
def test_a_wrong_time_is_told(chief: Client, number: str) -> None:
    answer = save(chief, {"TOKEN_LIFETIME_number": number, "TOKEN_LIFETIME_unit": "days"}, OTHER)
    assert answer.status_code == 400
    assert row_of(answer, "TOKEN_LIFETIME").field.errors
    assert set_values(SETTINGS_SECTION) == {}


def test_one_setting_goes_back_to_its_default_by_its_button(chief: Client) -> None:
    SyncConfig.set_config(DISCOVERY_SECTION, "MODEL_PREFIX", "Old")
    SyncConfig.set_config(DISCOVERY_SECTION, "MODEL_SUFFIX", "V2")
    assert save(chief, {"back": "MODEL_PREFIX"}).status_code == 303
    assert set_values() == {"MODEL_SUFFIX": "V2"}


def test_some_are_set_and_others_reset_at_once(chief: Client) -> None:
    SyncConfig.set_config(DISCOVERY_SECTION, "MODEL_PREFIX", "Old")
    SyncConfig.set_config(DISCOVERY_SECTION, "MAX_MODELS_PER_APP", 4)
    sent = {
        "reset": ["MODEL_PREFIX", "NO_SUCH_KEY"],
        "MODEL_PREFIX": "a b",
        "MAX_MODELS_PER_APP": "",
        "MODEL_SUFFIX": "V2",
    }
    assert save(chief, sent).status_code == 303
    assert set_values() == {"MODEL_SUFFIX": "V2"}


def test_an_empty_number_is_refused_where_the_project_says_one(chief: Client, settings: Any) -> None:
    settings.SB_SYNC = {"MODEL_DISCOVERY": {"MAX_MODELS_PER_APP": 4}}
    answer = save(chief, {"MAX_MODELS_PER_APP": ""})
    assert "what the project says would hold" in " ".join(row_of(answer, "MAX_MODELS_PER_APP").field.errors)


def test_what_other_hands_set_wrongly_is_told_and_can_be_reset(chief: Client) -> None:
    SyncConfiguration.objects.create(section=DISCOVERY_SECTION, key="MODEL_PREFIX", value=["wrong"])
    answer = chief.get(PAGE)
    assert "What is set here is not used: must be str, not list." in text_of(answer)
    assert save(chief, {"back": "MODEL_PREFIX"}).status_code == 303
    assert not SyncConfiguration.objects.exists()


class TestTwoEditors:
    def test_the_second_is_told_what_changed_and_keeps_what_was_typed(self, chief: Client) -> None:
        sent = {**fields_of(chief), "MODEL_SUFFIX": "Mine", "MODEL_NAMESPACE": "mine", "reason": "why"}
        other = make_client(make_staff(username="anna"))
        assert (
            save(other, {"MODEL_PREFIX": "Hers", "MODEL_NAMESPACE": "hers", "reason": "her <b>reason"}).status_code
            == 303
        )
        answer = chief.post(PAGE, sent)
        assert answer.status_code == 409
        told = text_of(answer)
        assert "Somebody else has changed the settings" in told
        assert "Prefix : empty Hers" in told
        assert "anna," in told
        assert "her <b>reason" in told
        assert "<b>reason" not in answer.content.decode()
        assert told.count("You want it changed too") == 1
        shown = {key: row_of(answer, key).field.value() for key in ("MODEL_PREFIX", "MODEL_SUFFIX", "MODEL_NAMESPACE")}
        assert shown == {"MODEL_PREFIX": "Hers", "MODEL_SUFFIX": "Mine", "MODEL_NAMESPACE": "mine"}
        assert set_values() == {"MODEL_PREFIX": "Hers", "MODEL_NAMESPACE": "hers"}
        seen = answer.context["form"]["seen"].value()
        assert chief.post(PAGE, {**sent, "MODEL_PREFIX": "Hers", "seen": seen}).status_code == 303
        assert set_values() == {"MODEL_PREFIX": "Hers", "MODEL_SUFFIX": "Mine", "MODEL_NAMESPACE": "mine"}

    def test_a_reset_that_comes_late_is_told_too(self, chief: Client) -> None:
        SyncConfig.set_config(DISCOVERY_SECTION, "MODEL_PREFIX", "Old")
        sent = {**fields_of(chief), "reset": "MODEL_PREFIX"}
        SyncConfig.set_config(DISCOVERY_SECTION, "MODEL_PREFIX", "New")
        answer = chief.post(PAGE, sent)
        assert answer.status_code == 409
        assert row_of(answer, "MODEL_PREFIX").is_removed
        assert set_values() == {"MODEL_PREFIX": "New"}

    @pytest.mark.parametrize("seen", [None, "", "[]", "x", "null", "[" * 100_000, "\x00"])
    def test_a_form_that_does_not_say_what_it_showed_is_refused(self, chief: Client, seen: Optional[str]) -> None:
        answer = save(chief, {"MODEL_PREFIX": "X", "seen": seen})
        assert answer.status_code == 400
        assert set_values() == {}

    @pytest.mark.parametrize("seen", ['{"MODEL_PREFIX": 5, "NO_KEY": []}', '{"MODEL_PREFIX": "Other"}'])
    def test_a_form_that_lies_about_it_changes_nothing(self, chief: Client, seen: str) -> None:
        assert save(chief, {"MODEL_SUFFIX": "X", "seen": seen}).status_code == 409
        assert set_values() == {}


class TestScripts:
    def test_a_script_is_told_where_to_go_on(self, chief: Client) -> None:
        answer = save(chief, {"MODEL_PREFIX": "Old"}, **JSON)
        assert answer.json() == {"address": PAGE}

    def test_a_script_gets_the_form_with_its_faults(self, chief: Client) -> None:
        answer = save(chief, {"MODEL_PREFIX": "a b"}, **JSON)
        assert answer.status_code == 400
        part = answer.json()["html"]
        assert "must be up to 40" in html.unescape(part).lower()
        assert "<html" not in part


class TestPreview:
    def preview(self, client: Client, changes: Dict[str, Any], **more: Any) -> Any:
        fields = {**fields_of(client), **changes}
        return client.post(
            PAGE + "preview/", {name: value for name, value in fields.items() if value is not None}, **JSON
        )

    def test_it_tells_what_would_come_and_go_and_saves_nothing(self, chief: Client) -> None:
        SyncConfig.set_config(DISCOVERY_SECTION, "EXCLUDE_MODELS", ["testapp.Badge"])
        answer = self.preview(chief, {"EXCLUDE_MODELS": "testapp.Order", "MODEL_PREFIX": "New"})
        part = answer.json()["html"]
        changed = dict(re.findall(r'data-label="([^"]+)"[^>]*data-change="(in|out)"', part))
        assert changed == {"testapp.Badge": "in", "testapp.Order": "out"}
        assert "excluded by EXCLUDE_MODELS" in html.unescape(part)
        assert "testapp.NewCustomer" in part
        assert set_values() == {"EXCLUDE_MODELS": ["testapp.Badge"]}
        assert "testapp.Order" in catalog.synced_models()

    def test_a_reset_is_previewed(self, chief: Client) -> None:
        SyncConfig.set_config(DISCOVERY_SECTION, "EXCLUDE_MODELS", ["testapp.Badge"])
        part = self.preview(chief, {"reset": "EXCLUDE_MODELS"}).json()["html"]
        assert re.findall(r'data-label="([^"]+)"[^>]*data-change="in"', part) == ["testapp.Badge"]

    def test_wrong_values_are_told_by_key(self, chief: Client) -> None:
        answer = self.preview(chief, {"INCLUDE_APPS": "nowhere"})
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == ["INCLUDE_APPS"]

    def test_it_asks_for_few_statements(self, chief: Client) -> None:
        fields = fields_of(chief)
        with measure() as asking:
            chief.post(PAGE + "preview/", {**fields, "EXCLUDE_MODELS": "testapp.Order"}, **JSON)
        assert asking.queries <= 6


def test_the_page_tells_why_each_model_is_in_or_out(chief: Client) -> None:
    SyncConfig.set_config(DISCOVERY_SECTION, "EXCLUDE_MODELS", ["testapp.Order"])
    models = models_of(chief.get(PAGE).context["preview"])
    assert (models["testapp.Order"].is_in, models["testapp.Order"].key) == (False, "EXCLUDE_MODELS")
    assert (models["testapp.Customer"].is_in, models["testapp.Customer"].change) == (True, "")
    assert models["testapp.Product"].is_shared
    assert "Several paths lead" in models["testapp.Contract"].problem
    assert models["sb_sync.SyncLog"].reason == "belongs to sb_sync itself"


@pytest.mark.parametrize(
    ("query", "some", "others"),
    [
        ("?q=badge", ["testapp.Badge"], ["testapp.Order"]),
        ("?q=BELONGS+sync+itself", ["sb_sync.SyncLog"], ["testapp.Order"]),
        ("?show=in", ["testapp.Order"], ["sb_sync.SyncLog"]),
        ("?show=out", ["sb_sync.SyncLog"], ["testapp.Order"]),
        ("?show=changed", [], ["testapp.Order", "sb_sync.SyncLog"]),
    ],
)
def test_the_search_among_models_is_in_the_address(
    chief: Client, query: str, some: List[str], others: List[str]
) -> None:
    page = chief.get(PAGE + query).content.decode()
    hidden = re.findall(r'data-label="([^"]+)"[^>]*hidden>', page)
    assert not set(some) & set(hidden)
    assert set(others) <= set(hidden)


@pytest.mark.parametrize("query", ["?section=secrets", "?section=%00", "?show=strange"])
def test_a_wrong_address_is_told(chief: Client, query: str) -> None:
    assert chief.get(PAGE + query).status_code == 400


class TestAccess:
    def test_who_may_only_look_can_change_nothing(self) -> None:
        SyncConfig.set_config(DISCOVERY_SECTION, "MODEL_PREFIX", "Old")
        client = make_client(make_staff(permissions=[VIEW]))
        answer = client.get(PAGE)
        assert "You may look at the settings." in text_of(answer)
        assert all(
            bound.field.disabled for bound in answer.context["form"] if bound.name in SECTIONS[DISCOVERY_SECTION]
        )
        assert 'name="back"' not in answer.content.decode()
        for address in (PAGE, OTHER, PAGE + "preview/"):
            sent = {"seen": json.dumps(set_values()), "MODEL_PREFIX": "Mine"}
            assert client.post(address, sent).status_code == 403
        assert set_values() == {"MODEL_PREFIX": "Old"}

    def test_who_may_change_them_needs_no_organization(self) -> None:
        client = make_client(make_staff(permissions=[VIEW, SETTINGS]))
        assert save(client, {"MODEL_PREFIX": "New"}).status_code == 303
        assert SyncConfiguration.history.get().history_username == "olga"

    def test_a_request_without_its_token_is_refused(self) -> None:
        client = make_client(make_chief(), enforce_csrf_checks=True)
        assert client.post(PAGE, {"seen": "{}", "MODEL_PREFIX": "X"}).status_code == 403
        assert set_values() == {}

    def test_the_preview_is_not_to_be_had_by_an_address_alone(self, chief: Client) -> None:
        assert chief.get(PAGE + "preview/").status_code == 405


def test_the_last_changes_are_told_to_those_who_may_decide_for_all(chief: Client) -> None:
    save(chief, {"MODEL_PREFIX": "Old", "reason": "as the board wishes"})
    for permissions, is_told in (([VIEW], False), ([VIEW, SETTINGS], True)):
        staff = make_client(make_staff(username=f"staff-{is_told}", permissions=permissions))
        shown = staff.get(PAGE).content.decode()
        assert ("as the board wishes" in shown, "chief" in shown) == (is_told, is_told)


def test_the_last_changes_are_told_without_their_markup(chief: Client) -> None:
    save(chief, {"MODEL_PREFIX": "Old", "reason": MARKUP})
    save(chief, {"back": "MODEL_PREFIX"})
    answer = chief.get(PAGE)
    assert MARKUP not in answer.content.decode()
    recent = [
        (entry.key, entry.value, entry.is_reset, entry.username, entry.reason) for entry in answer.context["recent"]
    ]
    assert recent == [
        ("MODEL_PREFIX", "", True, "chief", "POST " + PAGE),
        ("MODEL_PREFIX", "Old", False, "chief", MARKUP),
    ]


@pytest.mark.django_db(transaction=True)
def test_the_statements_of_a_page_do_not_grow(chief: Client) -> None:
    # Within a transaction nobody goes by what another request found: there each page would look at all tables.
    counts = []
    for times in (1, 12):
        for number in range(times):
            SyncConfig.set_config(DISCOVERY_SECTION, "MODEL_PREFIX", f"P{number}")
            SyncConfig.set_config(DISCOVERY_SECTION, "MAX_MODELS_PER_APP", number + 1)
        catalog.refresh()
        chief.get(PAGE)
        with measure() as reading:
            chief.get(PAGE)
        counts.append(reading.queries)
    assert counts[0] == counts[1] <= 15
