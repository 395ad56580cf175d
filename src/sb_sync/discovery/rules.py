"""The keys of MODEL_DISCOVERY, one function each: why a model is out."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Type

from django.apps import AppConfig, apps
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils.translation import gettext_noop as _

from sb_sync.compat import is_composite_key
from sb_sync.config.model_discovery import ABSTRACT, CONCRETE, PROXY
from sb_sync.config.names import abstract_bases, field_names
from sb_sync.discovery.hazards import find_barrier, find_key_fault, find_risk, is_historical
from sb_sync.registry import registered_sync
from sb_sync.sentence import Sentence

__all__ = ["Rules", "Verdict", "explain_by"]

logger = logging.getLogger("sb_sync")

# Apps whose tables are the machinery of a project, not its data: our own and those we depend on.
OWN_APPS = frozenset({"sb_sync", "rest_framework", "simple_history", "django_celery_beat", "django_celery_results"})


@dataclass(frozen=True)
class Verdict:
    """Why a model is out; `key` is the setting that says so, empty where it is out by itself.

    `is_lasting` tells that the database, which was asked, will not say otherwise soon.
    """

    key: str
    reason: str
    is_lasting: bool = False


class Rules:
    """The values of MODEL_DISCOVERY, ready to judge models."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Take a value for every key."""
        self.values = values
        self._excluded = {label.lower() for label in values["EXCLUDE_MODELS"]}
        self._by_app = {
            f"{app}.{name}".lower() for app, names in values["APP_SPECIFIC_EXCLUSIONS"].items() for name in names
        }
        self._includes = [re.compile(pattern) for pattern in values["INCLUDE_MODEL_PATTERNS"]]
        self._excludes = [re.compile(pattern) for pattern in values["EXCLUDE_MODEL_PATTERNS"]]

    def judge(self, model: Type[Model]) -> Optional[Verdict]:
        """Return why a model is out, by the first rule that says so; None where none does."""
        barrier = find_barrier(model)
        if barrier:
            return Verdict("EXCLUDE_ABSTRACT_MODELS" if model._meta.abstract else "", barrier)
        return next(self._find_verdicts(model), None)

    def _find_verdicts(self, model: Type[Model]) -> Iterator[Verdict]:
        # The key comes last: whoever excludes such a model is told of that, not of its key.
        for rules in (self._judge_kind, self._judge_name, self._judge_shape, self._judge_app, self._judge_key):
            yield from (Verdict(key, reason) for key, reason in rules(model))

    def _judge_kind(self, model: Type[Model]) -> Iterator[Tuple[str, str]]:
        kinds = set(self._kinds_of(model))
        if model._meta.proxy and self.values["EXCLUDE_PROXY_MODELS"]:
            yield "EXCLUDE_PROXY_MODELS", explain_by("EXCLUDE_PROXY_MODELS", _("a proxy has no table of its own"))
        if not kinds & set(self.values["INCLUDE_MODEL_TYPES"]):
            yield "INCLUDE_MODEL_TYPES", _not_among(" and ".join(sorted(kinds)), "INCLUDE_MODEL_TYPES")
        if is_historical(model) and self.values["EXCLUDE_HISTORICAL_MODELS"]:
            yield (
                "EXCLUDE_HISTORICAL_MODELS",
                explain_by("EXCLUDE_HISTORICAL_MODELS", _("holds the history of another model")),
            )
        risk = find_risk(model)
        if risk and self.values["SAFE_DISCOVERY_MODE"]:
            yield "SAFE_DISCOVERY_MODE", explain_by("SAFE_DISCOVERY_MODE", risk)

    def _judge_name(self, model: Type[Model]) -> Iterator[Tuple[str, str]]:
        labels = self._labels_of(model)
        for label in labels:
            if label.lower() in self._excluded:
                yield "EXCLUDE_MODELS", _excluded_by("EXCLUDE_MODELS", label)
            if label.lower() in self._by_app:
                yield "APP_SPECIFIC_EXCLUSIONS", _excluded_by("APP_SPECIFIC_EXCLUSIONS", label)
        found = _first_match(self._excludes, labels)
        if found is not None:
            yield "EXCLUDE_MODEL_PATTERNS", _excluded_by("EXCLUDE_MODEL_PATTERNS", found)
        if self._includes and _first_match(self._includes, labels) is None:
            yield "INCLUDE_MODEL_PATTERNS", Sentence(_("matches none of {key}"), key="INCLUDE_MODEL_PATTERNS")

    def _judge_shape(self, model: Type[Model]) -> Iterator[Tuple[str, str]]:
        names = field_names(model)
        present = [name for name in self.values["EXCLUDE_MODELS_WITH_FIELDS"] if name in names]
        if present:
            key = "EXCLUDE_MODELS_WITH_FIELDS"
            yield key, Sentence(_("has a field {name}; {key}"), name=repr(present[0]), key=key)
        absent = [name for name in self.values["REQUIRE_MODELS_WITH_FIELDS"] if name not in names]
        if absent:
            key = "REQUIRE_MODELS_WITH_FIELDS"
            yield key, Sentence(_("has no field {name}; {key}"), name=repr(absent[0]), key=key)
        if self.values["EXCLUDE_MANAGER_MODELS"] and _narrows(model):
            yield (
                "EXCLUDE_MANAGER_MODELS",
                explain_by("EXCLUDE_MANAGER_MODELS", _("its default manager narrows its queryset")),
            )

    def _judge_app(self, model: Type[Model]) -> Iterator[Tuple[str, str]]:
        app = apps.get_app_config(model._meta.app_label)
        is_registered = registered_sync(model) is not None
        if not self.values["INCLUDE_CUSTOM_MODELS"] and not _is_of_django(app):
            yield "INCLUDE_CUSTOM_MODELS", explain_by("INCLUDE_CUSTOM_MODELS", _("is not Django's own"))
        if self.values["INCLUDE_APPS"] and app.label not in self.values["INCLUDE_APPS"]:
            yield "INCLUDE_APPS", _not_among(app.label, "INCLUDE_APPS")
        if is_registered:
            return
        if issubclass(model, get_user_model()):
            # One that inherits from it holds its columns too.
            yield "", Sentence(_("a user model is in only where sync.py registers it"))
        if not self.values["INCLUDE_APPS"] and _is_machinery(app):
            yield "", Sentence(_("belongs to Django, to sb_sync or to a package it depends on"))
        if not self.values["AUTO_DISCOVER_MODELS"]:
            yield "AUTO_DISCOVER_MODELS", explain_by("AUTO_DISCOVER_MODELS", _("not registered in sync.py"))

    def _judge_key(self, model: Type[Model]) -> Iterator[Tuple[str, str]]:
        fault = find_key_fault(model)
        if fault and is_composite_key(model):
            yield "", fault
        elif fault and self.values["SAFE_DISCOVERY_MODE"]:
            yield "SAFE_DISCOVERY_MODE", explain_by("SAFE_DISCOVERY_MODE", fault)

    def _kinds_of(self, model: Type[Model]) -> Iterator[str]:
        yield PROXY if model._meta.proxy else CONCRETE
        if not self.values["EXCLUDE_ABSTRACT_MODELS"] and any(abstract_bases(model)):
            yield ABSTRACT

    def _labels_of(self, model: Type[Model]) -> List[str]:
        """Return the labels that a model goes by: its own, and those of the abstract models that it is made of."""
        own = [model._meta.label]
        if self.values["EXCLUDE_ABSTRACT_MODELS"] or ABSTRACT not in self.values["INCLUDE_MODEL_TYPES"]:
            return own
        return own + [base._meta.label for base in abstract_bases(model)]


