"""What is set in the database, with its history, and the store in which `config` keeps it."""

from __future__ import annotations

import json
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, Callable, Dict, Iterable, Optional, Sequence, Tuple

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DatabaseError, IntegrityError, OperationalError, connections, models, router, transaction
from django.db.models import Expression
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from sb_sync.config import SECTIONS, SETTINGS_SECTION, find_value_faults
from sb_sync.config.store import REMOVED, Change, Guard, Place, Row, Store
from sb_sync.models.history import SyncHistory

__all__ = ["AllThatIsSet", "ConfigurationTable", "SyncConfiguration"]

ATTEMPTS = 5


class SyncConfiguration(models.Model):
    """One key that is set, in place of its default."""

    section = models.CharField(_("section"), max_length=40, default=SETTINGS_SECTION)
    key = models.CharField(_("key"), max_length=60)
    value = models.JSONField(_("value"), blank=True)
    description = models.TextField(_("description"), blank=True, help_text=_("Why it is set, for people"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    history = SyncHistory()

    class Meta:
        verbose_name = _("setting")
        verbose_name_plural = _("settings")
        ordering = ["section", "key"]
        constraints = [models.UniqueConstraint(fields=["section", "key"], name="sb_sync_one_setting")]

    def __str__(self) -> str:
        """Return the section and the key."""
        return f"{self.section}.{self.key}"

    def clean(self) -> None:
        """Check the value against what the key may hold."""
        super().clean()
        declared = SECTIONS.get(self.section, {}).get(self.key)
        value = self.value if declared is None else declared.from_json(self.value)
        faults = find_value_faults(self.section, self.key, value)
        if faults:
            raise ValidationError({"value" if declared is not None else "key": faults})


class ConfigurationTable(Store):
    """Keep set values in the table, a row a key.

    It is read with one statement that is compiled once. Writers follow each other: the rows that stand are locked, and
    of two that would insert the same key the slower one begins again.
    """

    @property
    def using(self) -> str:
        """Return the database: never a replica, which may be behind."""
        return router.db_for_write(SyncConfiguration)

    def read(self) -> Optional[Tuple[Row, ...]]:
        """Return all rows in one statement; None where there is no table yet, or no database."""
        try:
            connection = connections[self.using]
            sql, parameters = _reading(self.using)
            # A failure must not spoil the transaction of whoever is in one.
            shelter: Any = transaction.atomic(using=self.using) if connection.in_atomic_block else nullcontext()
            with shelter, connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return _sort(cursor.fetchall())
        except ImproperlyConfigured:
            return None
        except DatabaseError:
            if self._has_table():
                raise
            return None

    def is_in_transaction(self) -> bool:
        """Tell whether what is read now may be what is not committed yet."""
        return bool(connections[self.using].in_atomic_block)

    def write(
        self, changes: Sequence[Change], *, guard: Guard, user: Any, reason: str, committed: Callable[[], None]
    ) -> None:
        """Make changes, all or none, after each other where several do; then call `committed`."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction.atomic(using=self.using):
                    self._write_all(changes, guard=guard, user=user, reason=reason)
                    transaction.on_commit(committed, using=self.using)
                return
            except (IntegrityError, OperationalError):
                # Somebody else set the same key at the same moment.
                if attempt == ATTEMPTS:
                    raise

    def _write_all(self, changes: Sequence[Change], *, guard: Guard, user: Any, reason: str) -> None:
        table = SyncConfiguration._base_manager.using(self.using)
        # SQLite lets one writer in: to read first and write later would be refused.
        table.filter(pk__lt=0).update(description="")
        standing: Dict[Place, SyncConfiguration] = {
            (row.section, row.key): row for row in table.select_for_update().order_by("section", "key")
        }
        guard({place: row.value for place, row in standing.items()})
        for change in changes:
            row = standing.get(change.place)
            if change.value is REMOVED:
                if row is not None:
                    _note(row, user, reason)
                    row.delete(using=self.using)
            elif row is None or row.value != change.value or change.description not in (None, row.description):
                row = row or SyncConfiguration(section=change.section, key=change.key)
                row.value = change.value
                row.description = row.description if change.description is None else change.description
                _note(row, user, reason)
                row.save(using=self.using)

    def _has_table(self) -> bool:
        with transaction.atomic(using=self.using):
            return SyncConfiguration._meta.db_table in connections[self.using].introspection.table_names()


class AllThatIsSet(Expression):
    """Every row of the table as one JSON text: what another statement brings along, to spare one of its own."""

    output_field = models.TextField()

    @classmethod
    def bring_along(cls, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Let each row of a `values_list` end with what is set, where both stand in one database."""
        return rows.annotate(is_set=cls()) if rows.db == router.db_for_write(SyncConfiguration) else rows

    @staticmethod
    def take_from(end: Sequence[Any]) -> Optional[Tuple[Row, ...]]:
        """Return what the end of such a row told; None where it told nothing that can be read."""
        try:
            return _sort(json.loads(end[0] or "[]"))
        except (IndexError, ValueError):
            return None

    def as_sql(self, compiler: Any, connection: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return what nobody takes for rows: this database's way to put them together is not known."""
        return "'?'", ()

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return the statement."""
        return self._select(connection, "json_agg(json_build_array({section}, {key}, {value}::text))::text")

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return the statement."""
        return self._select(connection, "json_group_array(json_array({section}, {key}, {value}))")

    def as_mysql(self, compiler: Any, connection: Any, **_: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return the statement."""
        return self._select(connection, "JSON_ARRAYAGG(JSON_ARRAY({section}, {key}, CAST({value} AS CHAR)))")

    def _select(self, connection: Any, rows: str) -> Tuple[str, Tuple[Any, ...]]:
        quote = connection.ops.quote_name
        columns = rows.format(**{name: quote(name) for name in ("section", "key", "value")})
        # Names alone stand in it, all of them quoted.
        return f"(SELECT {columns} FROM {quote(SyncConfiguration._meta.db_table)})", ()  # noqa: S608


def _sort(rows: Iterable[Sequence[str]]) -> Tuple[Row, ...]:
    """Return rows in one order, however they were read."""
    return tuple(sorted((section, key, value) for section, key, value in rows))


def _note(row: Any, user: Any, reason: str) -> None:
    """Let the row's history say who changed it, and why."""
    if user is not None:
        row._history_user = user
    row._change_reason = reason or None


@lru_cache(maxsize=None)
def _reading(using: str) -> Tuple[str, Tuple[Any, ...]]:
    """Return the statement that reads everything that is set."""
    text = Cast("value", models.TextField())
    rows = SyncConfiguration._base_manager.using(using).order_by().values_list("section", "key", text)
    sql, parameters = rows.query.get_compiler(using).as_sql()
    return sql, tuple(parameters)
