"""Which entries of the audit trail are wanted, and the ways to read those of one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, List, Optional, Sequence, Tuple, Type

from django.core.exceptions import ValidationError
from django.db import router
from django.db.models import BigIntegerField, Case, IntegerField, Model, OuterRef, Q, QuerySet, Subquery, Value, When

from sb_sync.models.history import audited_models, history_of

__all__ = ["CHANGED", "LARGEST_ID", "TYPES", "AuditFilter", "Position", "choose_models", "is_covered", "open_table"]

#: The types of entries, as simple-history writes them.
TYPES = {"created": "+", "changed": "~", "deleted": "-"}
CHANGED = TYPES["changed"]
#: Organizations whose entries are brought together; where there are more, those of all are tried.
MOST_SITES = 20
LARGEST_ID = 2**63 - 1

#: When it was, the label of the table, and the key of the entry.
Position = Tuple[datetime, str, int]


@dataclass(frozen=True)
class AuditFilter:
    """Which entries are wanted: of these labels, this kind and this user, since and before these moments.

    `sites` are the keys of organizations whose entries alone are told, None for all, also those of no organization.
    `object_key` is the key of one row, of the models that are wanted.
    """

    models: Sequence[str] = ()
    kind: str = ""
    username: str = ""
    since: Optional[datetime] = None
    before: Optional[datetime] = None
    sites: Optional[Sequence[int]] = None
    object_key: str = ""


def choose_models(wanted: AuditFilter) -> List[Type[Model]]:
    """Return the tables that entries may be of, by label."""
    models = [model for model in audited_models() if not wanted.models or model._meta.label in wanted.models]
    if wanted.sites is not None:
        models = [model for model in models if _has_site(model)]
    return sorted(models, key=lambda model: model._meta.label)


def is_covered(wanted: AuditFilter) -> bool:
    """Tell whether an index holds what is asked: then whatever is read matches."""
    asked = [wanted.username, wanted.object_key, wanted.sites is not None]
    return not wanted.kind and sum(map(bool, asked)) < 2 and len(wanted.sites or ()) <= MOST_SITES


def open_table(
    model: Type[Model],
    number: int,
    wanted: AuditFilter,
    *,
    after: Optional[Position] = None,
    newer_than: Optional[Position] = None,
) -> List[QuerySet[Any, Any]]:
    """Return the entries of one table, the newest first, as sources that are brought together.

    Columns are the time, the key of the entry, the number that tables are told apart by, the key of the entry before
    of the same row where it was changed, and whether it matches.
    """
    history = history_of(model)
    rows = _within(history._base_manager.using(router.db_for_read(history)), wanted)
    label = model._meta.label
    if after is not None:
        rows = rows.filter(_is_older(label, after))
    if newer_than is not None:
        rows = rows.filter(_is_newer(label, newer_than))
    condition = _match(wanted)
    is_match = Case(When(condition, then=1), default=0, output_field=IntegerField()) if condition else Value(1)
    told = {"number": Value(number, output_field=IntegerField()), "before": _find_before(model), "is_match": is_match}
    columns = ("history_date", "history_id", "number", "before", "is_match")
    return [
        source.order_by("-history_date", "-history_id").annotate(**told).values_list(*columns)
        for source in _branch(rows, model, wanted)
    ]


def _has_site(model: Type[Model]) -> bool:
    """Tell whether rows of a table belong to organizations: settings are everybody's."""
    return any(field.attname == "site_id" for field in model._meta.local_concrete_fields)


def _within(rows: QuerySet[Any, Any], wanted: AuditFilter) -> QuerySet[Any, Any]:
    if wanted.since is not None:
        rows = rows.filter(history_date__gte=wanted.since)
    if wanted.before is not None:
        rows = rows.filter(history_date__lt=wanted.before)
    return rows


def _branch(rows: QuerySet[Any, Any], model: Type[Model], wanted: AuditFilter) -> List[QuerySet[Any, Any]]:
    """Return the rows by the index that holds fewest of them; none where there can be none."""
    if wanted.object_key:
        key = _read_key(model, wanted.object_key)
        return [] if key is None else [rows.filter(**{model._meta.pk.attname: key})]
    if wanted.username:
        return [rows.filter(history_username=wanted.username)]
    if wanted.sites is not None and len(wanted.sites) <= MOST_SITES:
        return [rows.filter(site=site) for site in wanted.sites]
    return [rows]


def _match(wanted: AuditFilter) -> Q:
    """Return what an entry must be; the time is seen to elsewhere."""
    found = Q(history_username=wanted.username) if wanted.username else Q()
    if wanted.kind:
        found &= Q(history_type=TYPES[wanted.kind])
    return found if wanted.sites is None else found & Q(site__in=list(wanted.sites))


def _read_key(model: Type[Model], text: str) -> Any:
    """Return a key as the table has them, None for what can be none."""
    field: Any = model._meta.pk
    while field.is_relation:
        field = field.target_field
    try:
        key = field.to_python(text)
        field.run_validators(key)
    except ValidationError:
        return None
    # SQLite has no range of its own that validators of every Django would know.
    return None if isinstance(key, int) and abs(key) > LARGEST_ID else key


def _find_before(model: Type[Model]) -> Any:
    """Return the key of the entry before of the same row, for entries of changes."""
    key = model._meta.pk.attname
    rows = history_of(model)._base_manager.filter(**{key: OuterRef(key)}, history_id__lt=OuterRef("history_id"))
    before = Subquery(rows.order_by("-history_id").values("history_id")[:1])
    return Case(When(history_type=CHANGED, then=before), default=None, output_field=BigIntegerField())


def _is_older(label: str, place: Position) -> Q:
    """Return the condition for rows of a table that come after a position; its first part begins an index."""
    moment, last_label, history_id = place
    if label == last_label:
        return Q(history_date__lte=moment) & (Q(history_date__lt=moment) | Q(history_id__lt=history_id))
    return Q(history_date__lt=moment) if label < last_label else Q(history_date__lte=moment)


def _is_newer(label: str, place: Position) -> Q:
    """Return the condition for rows of a table that come before a position."""
    moment, last_label, history_id = place
    if label == last_label:
        return Q(history_date__gte=moment) & (Q(history_date__gt=moment) | Q(history_id__gt=history_id))
    return Q(history_date__gt=moment) if label > last_label else Q(history_date__gte=moment)
