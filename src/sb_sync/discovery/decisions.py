"""A decision for every model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Type

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext_noop as _

from sb_sync import config
from sb_sync.config.names import abstract_models
from sb_sync.discovery.rules import Rules, Verdict
from sb_sync.registry import registered_sync
from sb_sync.sentence import Sentence

__all__ = ["Decision", "discover"]


@dataclass(frozen=True)
class Decision:
    """Whether a model is in, with the reason as a sentence for people; `key` is the setting that keeps it out."""

    model: Type[Model]
    included: bool
    reason: str
    key: str = ""


def discover(
    values: Optional[Mapping[str, Any]] = None, examined: Optional[Mapping[Type[Model], Verdict]] = None
) -> List[Decision]:
    """Return a decision for every installed model, sorted by label.

    By default by what is set now; `values` are others, for every key of MODEL_DISCOVERY. `examined` is what the
    database says against models.
    """
    chosen = config.discovery_values() if values is None else values
    rules = Rules(chosen)
    models: List[Type[Model]] = list(apps.get_models())
    if not chosen["EXCLUDE_ABSTRACT_MODELS"]:
        models += abstract_models()
    decisions = [_decide(model, rules, examined or {}) for model in sorted(models, key=lambda model: model._meta.label)]
    return _limit(decisions, chosen["MAX_MODELS_PER_APP"])


def _decide(model: Type[Model], rules: Rules, examined: Mapping[Type[Model], Verdict]) -> Decision:
    """Decide about one model."""
    verdict = rules.judge(model) or examined.get(model)
    if verdict is not None:
        return Decision(model, False, verdict.reason, verdict.key)
    return Decision(model, True, Sentence(_describe(model)))


def _describe(model: Type[Model]) -> str:
    """Return what a model is that nothing keeps out."""
    if registered_sync(model) is not None:
        return _("registered in sync.py")
    named = apps.get_app_config(model._meta.app_label).name
    return _("named in INCLUDE_APPS") if named.startswith("django.") else _("a model of the project")


def _limit(decisions: List[Decision], most: Optional[int]) -> List[Decision]:
    """Leave out what is beyond the most models of an app."""
    if most is None:
        return decisions
    counts: Dict[str, int] = Counter()
    limited: List[Decision] = []
    for decision in decisions:
        label = decision.model._meta.app_label
        counts[label] += decision.included
        if decision.included and counts[label] > most:
            key = "MAX_MODELS_PER_APP"
            reason = Sentence(_("beyond the first {most} models of {app}; {key}"), most=most, app=label, key=key)
            limited.append(Decision(decision.model, False, reason, key))
        else:
            limited.append(decision)
    return limited
