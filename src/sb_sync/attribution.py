"""In whose name rows are written, and why: what every history tells of it.

Whoever begins work says it: the API, the admin, a command, a task. simple-history looks for a request with its user; an
`Author` stands in that place, whether the project has simple-history's middleware or not.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ContextManager, Iterable, Iterator, Optional, Type

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from simple_history.models import HistoricalRecords
from simple_history.signals import pre_create_historical_record

__all__ = [
    "CHANGED",
    "CREATED",
    "MAX_NAME_LENGTH",
    "Author",
    "attributed_to",
    "attributed_to_request",
    "connect",
    "current_author",
    "write_entries",
]

#: Kinds of entries, as simple-history writes them.
CREATED, CHANGED = "+", "~"
OWN_APP = "sb_sync"
#: Of the name of a user in our own histories.
MAX_NAME_LENGTH = 254


@dataclass(frozen=True)
class Author:
    """Who writes, None where nobody is known, and why."""

    user: Any
    reason: str


@contextmanager
def attributed_to(user: Any, reason: str) -> Iterator[None]:
    """Let histories name a user and a reason for whatever is written inside.

    Without a user the one stays whose request this is: a command may be called by a view.
    """
    context: Any = HistoricalRecords.context
    has_request = hasattr(context, "request")
    before = getattr(context, "request", None)
    context.request = Author(current_author().user if user is None else user, reason)
    try:
        yield
    finally:
        if has_request:
            context.request = before
        else:
            del context.request


def attributed_to_request(request: HttpRequest) -> ContextManager[None]:
    """Let histories name the user of a request, and its address as the reason, for whatever is written inside."""
    return attributed_to(_find_user(request), _describe(request))


def current_author() -> Author:
    """Return in whose name rows are written at the moment."""
    request = getattr(HistoricalRecords.context, "request", None)
    if isinstance(request, Author):
        return request
    return Author(_find_user(request), _describe(request) if isinstance(request, HttpRequest) else "")


def connect() -> None:
    """Let every entry of a history tell what is known of its author."""
    pre_create_historical_record.connect(_sign, dispatch_uid="sb_sync.attribution")


def write_entries(model: Type[Model], rows: Iterable[Any], kind: str, *, using: str) -> None:
    """Write the entries of rows of ours that were written set by set, as they stand now, all of one moment."""
    history: Any = getattr(model, "history").model  # noqa: B009 - not every model has one
    author, moment = current_author(), timezone.now()
    entries = [
        history(
            history_date=moment,
            history_type=kind,
            history_user=author.user,
            history_username=_name(author.user),
            history_change_reason=author.reason or None,
            **{field.attname: getattr(row, field.attname) for field in history.tracked_fields},
        )
        for row in rows
    ]
    history._base_manager.using(using).bulk_create(entries)


def _sign(sender: Any, history_instance: Any, history_user: Any = None, **kwargs: Any) -> None:
    """Complete an entry that is about to be written, of a project's table only where the work is ours."""
    request = getattr(HistoricalRecords.context, "request", None)
    is_own = sender._meta.app_label == OWN_APP
    if is_own:
        history_instance.history_username = _name(history_user)
    if not history_instance.history_change_reason and (is_own or isinstance(request, Author)):
        room: Optional[int] = sender._meta.get_field("history_change_reason").max_length
        history_instance.history_change_reason = current_author().reason[:room] or None


def _find_user(request: Any) -> Any:
    user = getattr(request, "user", None)
    return user if getattr(user, "is_authenticated", False) else None


def _name(user: Any) -> str:
    return "" if user is None else str(user.get_username())[:MAX_NAME_LENGTH]


def _describe(request: HttpRequest) -> str:
    """Return what was asked, without its parameters, which may hold anything, and as every database takes it."""
    path = request.path.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    return f"{request.method} {path}"
