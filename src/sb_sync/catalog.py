"""The synchronised models: what discovery found, what the project declared and where the organization stands."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Set, Tuple, Type

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, router
from django.db.models import AutoField, Field, ForeignKey, Model
from django.utils.translation import gettext_noop as _

from sb_sync import config
from sb_sync.config import Row, setting
from sb_sync.discovery import Decision, Verdict, discover, examine
from sb_sync.registry import ModelSync, registered_sync
from sb_sync.sentence import Sentence
from sb_sync.tenancy import AmbiguousTenant, InvalidTenant, TenantPath, resolve_tenant

__all__ = [
    "AUTOMATIC",
    "CLIENT",
    "Preview",
    "Refusal",
    "SyncedModel",
    "decisions",
    "find",
    "find_on_wire",
    "is_withheld",
    "preview",
    "preview_models",
    "public_label_of",
    "refresh",
    "refusals",
    "reload",
    "synced_models",
]

AUTOMATIC = "automatic"
CLIENT = "client"
# A table that could not be read may be readable soon: it is not looked at again before.
PATIENCE_SECONDS = 5.0
# Of models that sync.py says nothing about. One for all, so that a model found again equals the one found before.
UNDECLARED = ModelSync()
# Under which names the memo of a snapshot holds what is made of it.
CATALOG, EXAMINATION = "catalog", "examination"


@dataclass(frozen=True)
class SyncedModel:
    """One synchronised model. `tenant` is None where its rows are shared by all organizations.

    `label` names it everywhere within, `public_label` to clients: the same, unless MODEL_NAMESPACE, MODEL_PREFIX or
    MODEL_SUFFIX say otherwise.
    """

    label: str
    model: Type[Model]
    sync: ModelSync
    tenant: Optional[TenantPath]
    key_kind: str
    database: str
    public_label: str

    @property
    def is_shared(self) -> bool:
        """Tell whether the rows are the same for every organization."""
        return self.tenant is None

    def travels(self, field: Any) -> bool:
        """Tell whether a field of the model is on the wire; names with an underscore first are the envelope's."""
        names = {field.name, field.attname}
        chosen = self.sync.fields
        is_kept = not names.intersection(self.sync.exclude) and (chosen is None or bool(names.intersection(chosen)))
        return is_kept and not field.name.startswith("_")


@dataclass(frozen=True)
class Refusal:
    """A model that discovery let in and that cannot be served; `code` says why to programs."""

    model: Type[Model]
    code: str
    reason: str


@dataclass(frozen=True)
class Preview:
    """What would be found by other values: decisions by label, models that would be served, and those refused."""

    decisions: Tuple[Decision, ...]
    models: Mapping[str, SyncedModel]
    refusals: Tuple[Refusal, ...]


@dataclass(frozen=True)
class _Catalog:
    """What was found, by one snapshot of the configuration.

    `on_wire` holds every name that a client may use, `withheld` those of models whose table cannot be read.
    """

    decisions: Tuple[Decision, ...]
    models: Mapping[str, SyncedModel]
    refusals: Tuple[Refusal, ...]
    folded: Mapping[str, SyncedModel]
    on_wire: Mapping[str, SyncedModel]
    withheld: FrozenSet[str]


@dataclass(frozen=True)
class _Examination:
    """What the databases say against models, and when that was asked."""

    verdicts: Mapping[Type[Model], Verdict]
    made_at: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        """Tell whether to look again: where what was found is not kept, is old, or was wrong a while ago."""
        is_cached, seconds = (
            config.value_of(config.DISCOVERY_SECTION, key, config.current())
            for key in ("ENABLE_DISCOVERY_CACHING", "DISCOVERY_CACHE_TIMEOUT")
        )
        age = time.monotonic() - self.made_at
        is_kept = is_cached and age < seconds
        may_pass = any(not verdict.is_lasting for verdict in self.verdicts.values())
        return not is_kept or (may_pass and age >= PATIENCE_SECONDS)


def refresh(rows: Optional[Tuple[Row, ...]] = None, *, tables_changed: bool = False) -> None:
    """Begin a piece of work: go by what is set now, and by the tables that can be read now.

    One small statement, unless another one brought what is set as `rows`; where models are looked for anew, one for
    each of them. Not within a transaction that has yet to take its snapshot or its lock.
    """
    examination = config.refresh(rows).memo.get(EXAMINATION)
    if tables_changed or examination is None or examination.is_due:
        config.renew(_examine)


def synced_models() -> Mapping[str, SyncedModel]:
    """Return every synchronised model by label, parents before children (by foreign key)."""
    return _load().models


def decisions() -> Tuple[Decision, ...]:
    """Return why each installed model is in or out, by label."""
    return _load().decisions


def preview(values: Mapping[str, Any]) -> List[Decision]:
    """Return why each installed model would be in or out by other values of MODEL_DISCOVERY."""
    examination: Optional[_Examination] = config.current().memo.get(EXAMINATION)
    return discover(values, examined={} if examination is None else examination.verdicts)


def preview_models(values: Mapping[str, Any]) -> Preview:
    """Return which models would be served by other values of MODEL_DISCOVERY, under which names, and why not others.

    Tables of models that are out now are not looked at before they are in.
    """
    return _serve(preview(values), values)


def refusals() -> Tuple[Refusal, ...]:
    """Return the models that discovery let in and that are not served."""
    return _load().refusals


def find(label: str) -> Optional[SyncedModel]:
    """Return a synchronised model by its label in any case, or None."""
    return _load().folded.get(label.lower())


def find_on_wire(label: str) -> Optional[SyncedModel]:
    """Return a synchronised model by what a client calls it, in any case: its label or its public label."""
    return _load().on_wire.get(label.lower())


