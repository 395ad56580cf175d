"""The histories of our own tables: begun for rows that have none, checked against the rows, shortened.

Histories are kept by Django's signals: what `update()`, `bulk_create()` or SQL write leaves a gap, which a check finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple, Type

from django.contrib.sites.models import Site
from django.db import connections, router, transaction
from django.db.models import Exists, Func, Max, Model, OuterRef, Q, TextField, Value
from django.db.models.functions import Coalesce
from django.db.models.signals import post_save

from sb_sync import attribution
from sb_sync.config import days_ago, setting
from sb_sync.models import Organization
from sb_sync.models.history import audited_models, history_of
from sb_sync.refusal import Refused

__all__ = ["Gap", "TrailReport", "begin_trails", "check_trails", "choose_audited", "connect", "shorten_trails"]

CHUNK = 500
DELETED = "-"
# Kinds of gaps.
MISSING, DIFFERENT, UNTOLD = "no history", "differs", "deleted untold"
# What no value is, so that a missing one equals a missing one alone.
NOTHING = Value("\x1fnothing\x1f", output_field=TextField())
Progress = Callable[[int, Optional[int], str], None]


@dataclass(frozen=True)
class TrailReport:
    """How many entries were written to or deleted from the history of a table, or would be."""

    model: str
    entries: int


@dataclass(frozen=True)
class Gap:
    """A row whose history does not tell how it came to be as it is; `fields` are those that differ."""

    model: str
    key: str
    kind: str
    fields: Tuple[str, ...] = ()


class Exactly(Func):
    """A column as text, in which case and blanks count on every database."""

    template = "CAST(%(expressions)s AS TEXT)"
    output_field = TextField()

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Cast to bytes: the usual collations tell neither."""
        return self.as_sql(compiler, connection, template="CAST(%(expressions)s AS BINARY)", **context)


def connect() -> None:
    """Let the history of an organization follow when its Site is saved by itself: they share name and domain."""
    post_save.connect(_follow_site, sender=Site, dispatch_uid="sb_sync.maintenance.audit_trails")


def choose_audited(label: Optional[str]) -> List[Type[Model]]:
    """Return the table of a label, all where none is given. Raises `Refused` for one that has no history of ours."""
    models = {model._meta.label_lower: model for model in audited_models()}
    if label is None:
        return list(models.values())
    if label.lower() not in models:
        known = ", ".join(sorted(model._meta.label for model in models.values()))
        raise Refused(f"{label!r} keeps no history of sb_sync. These do: {known}.")
    return [models[label.lower()]]


def begin_trails(
    models: Sequence[Type[Model]], *, dry_run: bool = False, progress: Optional[Progress] = None
) -> List[TrailReport]:
    """Write a first entry for each row that has none, a transaction for each chunk; it can be stopped at any time."""
    return [TrailReport(model._meta.label, _begin(model, dry_run=dry_run, progress=progress)) for model in models]


def check_trails(models: Sequence[Type[Model]]) -> Iterator[Gap]:
    """Yield every gap, in constant memory: three statements for a table without any."""
    for model in models:
        for kind, keys in ((MISSING, _without_history(model)), (UNTOLD, _deleted_untold(model))):
            for key in keys.iterator():
                yield Gap(model._meta.label, str(key), kind)
        yield from _find_different(model)


def shorten_trails(
    models: Sequence[Type[Model]],
    *,
    days: Optional[int] = None,
    dry_run: bool = False,
    progress: Optional[Progress] = None,
) -> List[TrailReport]:
    """Delete entries older than `days` (by default LOG_RETENTION_DAYS), but never the newest one of a living row."""
    before = days_ago(setting("LOG_RETENTION_DAYS") if days is None else days)
    return [
        TrailReport(model._meta.label, _shorten(model, before, dry_run=dry_run, progress=progress)) for model in models
    ]


def _rows(model: Type[Model]) -> Any:
    return model._base_manager.using(router.db_for_write(model)).order_by()


def _entries(model: Type[Model]) -> Any:
    return _rows(history_of(model))


def _key(model: Type[Model]) -> str:
    """Return the column of a history that holds the key of the row."""
    pk: Any = model._meta.pk
    return str(pk.attname)


def _begin(model: Type[Model], *, dry_run: bool, progress: Optional[Progress]) -> int:
    missing = _without_history(model)
    total = missing.count()
    if dry_run:
        return int(total)
    written = 0
    left = missing.order_by("pk")
    while True:
        keys = _begin_chunk(model, left)
        if not keys:
            return written
        written += len(keys)
        left = missing.filter(pk__gt=keys[-1]).order_by("pk")
        if progress is not None:
            progress(written, max(total, written), model._meta.label)


