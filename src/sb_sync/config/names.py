"""Lists of names that people type: their shape, and whether what they name is there."""

from __future__ import annotations

import re
from typing import Any, Callable, Iterator, List, Sequence, Set, Type

from django.apps import apps
from django.db.models import Model
from django.db.models.base import ModelBase

from sb_sync.config.patterns import find_pattern_fault

__all__ = [
    "abstract_bases",
    "abstract_models",
    "check_exclusions",
    "check_namespace",
    "check_part",
    "check_patterns",
    "check_texts",
    "check_words",
    "field_names",
    "look_up_apps",
    "look_up_exclusions",
    "look_up_fields",
    "look_up_models",
]

#: Most names of one list.
MAX_NAMES = 1000
OWN_APP = "sb_sync"
PART = re.compile("[A-Za-z0-9_]{0,40}", re.ASCII)
NAMESPACE = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,39}(\.[A-Za-z][A-Za-z0-9_]{0,39}){0,3})?", re.ASCII)


def check_texts(value: Any) -> str:
    """Return what is wrong with a list of texts."""
    if len(value) > MAX_NAMES:
        return f"may hold {MAX_NAMES} values at most"
    for item in value:
        if not isinstance(item, str) or not item.strip() or "\x00" in item:
            return f"must hold texts only, not {item!r:.100}"
    return ""


def check_words(*words: str) -> Callable[[Any], str]:
    """Return a check for a list of some of these words, one at least."""

    def check(value: Any) -> str:
        strange = [item for item in value if item not in words]
        if strange or not value:
            return "must name at least one of {}, and nothing else".format(", ".join(words))
        return ""

    return check


def check_patterns(value: Any) -> str:
    """Return what is wrong with a list of regular expressions."""
    fault = check_texts(value)
    if fault:
        return fault
    found = ((pattern, find_pattern_fault(pattern)) for pattern in value)
    return next((f"holds {pattern!r:.100}, which {reason}" for pattern, reason in found if reason), "")


def check_part(value: Any) -> str:
    """Return what is wrong with what is put before or behind a model's name."""
    return "" if PART.fullmatch(value) else "must be up to 40 letters, digits and underscores"


def check_namespace(value: Any) -> str:
    """Return what is wrong with what is put before the label of an app."""
    return "" if NAMESPACE.fullmatch(value) else "must be a word such as acme, or several joined by dots"


def check_exclusions(value: Any) -> str:
    """Return what is wrong with lists of names by app."""
    for app, names in value.items():
        if not isinstance(app, str) or not isinstance(names, (list, tuple)):
            return 'must map apps to lists of names, such as {"auth": ["Group"]}'
        fault = check_texts(names)
        if fault:
            return f"[{app!r}] {fault}"
    return ""


def look_up_apps(value: Any) -> str:
    """Return what is wrong with a list of labels of apps."""
    known = sorted(app.label for app in apps.get_app_configs())
    for label in value:
        if label == OWN_APP:
            return "names sb_sync, whose tables hold rights and secrets and are never synchronised"
        if label not in known:
            return "names {!r:.100}, which is no installed app; those are {}".format(label, ", ".join(known))
    return ""


def look_up_models(value: Any) -> str:
    """Return what is wrong with a list of labels of models, in any case; abstract ones count."""
    known = _known_labels()
    unknown = [label for label in value if str(label).lower() not in known]
    return f"names {unknown[0]!r:.100}, which is no installed model; write app_label.ModelName" if unknown else ""


def look_up_exclusions(value: Any) -> str:
    """Return what is wrong with names of models by app."""
    return look_up_models([f"{app}.{name}" for app, names in value.items() for name in names])


def look_up_fields(value: Any) -> str:
    """Return what is wrong with a list of names of fields: one that no model has would move nothing, or everything."""
    known = {name for model in apps.get_models() for name in field_names(model)}
    unknown = [name for name in value if name not in known]
    return f"names {unknown[0]!r:.100}, which no installed model has as a field" if unknown else ""


def field_names(model: Type[Model]) -> Set[str]:
    """Return the names of a model's own fields, and of their columns."""
    options = model._meta
    fields: Sequence[Any] = [*options.concrete_fields, *options.many_to_many, *options.private_fields]
    return {name for field in fields for name in (field.name, getattr(field, "attname", field.name))}


def abstract_models() -> List[Type[Model]]:
    """Return the abstract models that installed models are made of, by label."""
    found: Set[Type[Model]] = {base for model in apps.get_models() for base in abstract_bases(model)}
    return sorted(found, key=lambda model: model._meta.label)


def abstract_bases(model: Type[Model]) -> Iterator[Type[Model]]:
    """Yield the abstract models that a model is made of."""
    bases: Sequence[Any] = [base for base in model.__mro__ if isinstance(base, ModelBase) and hasattr(base, "_meta")]
    for base in bases:
        if base._meta.abstract and base._meta.app_label:
            yield base


def _known_labels() -> Set[str]:
    models = [*apps.get_models(include_auto_created=True, include_swapped=True), *abstract_models()]
    return {model._meta.label_lower for model in models}