def public_label_of(label: str) -> str:
    """Return what clients are told for a label; of a model that is not synchronised what it is."""
    synced = _load().models.get(label)
    return label if synced is None else synced.public_label


def is_withheld(label: str) -> bool:
    """Tell whether what a client names is a model that is out only because its table cannot be read just now."""
    return label.lower() in _load().withheld


def reload() -> None:
    """Forget what was found, so that the next question looks again."""
    config.current().memo.pop(CATALOG, None)


def _examine(snapshot: config.Snapshot) -> None:
    """Ask the databases about the models that are in; of one that is away nothing is said."""
    values = config.discovery_values(snapshot)
    included = [decision.model for decision in discover(values) if decision.included]
    try:
        verdicts = examine(included, values)
    except (Error, ImproperlyConfigured):
        verdicts = {}
    snapshot.memo[EXAMINATION] = _Examination(verdicts)


def _load() -> _Catalog:
    memo = config.current().memo
    found: Optional[_Catalog] = memo.get(CATALOG)
    if found is None:
        # Two threads may look at once: both go on with what the first one found.
        found = memo.setdefault(CATALOG, _find_all(memo.get(EXAMINATION)))
    return found


def _find_all(examination: Optional[_Examination]) -> _Catalog:
    verdicts = {} if examination is None else examination.verdicts
    values = config.discovery_values()
    found = _serve(discover(values, examined=verdicts), values)
    passing = [model for model, verdict in verdicts.items() if not verdict.is_lasting]
    withheld = {name.lower() for model in passing for name in (model._meta.label, _make_public_label(model, values))}
    folded = {label.lower(): synced for label, synced in found.models.items()}
    public = {synced.public_label.lower(): synced for synced in found.models.values()}
    return _Catalog(found.decisions, found.models, found.refusals, folded, {**public, **folded}, frozenset(withheld))


def _serve(decided: Sequence[Decision], values: Mapping[str, Any]) -> Preview:
    """Describe the models that are in, and name them; refuse those that cannot be served."""
    found: Dict[str, SyncedModel] = {}
    refused: List[Refusal] = []
    for decision in decided:
        if not decision.included:
            continue
        try:
            synced = _describe(decision.model)
        except AmbiguousTenant as error:
            refused.append(Refusal(decision.model, "ambiguous_tenant", str(error)))
        except InvalidTenant as error:
            refused.append(Refusal(decision.model, "invalid_tenant", str(error)))
        else:
            if synced.is_shared and setting("REQUIRE_TENANT"):
                refused.append(Refusal(decision.model, "no_tenant", Sentence(_("No path leads to an organization."))))
            else:
                found[synced.label] = synced
    refused += _part_twins(found)
    taken = {each.model._meta.label_lower for each in decided}
    models = _name_for_clients(_sort_parents_first(found), taken, values)
    return Preview(tuple(decided), MappingProxyType(models), tuple(refused))


def _part_twins(found: Dict[str, SyncedModel]) -> List[Refusal]:
    """Take out those whose labels differ by their case alone: rights on the one would be rights on the other."""
    counts = Counter(label.lower() for label in found)
    twins = [label for label in found if counts[label.lower()] > 1]
    return [
        Refusal(
            found.pop(label).model,
            "ambiguous_label",
            Sentence(_("Another label differs from its own by the case alone.")),
        )
        for label in twins
    ]


def _name_for_clients(
    models: Mapping[str, SyncedModel], taken: Set[str], values: Mapping[str, Any]
) -> Dict[str, SyncedModel]:
    """Give models their public labels; one that is the label of another model is not given."""
    named: Dict[str, SyncedModel] = {}
    for label, synced in models.items():
        public = _make_public_label(synced.model, values)
        named[label] = synced if public.lower() in taken else replace(synced, public_label=public)
    return named


def _make_public_label(model: Type[Model], values: Mapping[str, Any]) -> str:
    """Return `<namespace>.<app>.<prefix><Model><suffix>`."""
    name = "".join((values["MODEL_PREFIX"], str(model._meta.object_name), values["MODEL_SUFFIX"]))
    return ".".join(part for part in (values["MODEL_NAMESPACE"], model._meta.app_label, name) if part)


def _describe(model: Type[Model]) -> SyncedModel:
    """Put together what is known of one model."""
    sync = registered_sync(model) or UNDECLARED
    return SyncedModel(
        label=model._meta.label,
        model=model,
        sync=sync,
        tenant=resolve_tenant(model, sync.tenant),
        key_kind=AUTOMATIC if isinstance(_root_key(model), AutoField) else CLIENT,
        database=router.db_for_write(model),
        public_label=model._meta.label,
    )


def _root_key(model: Type[Model]) -> Optional[Field[Any, Any]]:
    """Return the primary key of the topmost table: a child by multi-table inheritance has its parent's key."""
    key: Any = model._meta.pk
    while key.remote_field is not None and key.remote_field.parent_link:
        key = key.related_model._meta.pk
    return key  # type: ignore[no-any-return]  # pk is typed optional, and Any above


def _sort_parents_first(found: Mapping[str, SyncedModel]) -> Dict[str, SyncedModel]:
    """Order models so that a foreign key points at an earlier one; circles are cut where they are met."""
    ordered: Dict[str, SyncedModel] = {}
    entered: Set[str] = set()

    def visit(synced: SyncedModel) -> None:
        if synced.label in entered:
            return
        entered.add(synced.label)
        for column in synced.model._meta.concrete_fields:
            if isinstance(column, ForeignKey):
                target: Any = column.related_model
                parent = found.get(target._meta.concrete_model._meta.label)
                if parent is not None:
                    visit(parent)
        ordered[synced.label] = synced

    for label in sorted(found):
        visit(found[label])
    return ordered
