"""The synchronised models: what discovery found, what the project declared and where the organization stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple, Type

from django.db import router
from django.db.models import AutoField, Field, ForeignKey, Model

from sb_sync.config import setting
from sb_sync.discovery import discover
from sb_sync.registry import ModelSync, registered_sync
from sb_sync.tenancy import AmbiguousTenant, InvalidTenant, TenantPath, resolve_tenant

__all__ = ["AUTOMATIC", "CLIENT", "Refusal", "SyncedModel", "find", "refusals", "reload", "synced_models"]

AUTOMATIC = "automatic"
CLIENT = "client"


@dataclass(frozen=True)
class SyncedModel:
    """One synchronised model. `tenant` is None where its rows are shared by all organizations."""

    label: str
    model: Type[Model]
    sync: ModelSync
    tenant: Optional[TenantPath]
    key_kind: str
    database: str

    @property
    def is_shared(self) -> bool:
        """Tell whether the rows are the same for every organization."""
        return self.tenant is None

    def travels(self, field: Any) -> bool:
        """Tell whether a field of the model is on the wire; names with an underscore first are the envelope's."""
        chosen = self.sync.fields
        return (
            not field.name.startswith("_")
            and field.name not in self.sync.exclude
            and (chosen is None or field.name in chosen or field.attname in chosen)
        )


@dataclass(frozen=True)
class Refusal:
    """A model that discovery let in and that cannot be served; `code` says why to programs."""

    model: Type[Model]
    code: str
    reason: str


def synced_models() -> Mapping[str, SyncedModel]:
    """Return every synchronised model by label, parents before children (by foreign key)."""
    return _load()[0]


def refusals() -> Tuple[Refusal, ...]:
    """Return the models that discovery let in and that are not served."""
    return _load()[1]


def find(label: str) -> Optional[SyncedModel]:
    """Return a synchronised model by its label in any case, or None."""
    return _by_folded_label().get(label.lower())


def reload() -> None:
    """Forget what was found, so that the next question looks again."""
    _load.cache_clear()
    _by_folded_label.cache_clear()


@lru_cache(maxsize=1)
def _by_folded_label() -> Dict[str, SyncedModel]:
    return {label.lower(): synced for label, synced in synced_models().items()}


@lru_cache(maxsize=1)
def _load() -> Tuple[Mapping[str, SyncedModel], Tuple[Refusal, ...]]:
    found: Dict[str, SyncedModel] = {}
    refused: List[Refusal] = []
    for decision in discover():
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
                refused.append(Refusal(decision.model, "no_tenant", "No path leads to an organization."))
            else:
                found[synced.label] = synced
    return MappingProxyType(_sort_parents_first(found)), tuple(refused)


def _describe(model: Type[Model]) -> SyncedModel:
    """Put together what is known of one model."""
    sync = registered_sync(model) or ModelSync()
    return SyncedModel(
        label=model._meta.label,
        model=model,
        sync=sync,
        tenant=resolve_tenant(model, sync.tenant),
        key_kind=AUTOMATIC if isinstance(_root_key(model), AutoField) else CLIENT,
        database=router.db_for_write(model),
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
        for field in synced.model._meta.concrete_fields:
            if isinstance(field, ForeignKey):
                target: Any = field.related_model
                parent = found.get(target._meta.concrete_model._meta.label)
                if parent is not None:
                    visit(parent)
        ordered[synced.label] = synced

    for label in sorted(found):
        visit(found[label])
    return ordered
