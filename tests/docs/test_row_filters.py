"""Do what the page on row filters says: its conditions fit, its code runs and prints what it shows."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout
from typing import Any, Dict, Iterator

import pytest
from django.core.exceptions import ValidationError

from sb_sync import catalog
from sb_sync.access import resolve_scope, scoped_queryset
from sb_sync.access.filters import find_fault
from sb_sync.access.filters.parse import DEEPEST, LONGEST_TEXT, MOST_COMPARISONS, MOST_VALUES, OPERATORS
from sb_sync.models import DataFilter
from sb_sync.registry import unregister
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.docs.pages import read, resembles, snippets, words_in_tables
from tests.testapp.models import Customer, Order, Region

PAGE = "how-to/row-filters.md"
OWN = "shop."
TESTS = "testapp."

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Any:
    """Return a member of the page's group and organization."""
    acme = make_organization("acme")
    grant(acme, group="Sales")
    return make_member(acme, username="North", group="Sales")


@pytest.fixture
def _own_sync() -> Iterator[None]:
    yield
    unregister(Order)
    catalog.reload()


def test_the_code_makes_the_filter_and_shows_the_refusal(seller: Any) -> None:
    acme = seller.sync_memberships.get().site.organization
    mine = Customer.objects.create(organization=acme, name="mine", assigned_manager=seller)
    Customer.objects.create(organization=acme, name="other")
    space: Dict[str, Any] = {}
    printed = ""
    for block in snippets(PAGE):
        if block.kind == "run":
            out = io.StringIO()
            with redirect_stdout(out):
                exec(block.text.replace(OWN, TESTS), space)
            printed = out.getvalue()
        elif block.kind == "answer":
            assert resembles(block.text, printed, block.language)
    assert DataFilter.objects.count() == 1
    assert list(visible(seller, "testapp.Customer")) == [mine]


def visible(user: Any, label: str) -> Any:
    return scoped_queryset(resolve_scope(user, None), catalog.synced_models()[label])


def test_every_condition_fits_its_model(seller: Any, settings: Any) -> None:
    checked = 0
    for block in snippets(PAGE):
        if block.kind in ("condition", "captured"):
            label, condition = block.file.replace(OWN, TESTS), json.loads(block.text)
            if block.kind == "captured":
                assert "CAPTURE" in find_fault(label, condition)
                settings.SB_SYNC = {"CAPTURE": ["auth.User"]}
            assert find_fault(label, condition) == ""
            checked += 1
    assert checked == 5


@pytest.mark.usefixtures("_own_sync")
def test_the_queryset_narrows_what_is_seen(seller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = [block for block in snippets(PAGE) if block.kind == "sync"]
    monkeypatch.setitem(sys.modules, "shop", sys.modules["tests.testapp"])
    monkeypatch.setitem(sys.modules, "shop.models", sys.modules["tests.testapp.models"])
    exec(block.text, {})
    catalog.reload()
    acme = seller.sync_memberships.get().site.organization
    for name in ("Northern", "Southern"):
        region = Region.objects.create(site_id=acme.pk, name=name)
        customer = Customer.objects.create(organization=acme, region=region)
        Order.objects.create(customer=customer, number=name)
    assert [order.number for order in visible(seller, "testapp.Order")] == ["Northern"]


def test_every_operator_and_limit_is_told() -> None:
    assert words_in_tables(PAGE) >= OPERATORS
    text = read(PAGE)
    assert f"{MOST_COMPARISONS} comparisons and {MOST_VALUES} values, nested {DEEPEST} deep" in text
    assert f"texts of {LONGEST_TEXT:,} characters" in text
    with pytest.raises(ValidationError):
        DataFilter(model_name="testapp.Customer", filter_condition={"field": "nothing"}).clean()
