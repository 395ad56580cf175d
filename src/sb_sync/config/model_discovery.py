"""The keys of section MODEL_DISCOVERY: which models are in, and what clients call them."""

from __future__ import annotations

from typing import Mapping

from django.utils.translation import gettext_noop as _

from sb_sync.config.declaration import Setting
from sb_sync.config.names import (
    check_exclusions,
    check_namespace,
    check_part,
    check_patterns,
    check_texts,
    check_words,
    look_up_apps,
    look_up_exclusions,
    look_up_fields,
    look_up_models,
)

__all__ = ["ABSTRACT", "CONCRETE", "MODEL_DISCOVERY", "PROXY"]

CONCRETE, ABSTRACT, PROXY = "concrete", "abstract", "proxy"
LIST = (list, tuple)
DAY = 86_400

MODEL_DISCOVERY: Mapping[str, Setting] = {
    "AUTO_DISCOVER_MODELS": Setting(
        True, bool, _("Let models in by themselves; else only those that sync.py registers.")
    ),
    "INCLUDE_APPS": Setting(
        [],
        LIST,
        _("Labels of the apps whose models are in; without any all apps of the project."),
        check=check_texts,
        look_up=look_up_apps,
    ),
    "EXCLUDE_MODELS": Setting([], LIST, _("Labels of models that are out."), check=check_texts, look_up=look_up_models),
    "INCLUDE_CUSTOM_MODELS": Setting(True, bool, _("Let models in that are not Django's own.")),
    "MODEL_PREFIX": Setting("", str, _("Put before a model's name in its public label."), check=check_part),
    "MODEL_SUFFIX": Setting("", str, _("Put behind a model's name in its public label."), check=check_part),
    "MODEL_NAMESPACE": Setting("", str, _("Put before the app in public labels."), check=check_namespace),
    "EXCLUDE_ABSTRACT_MODELS": Setting(
        True,
        bool,
        _("Pass abstract models over; else they are listed, and stand for the models that are made of them."),
    ),
    "EXCLUDE_PROXY_MODELS": Setting(True, bool, _("Leave proxy models out.")),
    "EXCLUDE_HISTORICAL_MODELS": Setting(True, bool, _("Leave models out that hold the history of another one.")),
    "EXCLUDE_MANAGER_MODELS": Setting(False, bool, _("Leave models out whose default manager narrows its queryset.")),
    "INCLUDE_MODEL_PATTERNS": Setting(
        [], LIST, _("Regular expressions; where there are any, a label must match one."), check=check_patterns
    ),
    "EXCLUDE_MODEL_PATTERNS": Setting(
        [], LIST, _("Regular expressions; models whose label matches one are out."), check=check_patterns
    ),
    "EXCLUDE_MODELS_WITH_FIELDS": Setting(
        [], LIST, _("Names of fields; models with any of them are out."), check=check_texts, look_up=look_up_fields
    ),
    "REQUIRE_MODELS_WITH_FIELDS": Setting(
        [], LIST, _("Names of fields; models that lack any of them are out."), check=check_texts, look_up=look_up_fields
    ),
    "APP_SPECIFIC_EXCLUSIONS": Setting(
        {}, dict, _("Names of models that are out, by app."), check=check_exclusions, look_up=look_up_exclusions
    ),
    "INCLUDE_MODEL_TYPES": Setting(
        [CONCRETE, ABSTRACT, PROXY],
        LIST,
        _("Kinds of models that are in; one that is made of an abstract model is of both kinds."),
        check=check_words(CONCRETE, ABSTRACT, PROXY),
    ),
    "ENABLE_DISCOVERY_CACHING": Setting(True, bool, _("Keep what was found; else each request looks anew.")),
    "DISCOVERY_CACHE_TIMEOUT": Setting(3600, int, _("Seconds for which what was found is kept."), 0, DAY),
    "MAX_MODELS_PER_APP": Setting(None, int, _("Most models of one app, in the order of their labels."), 1),
    "VALIDATE_MODEL_ACCESS": Setting(True, bool, _("Leave models out whose table cannot be read.")),
    "CHECK_MODEL_PERMISSIONS": Setting(
        False, bool, _("Where discovery answers a user, leave out what that user may neither push nor pull.")
    ),
    "SAFE_DISCOVERY_MODE": Setting(
        True, bool, _("Leave models out that cannot be synchronised safely: no stable key, no table, no triggers.")
    ),
}
