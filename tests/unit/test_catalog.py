"""Which models are synchronised, in which order, and where their organization stands."""

from __future__ import annotations

import threading
from typing import Any, List

import pytest
from django.contrib.auth.models import User

from sb_sync import ModelSync, catalog, register
from sb_sync.registry import unregister
from tests.testapp.models import Courier


def test_models_stand_parents_before_children() -> None:
    labels = list(catalog.synced_models())
    for parent, child in [
        ("testapp.Customer", "testapp.Order"),
        ("testapp.Order", "testapp.OrderLine"),
        ("testapp.Product", "testapp.OrderLine"),
        ("testapp.Place", "testapp.Restaurant"),
        ("testapp.Customer", "testapp.Badge"),
    ]:
        assert labels.index(parent) < labels.index(child)


def test_the_organization_is_found_by_an_own_key() -> None:
    tenant = catalog.synced_models()["testapp.Customer"].tenant
    assert tenant is not None
    assert (tenant.lookup, tenant.hops) == ("organization_id", ())


def test_the_organization_is_found_by_a_path() -> None:
    tenant = catalog.synced_models()["testapp.OrderLine"].tenant
    assert tenant is not None
    assert tenant.lookup == "order__customer__organization_id"
    assert [(hop.table, hop.to_table) for hop in tenant.hops] == [
        ("testapp_orderline", "testapp_order"),
        ("testapp_order", "testapp_customer"),
    ]


def test_an_inherited_key_is_joined_through_the_parent_link() -> None:
    tenant = catalog.synced_models()["testapp.Restaurant"].tenant
    assert tenant is not None
    assert tenant.lookup == "organization_id"
    assert [(hop.table, hop.to_table) for hop in tenant.hops] == [("testapp_restaurant", "testapp_place")]
    assert tenant.table == "testapp_place"


def test_a_model_without_a_path_is_shared() -> None:
    assert catalog.synced_models()["testapp.Product"].is_shared


def test_two_competing_keys_keep_a_model_out() -> None:
    assert "testapp.Contract" not in catalog.synced_models()
    assert [(refusal.model._meta.label, refusal.code) for refusal in catalog.refusals()] == [
        ("testapp.Contract", "ambiguous_tenant")
    ]


def test_who_chooses_the_key_is_told() -> None:
    kinds = {label: synced.key_kind for label, synced in catalog.synced_models().items()}
    assert kinds["testapp.Customer"] == kinds["testapp.Tag"] == kinds["testapp.Shelf"] == catalog.CLIENT
    assert kinds["testapp.Badge"] == catalog.CLIENT
    assert kinds["testapp.Order"] == kinds["testapp.Restaurant"] == catalog.AUTOMATIC


def test_a_label_is_found_in_any_case() -> None:
    found = catalog.find("TESTAPP.customer")
    assert found is not None
    assert found.label == "testapp.Customer"
    assert catalog.find("auth.User") is None


def test_users_are_kept_out_by_inheritance_too() -> None:
    assert issubclass(Courier, User)
    assert catalog.find("testapp.Courier") is None
    register(Courier)(type("Chosen", (ModelSync,), {}))
    try:
        catalog.reload()
        assert catalog.find("testapp.Courier") is not None
    finally:
        unregister(Courier)
        catalog.reload()


def test_threads_that_look_at_once_go_on_with_the_same_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """A push compares models: it must not be handed new ones while it runs."""
    barrier = threading.Barrier(2)
    find_all = catalog._find_all

    def find_together(examination: Any) -> Any:
        barrier.wait(10)
        return find_all(examination)

    monkeypatch.setattr(catalog, "_find_all", find_together)
    catalog.reload()
    found: List[Any] = []
    threads = [threading.Thread(target=lambda: found.append(catalog.synced_models())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] is found[1] is catalog.synced_models()
