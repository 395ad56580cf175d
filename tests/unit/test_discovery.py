"""Which models are in, by each key of MODEL_DISCOVERY."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, models
from django.test.utils import isolate_apps

from sb_sync import ModelSync, catalog, config, register
from sb_sync.config import MODEL_DISCOVERY
from sb_sync.discovery import Decision, discover, examine
from sb_sync.maintenance import describe_models
from sb_sync.registry import unregister
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.testapp.models import Region
from tests.variety.effects import DEFAULTS, EFFECTS, ELSEWHERE, Effect
from tests.variety.elsewhere import see_all
from tests.variety.installed import variety


@pytest.fixture(autouse=True)
def _variety() -> Iterator[None]:
    with variety():
        yield


def decide(label: str, **values: Any) -> Decision:
    return next(found for found in discover({**DEFAULTS, **values}) if found.model._meta.label == label)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: f"{effect.key}-{effect.label}")
def test_each_key_moves_a_model_and_says_so(effect: Effect) -> None:
    before, after = effect.before(), effect.after()
    assert before.included != after.included
    decided = after if before.included else before
    # Machinery is out by itself, which INCLUDE_APPS only overrules.
    if decided.model is not Group:
        assert effect.key in (decided.key, "EXCLUDE_ABSTRACT_MODELS")
        assert decided.key in decided.reason


def test_every_key_has_a_test_of_what_it_does() -> None:
    assert {effect.key for effect in EFFECTS} | ELSEWHERE == set(MODEL_DISCOVERY)
    assert not {effect.key for effect in EFFECTS} & ELSEWHERE


@pytest.mark.django_db(transaction=True)
def test_each_key_that_acts_elsewhere_is_seen_to_act() -> None:
    seen = list(see_all())
    assert {found.key for found in seen} == ELSEWHERE
    for found in seen:
        assert found.before != found.after, found.key


def test_the_pattern_that_excludes_is_named() -> None:
    found = decide("variety.ImportLog", EXCLUDE_MODEL_PATTERNS=["Draft$", "Log$"])
    assert (found.included, found.reason) == (False, "excluded by EXCLUDE_MODEL_PATTERNS 'Log$'")
    assert decide("variety.Invoice", EXCLUDE_MODEL_PATTERNS=["Draft$", "Log$"]).included


def test_a_registered_model_is_in_without_auto_discovery_unless_it_is_excluded() -> None:
    assert decide("testapp.Stand", AUTO_DISCOVER_MODELS=False).reason == "registered in sync.py"
    assert not decide("testapp.Stand", EXCLUDE_MODELS=["testapp.Stand"]).included
    assert not decide("testapp.Stand", INCLUDE_APPS=["variety"]).included


def test_a_model_of_django_is_in_where_it_is_named_or_registered() -> None:
    assert not decide("auth.Group").included
    assert decide("auth.Group", INCLUDE_APPS=["auth"], INCLUDE_CUSTOM_MODELS=False).included
    register(Group)(type("Chosen", (ModelSync,), {}))
    try:
        assert decide("auth.Group").included
    finally:
        unregister(Group)


@pytest.mark.parametrize("values", [{}, {"INCLUDE_APPS": ["auth", "testapp"]}, {"SAFE_DISCOVERY_MODE": False}])
def test_users_are_never_in_by_a_setting_alone(values: Dict[str, Any]) -> None:
    for label in ("auth.User", "testapp.Courier"):
        assert not decide(label, **values).included


def test_nothing_lets_our_own_tables_in() -> None:
    wide_open = {
        **DEFAULTS, "INCLUDE_APPS": ["sb_sync", "testapp"], "SAFE_DISCOVERY_MODE": False,
        "VALIDATE_MODEL_ACCESS": False, "EXCLUDE_HISTORICAL_MODELS": False, "EXCLUDE_PROXY_MODELS": False,
    }  # fmt: skip
    decided = discover(wide_open)
    assert not [found for found in decided if found.included and found.model._meta.app_label == "sb_sync"]
    assert [found for found in decided if found.included]


def test_a_registered_model_of_ours_stays_out() -> None:
    tokens = apps.get_model("sb_sync", "TokenFamily")
    register(tokens)(type("Chosen", (ModelSync,), {}))
    try:
        assert not decide("sb_sync.TokenFamily").included
    finally:
        unregister(tokens)


def test_abstract_models_are_listed_only_where_they_count_and_never_in() -> None:
    labels = [found.model._meta.label for found in discover(DEFAULTS)]
    assert "variety.Audited" not in labels
    found = decide("variety.Audited", EXCLUDE_ABSTRACT_MODELS=False)
    assert not found.included
    assert "no table" in found.reason


def test_an_abstract_model_stands_for_those_made_of_it_in_patterns_too() -> None:
    values = {"EXCLUDE_ABSTRACT_MODELS": False, "INCLUDE_MODEL_PATTERNS": ["^variety.Audited$"]}
    assert [found.model._meta.label for found in discover({**DEFAULTS, **values}) if found.included] == [
        "variety.ImportLog",
        "variety.Invoice",
    ]


def test_only_so_many_models_of_an_app_are_in_and_others_do_not_count() -> None:
    values = {**DEFAULTS, "MAX_MODELS_PER_APP": 2, "INCLUDE_APPS": ["variety"], "EXCLUDE_MODELS": ["variety.Draft"]}
    assert [found.model._meta.label for found in discover(values) if found.included] == [
        "variety.ImportLog",
        "variety.Invoice",
    ]


def test_a_key_that_is_no_stable_name_keeps_a_model_out() -> None:
    assert decide("variety.Reading").key == "SAFE_DISCOVERY_MODE"
    assert decide("variety.Reading", SAFE_DISCOVERY_MODE=False).included


def test_a_manager_that_fails_leaves_its_model_out(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def fail(self: Any) -> Any:
        raise RuntimeError("no rows today")

    manager = type(apps.get_model("variety", "Draft")._default_manager)
    monkeypatch.setattr(manager, "get_queryset", fail)
    assert decide("variety.Draft").included
    assert decide("variety.Draft", EXCLUDE_MANAGER_MODELS=True).key == "EXCLUDE_MANAGER_MODELS"
    assert "no rows today" in caplog.text


def test_a_proxy_and_its_model_are_told_apart() -> None:
    values = {"EXCLUDE_PROXY_MODELS": False, "INCLUDE_MODEL_TYPES": ["proxy"]}
    assert [found.model._meta.label for found in discover({**DEFAULTS, **values}) if found.included] == [
        "variety.AdultCustomer"
    ]


@pytest.mark.django_db
@isolate_apps("tests.testapp")
def test_a_table_that_is_missing_or_cannot_be_read_is_found_out() -> None:
    class Ghost(models.Model):
        class Meta:
            app_label = "testapp"
            db_table = "testapp_nowhere"

    class Wider(models.Model):
        another_column = models.IntegerField()

        class Meta:
            app_label = "testapp"
            db_table = Region._meta.db_table

    def keys(**values: Any) -> Dict[str, str]:
        found = examine([Ghost, Wider, Region], {**DEFAULTS, **values})
        return {model.__name__: verdict.key for model, verdict in found.items()}

    assert keys() == {"Ghost": "SAFE_DISCOVERY_MODE", "Wider": "VALIDATE_MODEL_ACCESS"}
    assert keys(SAFE_DISCOVERY_MODE=False) == {"Ghost": "VALIDATE_MODEL_ACCESS", "Wider": "VALIDATE_MODEL_ACCESS"}
    assert keys(VALIDATE_MODEL_ACCESS=False) == {"Ghost": "SAFE_DISCOVERY_MODE"}
    assert keys(VALIDATE_MODEL_ACCESS=False, SAFE_DISCOVERY_MODE=False) == {}


@pytest.mark.django_db(transaction=True)
@isolate_apps("tests.testapp")
def test_a_table_that_is_a_view_is_found_out() -> None:
    class Seen(models.Model):
        class Meta:
            app_label = "testapp"
            db_table = "testapp_seen"

    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE VIEW {quote('testapp_seen')} AS SELECT id FROM {quote(Region._meta.db_table)}")
    try:
        found = examine([Seen, Region], DEFAULTS)
        assert [(model.__name__, verdict.key) for model, verdict in found.items()] == [("Seen", "SAFE_DISCOVERY_MODE")]
        assert ("is a view" in found[Seen].reason, found[Seen].is_lasting) == (True, True)
        assert not examine([Seen, Region], {**DEFAULTS, "SAFE_DISCOVERY_MODE": False})
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP VIEW {quote('testapp_seen')}")


@pytest.mark.django_db
def test_tables_are_looked_at_again_as_the_settings_say(settings: Any) -> None:
    def is_looked_at_again() -> bool:
        catalog.refresh()
        before = config.current()
        catalog.refresh()
        return config.current() is not before

    catalog.refresh(tables_changed=True)
    settings.SB_SYNC = {"MODEL_DISCOVERY": {"VALIDATE_MODEL_ACCESS": False, "SAFE_DISCOVERY_MODE": False}}
    catalog.refresh(tables_changed=True)
    assert not is_looked_at_again()
    for values in ({"ENABLE_DISCOVERY_CACHING": False}, {"DISCOVERY_CACHE_TIMEOUT": 0}):
        settings.SB_SYNC = {"MODEL_DISCOVERY": values}
        assert is_looked_at_again()
    settings.SB_SYNC = {}
    catalog.refresh(tables_changed=True)


@pytest.mark.django_db
def test_a_user_is_told_only_of_what_that_user_may_touch_where_it_is_set(settings: Any) -> None:
    from sb_sync.access import resolve_scope

    acme = make_organization("acme")
    user = make_member(acme)
    grant(acme, models=["testapp.Customer"], push=False)
    grant(acme, models=["testapp.Region"], push=False, pull=False)
    scope = resolve_scope(user)

    def included() -> Dict[str, bool]:
        told = {model.label: model.included for model in describe_models(scope)}
        return {label: told["testapp." + label] for label in ("Customer", "Region", "Order")}

    assert included() == {"Customer": True, "Region": True, "Order": True}
    settings.SB_SYNC = {"MODEL_DISCOVERY": {"CHECK_MODEL_PERMISSIONS": True}}
    assert included() == {"Customer": True, "Region": False, "Order": False}
    assert next(model for model in describe_models() if model.label == "testapp.Order").included
    reason = next(model.reason for model in describe_models(scope) if model.label == "testapp.Order")
    assert "CHECK_MODEL_PERMISSIONS" in reason


def test_labels_for_clients_are_made_of_namespace_prefix_and_suffix(settings: Any) -> None:
    names = {"MODEL_NAMESPACE": "acme.eu", "MODEL_PREFIX": "Old", "MODEL_SUFFIX": "V2"}
    for chosen, public in [
        ({}, "testapp.Order"),
        ({"MODEL_NAMESPACE": "acme"}, "acme.testapp.Order"),
        ({"MODEL_PREFIX": "Old"}, "testapp.OldOrder"),
        ({"MODEL_SUFFIX": "V2"}, "testapp.OrderV2"),
        (names, "acme.eu.testapp.OldOrderV2"),
    ]:
        settings.SB_SYNC = {"MODEL_DISCOVERY": chosen}
        catalog.reload()
        found = catalog.synced_models()["testapp.Order"]
        assert (found.label, found.public_label) == ("testapp.Order", public)
        for name in (public, public.upper(), "testapp.order"):
            assert catalog.find_on_wire(name) is found
        assert catalog.find("testapp.Order") is found
        assert (catalog.find(public) is None) == bool(chosen)


def test_a_public_label_that_is_another_models_label_is_not_given(settings: Any) -> None:
    settings.SB_SYNC = {"MODEL_DISCOVERY": {"MODEL_SUFFIX": "Line"}}
    catalog.reload()
    assert catalog.synced_models()["testapp.Order"].public_label == "testapp.Order"
    assert catalog.synced_models()["testapp.OrderLine"].public_label == "testapp.OrderLineLine"
    line = catalog.find_on_wire("testapp.OrderLine")
    assert line is not None
    assert line.label == "testapp.OrderLine"
