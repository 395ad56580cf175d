"""What those keys of MODEL_DISCOVERY do that need clients, users, tables or time to be seen, seen by doing it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, NamedTuple, Tuple

from django.apps import apps
from django.db import connection
from django.test.utils import override_settings

from sb_sync import catalog
from sb_sync.access import resolve_scope
from sb_sync.discovery import examine
from sb_sync.maintenance import describe_models
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.testapp.models import Gauge
from tests.variety.effects import DEFAULTS, format_values

__all__ = ["Seen", "see_all"]


class Seen(NamedTuple):
    """What became of a model, without the value and with it."""

    key: str
    values: Dict[str, Any]
    model: str
    before: str
    after: str

    def as_row(self) -> str:
        """Return it as a row of a table in the documentation."""
        return f"| {format_values(self.values)} | `{self.model}` | {self.after} |"


def see_all() -> Iterator[Seen]:
    """See each key at work; needs a database outside of transactions."""
    for key, value in (("MODEL_PREFIX", "Old"), ("MODEL_SUFFIX", "V2"), ("MODEL_NAMESPACE", "acme")):
        yield _see_public_label(key, value)
    yield _see_tables_that_cannot_be_read()
    yield _see_rights_of_a_user()
    for key, value in (("ENABLE_DISCOVERY_CACHING", False), ("DISCOVERY_CACHE_TIMEOUT", 0)):
        yield _see_a_table_that_goes(key, value)


def _see_public_label(key: str, value: str) -> Seen:
    names = []
    for values in ({}, {key: value}):
        with setting(values):
            names.append("clients call it `{}`".format(catalog.synced_models()["testapp.Order"].public_label))
    return Seen(key, {key: value}, "testapp.Order", *names)


def _see_tables_that_cannot_be_read() -> Seen:
    """Ask for the table of a model that has none."""
    model = apps.get_model("variety", "Invoice")
    values = {"SAFE_DISCOVERY_MODE": False, "VALIDATE_MODEL_ACCESS": False}
    found = []
    for validates in (True, False):
        verdict = examine([model], {**DEFAULTS, **values, "VALIDATE_MODEL_ACCESS": validates}).get(model)
        found.append("in: a model of the project" if verdict is None else f"out: {verdict.reason}")
    return Seen("VALIDATE_MODEL_ACCESS", values, "variety.Invoice", *found)


def _see_rights_of_a_user() -> Seen:
    """Ask as a user who was granted another model."""
    acme = make_organization("acme")
    grant(acme, models=["testapp.Region"])
    scope = resolve_scope(make_member(acme))
    found = []
    for checks in (False, True):
        with setting({"CHECK_MODEL_PERMISSIONS": checks}):
            told = next(model for model in describe_models(scope) if model.label == "testapp.Order")
        found.append(_tell(told.included, told.reason))
    values = {"CHECK_MODEL_PERMISSIONS": True}
    return Seen("CHECK_MODEL_PERMISSIONS", values, "testapp.Order", *found)


def _see_a_table_that_goes(key: str, value: Any) -> Seen:
    """Take a table away between two requests."""
    found: Tuple[str, ...] = ()
    for values in ({}, {key: value}):
        with setting(values):
            catalog.refresh(tables_changed=True)
            with _away(Gauge):
                catalog.refresh()
                told = next(each for each in catalog.decisions() if each.model is Gauge)
                found += (_tell(told.included, told.reason),)
    catalog.refresh(tables_changed=True)
    return Seen(key, {key: value}, "testapp.Gauge", *found)


def _tell(included: bool, reason: str) -> str:
    return "{}: {}".format("in" if included else "out", reason)


@contextmanager
def setting(values: Dict[str, Any]) -> Iterator[None]:
    """Let the project say this of discovery."""
    try:
        with override_settings(SB_SYNC={"MODEL_DISCOVERY": values}):
            catalog.reload()
            yield
    finally:
        catalog.reload()


@contextmanager
def _away(model: Any) -> Iterator[None]:
    table = model._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(model, table, table + "_away")
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(model, table + "_away", table)