def explain_by(key: str, fault: str) -> Sentence:
    """Return a fault, a text of the catalogues or a sentence, with the setting that makes it count."""
    return Sentence("{fault}; {key}", fault=fault if isinstance(fault, Sentence) else Sentence(fault), key=key)


def _excluded_by(key: str, value: str) -> Sentence:
    return Sentence(_("excluded by {key} {value}"), key=key, value=repr(value))


def _not_among(value: str, key: str) -> Sentence:
    return Sentence(_("{value} is not among {key}"), value=value, key=key)


def _first_match(patterns: Iterable[Any], labels: Sequence[str]) -> Optional[str]:
    """Return the first pattern that one of the labels matches."""
    return next((pattern.pattern for pattern in patterns for label in labels if pattern.search(label)), None)


def _narrows(model: Type[Model]) -> bool:
    """Tell whether the default manager leaves rows out; one that fails shows none."""
    try:
        query = model._default_manager.all().query
    except Exception:
        # The project's code, which must not take discovery with it.
        logger.exception("The default manager of %s failed.", model._meta.label)
        return True
    return bool(query.where) or query.is_sliced or query.distinct or bool(query.combinator) or query.is_empty()


def _is_of_django(app: AppConfig) -> bool:
    return app.name.startswith("django.contrib.")


def _is_machinery(app: AppConfig) -> bool:
    """Tell whether an app is Django's own, ours, or one that we bring along."""
    return _is_of_django(app) or app.name in OWN_APPS