def _begin_chunk(model: Type[Model], left: Any) -> List[Any]:
    """Write the first entries of some rows of those that are left; return their keys."""
    using = router.db_for_write(model)
    with transaction.atomic(using=using):
        # SQLite lets one writer in: to read first and write later would be refused.
        _entries(model).filter(pk__lt=0).update(history_type=attribution.CREATED)
        keys = list(left[:CHUNK])
        rows = _rows(model).filter(pk__in=keys).order_by("pk")
        if connections[using].features.has_select_for_update:
            # Somebody may save one of them at this moment.
            rows = rows.select_for_update()
        standing = list(rows)
        told = set(_entries(model).filter(**{f"{_key(model)}__in": keys}).values_list(_key(model), flat=True))
        begun = [row for row in standing if row.pk not in told]
        attribution.write_entries(model, begun, attribution.CREATED, using=using)
    return keys


def _without_history(model: Type[Model]) -> Any:
    """Return the keys of rows that have no entry."""
    own = _entries(model).filter(**{_key(model): OuterRef("pk")})
    return _rows(model).filter(~Exists(own)).values_list("pk", flat=True)


def _newest(model: Type[Model]) -> Any:
    """Return the newest entry of each row, living or not."""
    by_row = _entries(model).values(_key(model)).annotate(newest=Max("history_id"))
    return _entries(model).filter(history_id__in=by_row.values("newest"))


def _of_row(model: Type[Model]) -> Any:
    """Return the row of an entry, to be asked whether it exists."""
    return _rows(model).filter(pk=OuterRef(_key(model)))


def _deleted_untold(model: Type[Model]) -> Any:
    """Return the keys of rows that are gone though their history does not say so."""
    gone = _newest(model).exclude(history_type=DELETED).filter(~Exists(_of_row(model)))
    return gone.values_list(_key(model), flat=True)


def _find_different(model: Type[Model]) -> Iterator[Gap]:
    """Yield rows that are not as their newest entry says.

    The database finds them. They are looked at again: JSON may be written in several ways, and somebody may save a row
    at this moment.
    """
    same = _of_row(model)
    for field in history_of(model).tracked_fields:
        if not field.primary_key:
            own, told = Exactly(field.attname), Exactly(OuterRef(field.attname))
            same = same.annotate(**{f"own_{field.attname}": Coalesce(own, NOTHING)})
            same = same.filter(**{f"own_{field.attname}": Coalesce(told, NOTHING)})
    is_other = Q(history_type=DELETED) | Q(~Exists(same))
    suspects = _newest(model).filter(Exists(_of_row(model))).filter(is_other)
    for entry in suspects.iterator():
        key = getattr(entry, _key(model))
        row = _rows(model).filter(pk=key).first()
        newest = _entries(model).filter(**{_key(model): key}).order_by("-history_id").first()
        fields = tuple(_names_of_different(entry, row))
        if row is not None and newest == entry and (fields or entry.history_type == DELETED):
            yield Gap(model._meta.label, str(key), DIFFERENT, fields)


def _names_of_different(entry: Any, row: Any) -> Iterator[str]:
    for field in entry.tracked_fields:
        if getattr(entry, field.attname) != getattr(row, field.attname, None):
            yield field.name


def _shorten(model: Type[Model], before: Any, *, dry_run: bool, progress: Optional[Progress]) -> int:
    newer = _entries(model).filter(**{_key(model): OuterRef(_key(model))}, history_id__gt=OuterRef("history_id"))
    old = _entries(model).filter(history_date__lt=before).filter(Q(Exists(newer)) | Q(~Exists(_of_row(model))))
    if dry_run:
        return int(old.count())
    total = last = 0
    while True:
        # From the oldest on: an entry that tells of a deletion goes after those that it ends.
        keys: List[int] = list(
            old.filter(history_id__gt=last).order_by("history_id").values_list("pk", flat=True)[:CHUNK]
        )
        if not keys:
            return total
        _entries(model).filter(pk__in=keys).delete()
        total, last = total + len(keys), keys[-1]
        if progress is not None:
            progress(total, None, model._meta.label)


def _follow_site(sender: Any, instance: Any, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """Write an entry for an organization whose Site was saved without it; a new Site has none, perhaps no table yet."""
    if raw or created:
        return
    for row in _rows(Organization).filter(pk=instance.pk):
        attribution.write_entries(Organization, [row], attribution.CHANGED, using=router.db_for_write(Organization))
