"""System checks of captured models, of `get_queryset` and of what it depends on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Callable, Dict, Iterator, List

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from sb_sync import ModelSync, catalog, register
from sb_sync.registry import unregister
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.testapp.models import Customer, Order


@pytest.fixture(autouse=True)
def _look_again() -> Iterator[None]:
    yield
    unregister(Customer)
    catalog.reload()


def give(function: Callable[[Any, Any], Any], *paths: str) -> None:
    """Give customers a `get_queryset` with what it depends on."""
    own = {"get_queryset": lambda self, queryset, scope: function(queryset, scope), "depends_on": paths}
    register(Customer)(type("Own", (ModelSync,), own))
    catalog.reload()


def run(**options: Any) -> Dict[str, List[CheckMessage]]:
    found: Dict[str, List[CheckMessage]] = {}
    for message in run_checks(**options):
        if str(message.id).startswith("sb_sync."):
            assert message.hint
            found.setdefault(str(message.id), []).append(message)
    return found


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["auth.Nothing"], "'auth.Nothing' is the label of no model"),
        (["User"], "'User' is the label of no model"),
        ([5], "5 is the label of no model"),
        (["sb_sync.Change"], "belongs to sb_sync itself"),
        (["sb_sync.Organization"], "belongs to sb_sync itself"),
        (["testapp.HistoricalChapter"], "holds the history of another model"),
    ],
)
def test_a_label_that_cannot_be_captured_is_told(settings: Any, labels: List[Any], told: str) -> None:
    settings.SB_SYNC = {"CAPTURE": [*labels, "auth.User"]}
    (message,) = run()["sb_sync.E201"]
    assert told in message.msg


def test_a_setting_of_another_type_is_told_once(settings: Any) -> None:
    settings.SB_SYNC = {"CAPTURE": "auth.User"}
    assert "sb_sync.E201" not in run()
    assert "must be list or tuple" in run()["sb_sync.E001"][0].msg


def test_a_captured_model_is_no_fault(settings: Any) -> None:
    settings.SB_SYNC = {"CAPTURE": ["auth.User", "sites.Site", "testapp.Customer"]}
    assert "sb_sync.E201" not in run()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("nothing", "no field"),
        ("orders", "backwards"),
        ("name", ""),
        ("region__name", ""),
        ("region", ""),
        ("tags", ""),
        ("assigned_manager", "CAPTURE"),
        ("name__region", "not a relation"),
        ("region__site", "CAPTURE"),
        ("", "no field"),
    ],
)
def test_what_get_queryset_depends_on_must_lead_somewhere(path: str, told: str) -> None:
    give(lambda queryset, scope: queryset, path)
    found = run().get("sb_sync.E202", [])
    assert told in found[0].msg if told else not found


def test_get_queryset_without_depends_on_is_warned_of() -> None:
    give(lambda queryset, scope: queryset)
    (message,) = run()["sb_sync.W201"]
    assert message.obj is Customer
    unregister(Customer)
    give(lambda queryset, scope: queryset, "region")
    assert "sb_sync.W201" not in run()


UNSTABLE: Dict[str, Callable[[Any, Any], Any]] = {
    "a time of Python's": lambda queryset, scope: queryset.filter(updated_at__gt=timezone.now() - timedelta(days=1)),
    "a time of the database's": lambda queryset, scope: queryset.filter(updated_at__lt=Now()),
    "today": lambda queryset, scope: queryset.filter(updated_at__date=timezone.now().date()),
    "by chance": lambda queryset, scope: queryset.order_by("?")[:3],
    "cut off": lambda queryset, scope: queryset.order_by("name")[:3],
    "rows of another model": lambda queryset, scope: Order.objects.all(),
    "a list": lambda queryset, scope: list(queryset),
    "nothing": lambda queryset, scope: None,
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", UNSTABLE)
def test_a_queryset_that_is_no_rule_is_refused(name: str) -> None:
    give(UNSTABLE[name], "region")
    acme = make_organization("acme")
    grant(acme)
    make_member(acme)
    (message,) = run(databases=["default"])["sb_sync.E203"]
    assert message.obj is Customer
    assert "sb_sync.E203" not in run()


@pytest.mark.django_db
def test_a_queryset_that_goes_by_rows_and_scope_is_none_to_tell_of() -> None:
    give(lambda queryset, scope: queryset.filter(Q(name=scope.username) | Q(region__name="x")), "region")
    acme = make_organization("acme")
    grant(acme)
    make_member(acme)
    assert "sb_sync.E203" not in run(databases=["default"])


@pytest.mark.django_db
def test_a_column_that_is_called_like_a_clock_is_none() -> None:
    give(lambda queryset, scope: queryset.extra(where=['"now" = 1 OR "random" IS NULL']), "region")
    acme = make_organization("acme")
    grant(acme)
    make_member(acme)
    assert "sb_sync.E203" not in run(databases=["default"])


@pytest.mark.django_db
def test_nobody_to_look_for_is_no_fault() -> None:
    give(lambda queryset, scope: queryset[:3], "region")
    assert "sb_sync.E203" not in run(databases=["default"])
