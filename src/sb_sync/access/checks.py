"""What Django's checks say of who may see what; `sb_sync.checks` registers these functions.

E201 CAPTURE names no model that can be captured · E202 `depends_on` leads nowhere · E203 `get_queryset` is no rule that
holds at any time · W201 `get_queryset` without `depends_on` · W202 stored row filters that do not fit their model.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Iterator, List, Optional, Sequence, Tuple

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, router
from django.db.models import TextField
from django.db.models.functions import Cast

from sb_sync import catalog
from sb_sync.access.filters import find_stored_fault
from sb_sync.access.querysets import choose_rows, own_condition
from sb_sync.access.resolution import resolve_scope
from sb_sync.access.scope import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.errors import SyncError
from sb_sync.models import DataFilter, ModelPermission, UserSite
from sb_sync.registry import runs_own
from sb_sync.relations import InvalidPath, declared_relations, find_capture_faults

__all__ = ["check_dependencies", "check_querysets", "check_stored_filters"]

CLOCK = re.compile(
    r"\b(CURRENT_(DATE|TIME|TIMESTAMP)|(STATEMENT|CLOCK|TRANSACTION)_TIMESTAMP|NOW|RAND|RANDOM)\b", re.IGNORECASE
)
# Quoted so, it is the name of a table or column.
NAME = re.compile(r'"[^"]*"|`[^`]*`')
SHOWN = 20


def check_dependencies(**_: Any) -> List[CheckMessage]:
    """Check, without asking a database, what `SB_SYNC["CAPTURE"]` and `ModelSync.depends_on` name."""
    found: List[CheckMessage] = [
        Error(
            f"SB_SYNC['CAPTURE']: {fault}",
            hint="Name models by their labels, such as auth.User.",
            id="sb_sync.E201",
        )
        for fault in find_capture_faults()
    ]
    for synced in _with_querysets():
        try:
            declared = declared_relations(synced)
        except InvalidPath as error:
            found.append(_broken_path(synced, error))
            continue
        if not declared:
            found.append(_undeclared(synced))
    return found


def check_querysets(databases: Optional[Sequence[str]] = None, **_: Any) -> List[CheckMessage]:
    """Check, as any member would see it, that each `get_queryset` is the same rule whenever it is asked."""
    using = router.db_for_read(UserSite)
    if using not in (databases or ()) or not list(_with_querysets()):
        return []
    try:
        scope = _find_scope(using)
    except DatabaseError:
        # A database that is away is told of by others.
        return []
    return [] if scope is None else [found for synced in _with_querysets() for found in _check_queryset(synced, scope)]


def check_stored_filters(databases: Optional[Sequence[str]] = None, **_: Any) -> List[CheckMessage]:
    """Check for row filters that other hands wrote, or that fitted the model as it was."""
    using = router.db_for_read(DataFilter)
    if using not in (databases or ()):
        return []
    try:
        if DataFilter._meta.db_table not in connections[using].introspection.table_names():
            return []
        faults = list(_find_stored_faults(using))
    except DatabaseError:
        return []
    if not faults:
        return []
    more = f" And {len(faults) - SHOWN} more." if len(faults) > SHOWN else ""
    return [
        CheckWarning(
            "Row filters do not fit their models, so their groups see no row of them: {}{}".format(
                " ".join(faults[:SHOWN]), more
            ),
            hint="Correct or delete them in the admin.",
            id="sb_sync.W202",
        )
    ]


def _with_querysets() -> Iterator[SyncedModel]:
    for synced in catalog.synced_models().values():
        if runs_own(synced.sync, "get_queryset") or synced.sync.depends_on:
            yield synced


def _broken_path(synced: SyncedModel, error: InvalidPath) -> CheckMessage:
    return Error(
        f"depends_on of {synced.label}: {error}",
        hint="Name forward relations joined by __, to tables that are captured. Until then the model cannot be pulled.",
        obj=synced.model,
        id="sb_sync.E202",
    )


def _undeclared(synced: SyncedModel) -> CheckMessage:
    return CheckWarning(
        f"get_queryset of {synced.label} comes without depends_on: only changes of the rows themselves are noticed.",
        hint="Declare the relations that it looks at, such as depends_on = ['customer__region']. Silence this where it"
        " looks at none.",
        obj=synced.model,
        id="sb_sync.W201",
    )


def _find_scope(using: str) -> Optional[Scope]:
    """Return the scope of some member, None where there is none yet."""
    members = UserSite.objects.using(using).filter(is_active=True, site__organization__is_active=True)
    for member in members.select_related("user").order_by("pk")[:10]:
        try:
            return resolve_scope(member.user, member.site_id)
        except SyncError:
            continue
    return None


def _check_queryset(synced: SyncedModel, scope: Scope) -> Iterator[CheckMessage]:
    if not runs_own(synced.sync, "get_queryset"):
        return
    try:
        first, second = own_condition(scope, synced), own_condition(scope, synced)
        is_sliced = choose_rows(scope, synced).query.is_sliced
    except ImproperlyConfigured as error:
        yield _unstable(synced, str(error))
        return
    except Exception:  # noqa: BLE001
        # The project's own code, which may want more than a check can give; a pull would show what it is.
        return
    if is_sliced:
        yield _unstable(synced, f"get_queryset of {synced.label} cuts its rows off: which are in depends on others.")
    elif first != second or _names_clock(first):
        yield _unstable(synced, f"get_queryset of {synced.label} asks for other rows each time, as with a clock.")


def _names_clock(condition: Optional[Tuple[str, str]]) -> bool:
    """Tell whether a statement asks what time it is, or has today's date in it."""
    sql, parameters = condition or ("", "")
    today = date.today()  # noqa: DTZ011  # just as the project's own code asks
    return CLOCK.search(NAME.sub("", sql)) is not None or repr(today) in parameters or today.isoformat() in parameters


def _unstable(synced: SyncedModel, message: str) -> CheckMessage:
    return Error(
        message,
        hint="It must choose by values of rows and of the scope alone: else every pull begins again from the start.",
        obj=synced.model,
        id="sb_sync.E203",
    )


def _find_stored_faults(using: str) -> Iterator[str]:
    filters = DataFilter.objects.using(using).filter(is_active=True)
    for key, label, text in filters.annotate(text=Cast("filter_condition", TextField())).values_list(
        "pk", "model_name", "text"
    ):
        fault = find_stored_fault(label, text)
        if fault:
            yield f"row filter {key}: {fault}"
    permissions = ModelPermission.objects.using(using).filter(filters__isnull=False)
    for key, label, text in permissions.annotate(text=Cast("filters", TextField())).values_list(
        "pk", "model_name", "text"
    ):
        fault = "" if text in ("null", "{}") else find_stored_fault(label, text)
        if fault:
            yield f"model permission {key}: {fault}"
