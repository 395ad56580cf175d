"""Which models there are to grant, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List

from sb_sync import catalog
from sb_sync.discovery import Decision, discover

__all__ = ["ModelReport", "describe_models"]


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

    @property
    def state(self) -> str:
        """Return one word for a table."""
        if not self.included:
            return "out"
        return "in, shared" if self.is_shared else "in"


def describe_models() -> List[ModelReport]:
    """Return every installed model with what discovery and the search for its organization found, by label."""
    refused = {refusal.model: refusal.reason for refusal in catalog.refusals()}
    return [_describe(decision, refused.get(decision.model, "")) for decision in discover()]


def _describe(decision: Decision, refusal: str) -> ModelReport:
    label = decision.model._meta.label
    synced = catalog.find(label)
    if synced is None:
        return ModelReport(label, False, refusal or decision.reason, is_of_project=bool(refusal))
    return ModelReport(
        label=label,
        included=True,
        reason=decision.reason,
        is_of_project=True,
        is_shared=synced.is_shared,
        tenant="" if synced.tenant is None else synced.tenant.lookup,
        key_kind=synced.key_kind,
    )
