"""Differences between the supported versions of Django, and nowhere else."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import Any, AsyncIterator, Iterator, List, Type

import django
from asgiref.sync import sync_to_async
from django import forms
from django.core.exceptions import ValidationError
from django.core.handlers.asgi import ASGIRequest
from django.db import models
from django.db.models.fields import NOT_PROVIDED
from django.dispatch import Signal
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.utils import timezone

__all__ = [
    "JSONFormField",
    "binary_cursor",
    "binds_on_server",
    "check_condition",
    "has_database_default",
    "inserting",
    "is_composite_key",
    "is_generated",
    "live_receivers",
    "localize",
    "streaming_body",
]


class JSONFormField(forms.JSONField):
    """A form's field for JSON: what nests too deep is refused, and what was not sent at all can be shown again.

    (Django 4.0 or later can show it.)
    """

    def to_python(self, value: Any) -> Any:
        """Return what the JSON says."""
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": "[…"}) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what is shown again."""
        try:
            return None if data is None else super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)


def is_composite_key(model: Type[models.Model]) -> bool:
    """Tell whether the primary key spans several columns (Django 5.2 or later)."""
    composite = getattr(models, "CompositePrimaryKey", None)
    return composite is not None and isinstance(model._meta.pk, composite)


def check_condition(constraint: models.CheckConstraint) -> Any:
    """Return the condition of a check constraint, which was called its check before Django 5.1."""
    return constraint.condition if django.VERSION >= (5, 1) else getattr(constraint, "check")  # noqa: B009


def has_database_default(field: models.Field[Any, Any]) -> bool:
    """Tell whether the database fills the field where nothing is given (Django 5.0 or later)."""
    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def is_generated(field: models.Field[Any, Any]) -> bool:
    """Tell whether the database computes the field (Django 5.0 or later)."""
    return bool(getattr(field, "generated", False))


@contextmanager
def inserting(instance: Any) -> Iterator[None]:
    """Let a new instance be inserted into every table that it stands in, never updated.

    `force_insert` does not reach the tables of parents before Django 5.0, nor through a save() that takes no arguments.
    """
    save_table = instance._save_table

    def insert(raw: bool = False, cls: Any = None, force_insert: bool = False, *arguments: Any, **options: Any) -> Any:
        return save_table(raw, cls, force_insert or instance._state.adding, *arguments, **options)

    instance._save_table = insert
    try:
        yield
    finally:
        del instance._save_table


def binds_on_server(connection: Any) -> bool:
    """Tell whether a driver is psycopg 3 (Django 4.2 or later), which can send values apart from the SQL."""
    return bool(connection.Database.__name__ == "psycopg")


def binary_cursor(connection: Any) -> Any:
    """Return a cursor that sends values in binary where the driver can; Django's own write them into the SQL.

    Wrapped by Django as any other: counted, logged, its errors translated.
    """
    if not binds_on_server(connection):
        return connection.cursor()
    connection.ensure_connection()
    return connection._prepare_cursor(connection.Database.Cursor(connection.connection))


def live_receivers(signal: Signal, sender: Type[models.Model]) -> List[Any]:
    """Return the receivers that a signal of this sender would call."""
    found = signal._live_receivers(sender)
    if django.VERSION >= (5, 0):
        synchronous, asynchronous = found[0], found[1]
        return [*synchronous, *asynchronous]
    return list(found)


def localize(value: datetime) -> datetime:
    """Return a naive time as one of the project's time zone, also where the clock skips or repeats it.

    Time zones of pytz (Django below 4.0) raise there unless told which side to take.
    """
    zone: Any = timezone.get_default_timezone()
    if hasattr(zone, "localize"):
        try:
            return zone.localize(value, is_dst=False)  # type: ignore[no-any-return]  # pytz is untyped
        except OverflowError:
            # It looks a day around, which the first and the last day of the calendar do not have.
            pass
    return value.replace(tzinfo=zone)


def streaming_body(request: HttpRequest, chunks: Any) -> Any:
    """Return chunks, an iterator with `close`, as the server at hand sends them one by one.

    Under ASGI that takes an asynchronous iterator, which Django below 4.2 does not know: there all are gathered first.
    """
    if not isinstance(request, ASGIRequest):
        return chunks
    return _iterate(chunks) if django.VERSION >= (4, 2) else list(chunks)


async def _iterate(chunks: Any) -> AsyncIterator[bytes]:
    """Take each chunk in the thread in which Django runs what blocks."""
    take: Any = sync_to_async(next)
    try:
        while True:
            chunk = await take(chunks, None)
            if chunk is None:
                return
            yield chunk
    finally:
        await sync_to_async(chunks.close)()
