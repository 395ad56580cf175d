"""Which models there are to grant, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, List, Optional

from sb_sync import catalog, config
from sb_sync.access import Scope
from sb_sync.config import MODEL_DISCOVERY
from sb_sync.discovery import Decision, discover, find_key_fault

__all__ = ["ModelReport", "describe_models", "find_default_labels"]


@dataclass(frozen=True)
class ModelReport:
    """One installed model; `is_of_project` tells that people would expect it to be in."""

    label: str
    included: bool
    reason: str
    is_of_project: bool
    is_shared: bool = False
    tenant: str = ""
    key_kind: str = ""
    public_label: str = ""
    database: str = ""

    @property
    def app_label(self) -> str:
        """Return the label of the app."""
        return self.label.partition(".")[0]

    @property
    def state(self) -> str:
        """Return one word for a table."""
        if not self.included:
            return "out"
        return "in, shared" if self.is_shared else "in"


def describe_models(scope: Optional[Scope] = None) -> List[ModelReport]:
    """Return every installed model with what discovery and the search for its organization found, by label.

    With a scope the answer is one to a user: CHECK_MODEL_PERMISSIONS leaves out what that user may not touch.
    """
    reasons = {refusal.model: refusal.reason for refusal in catalog.refusals()}
    if scope is not None and config.discovery_values()["CHECK_MODEL_PERMISSIONS"]:
        reasons.update(
            (synced.model, "may neither be pushed nor pulled; CHECK_MODEL_PERMISSIONS")
            for label, synced in catalog.synced_models().items()
            if not (scope.may_push(label) or scope.may_pull(label))
        )
    return [_describe(decision, reasons.get(decision.model, "")) for decision in catalog.decisions()]


def find_default_labels() -> FrozenSet[str]:
    """Return the models that would be in if nothing were set, in the database or by the project."""
    decided = discover({key: declared.default for key, declared in MODEL_DISCOVERY.items()})
    return frozenset(decision.model._meta.label for decision in decided if decision.included)


def _describe(decision: Decision, refusal: str) -> ModelReport:
    label = decision.model._meta.label
    synced = catalog.find(label)
    if synced is None or refusal:
        is_of_project = bool(refusal or decision.key or find_key_fault(decision.model))
        return ModelReport(label, False, refusal or decision.reason, is_of_project=is_of_project)
    return ModelReport(
        label=label,
        included=True,
        reason=decision.reason,
        is_of_project=True,
        is_shared=synced.is_shared,
        tenant="" if synced.tenant is None else synced.tenant.lookup,
        key_kind=synced.key_kind,
        public_label=synced.public_label,
        database=synced.database,
    )
