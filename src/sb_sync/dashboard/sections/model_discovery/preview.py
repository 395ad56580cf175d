"""What would be found: every model with the reason, beside what is found now."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any, FrozenSet, List, Mapping, Set, Tuple

from django import forms
from django.apps import apps
from django.utils.translation import gettext_lazy as _

from sb_sync import catalog
from sb_sync.dashboard.filters import FilterForm, WordsField
from sb_sync.discovery import Decision
from sb_sync.sentence import translate

__all__ = ["COMES", "GOES", "STAYS", "AppFound", "ModelFound", "ModelSearch", "Preview", "make_preview"]

#: What becomes of a model: it will be synchronised, it will not be any more, or it stays as it is.
COMES, GOES, STAYS = "in", "out", ""


class ModelSearch(FilterForm):
    """Which models are shown."""

    q = WordsField()
    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[("", _("All")), ("in", _("In")), ("out", _("Out")), ("changed", _("Changed"))],
    )

    def takes(self, model: ModelFound) -> bool:
        """Tell whether a model is shown."""
        text = f"{model.label} {model.name} {model.reason}".lower()
        kinds = {"": True, "in": model.is_in, "out": not model.is_in, "changed": bool(model.change)}
        return kinds[self.value("show", "")] and all(word.lower() in text for word in self.value("q", ()))


@dataclass(frozen=True)
class ModelFound:
    """One model. `problem` says why it is let in and not served; `public_label` is what clients call it."""

    label: str
    name: str
    is_in: bool
    reason: str
    key: str
    change: str
    public_label: str = ""
    is_shared: bool = False
    problem: str = ""

    @property
    def short_label(self) -> str:
        """Return its name without the app."""
        return self.label.split(".", 1)[1]


@dataclass(frozen=True)
class AppFound:
    """The models of one app, by label; those that a search does not take are `hidden`."""

    label: str
    name: str
    models: Tuple[ModelFound, ...]
    hidden: FrozenSet[str]

    @property
    def is_hidden(self) -> bool:
        """Tell whether a search takes none of them."""
        return len(self.hidden) == len(self.models)

    @property
    def models_in(self) -> int:
        """Return how many are in."""
        return sum(model.is_in for model in self.models)

    @property
    def is_of_interest(self) -> bool:
        """Tell whether any of them is in, or was."""
        return any(model.is_in or model.change for model in self.models)


@dataclass(frozen=True)
class Preview:
    """All models, by app; apps of which none is in, or was, come last."""

    apps: Tuple[AppFound, ...]

    @property
    def models(self) -> List[ModelFound]:
        """Return all models."""
        return [model for app in self.apps for model in app.models]

    @property
    def is_nothing_shown(self) -> bool:
        """Tell whether a search takes no model at all."""
        return all(app.is_hidden for app in self.apps)

    @property
    def models_in(self) -> int:
        """Return how many are in."""
        return sum(app.models_in for app in self.apps)

    @property
    def coming(self) -> List[ModelFound]:
        """Return the models that will be synchronised."""
        return [model for model in self.models if model.change == COMES]

    @property
    def going(self) -> List[ModelFound]:
        """Return the models that will not be synchronised any more."""
        return [model for model in self.models if model.change == GOES]


def make_preview(values: Mapping[str, Any], search: ModelSearch) -> Preview:
    """Return what other values of MODEL_DISCOVERY would find, beside what is found now. Asks no database."""
    now = {each.model._meta.label for each in catalog.decisions() if each.included}
    found = catalog.preview_models(values)
    problems = {refusal.model._meta.label: refusal.reason for refusal in found.refusals}
    listed = [_describe(each, found, problems, now) for each in found.decisions]
    listed.sort(key=lambda model: (model.label.split(".")[0], model.label))
    by_app = ((label, tuple(models)) for label, models in groupby(listed, key=lambda model: model.label.split(".")[0]))
    found_apps = [
        AppFound(label, _name_app(label), models, frozenset(model.label for model in models if not search.takes(model)))
        for label, models in by_app
    ]
    return Preview(tuple(sorted(found_apps, key=lambda app: not app.is_of_interest)))


def _describe(decision: Decision, found: catalog.Preview, problems: Mapping[str, str], now: Set[str]) -> ModelFound:
    """Return what is found of one model."""
    options = decision.model._meta
    synced = found.models.get(options.label)
    was_in = options.label in now
    change = STAYS if was_in == decision.included else COMES if decision.included else GOES
    return ModelFound(
        label=options.label,
        name=str(options.verbose_name),
        is_in=decision.included,
        reason=translate(decision.reason),
        key=decision.key,
        change=change,
        public_label="" if synced is None or synced.public_label == options.label else synced.public_label,
        is_shared=synced is not None and synced.is_shared,
        problem=translate(problems.get(options.label, "")),
    )


def _name_app(label: str) -> str:
    """Return what an app calls itself; an abstract model may be of one that is not installed."""
    return str(apps.get_app_config(label).verbose_name) if label in apps.app_configs else label
