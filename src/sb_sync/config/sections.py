"""Which sections there are, and what the project's settings say of their keys."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, List, Mapping, Tuple

from django.apps import apps
from django.conf import settings

from sb_sync.config.declaration import InvalidSetting, Setting
from sb_sync.config.model_discovery import MODEL_DISCOVERY
from sb_sync.config.settings import SETTINGS

__all__ = [
    "DISCOVERY_SECTION",
    "SECTIONS",
    "SETTINGS_SECTION",
    "UNSET",
    "declaration",
    "find_faults",
    "project_value",
    "value_without",
]

SETTINGS_SECTION = "SETTINGS"
DISCOVERY_SECTION = "MODEL_DISCOVERY"
SECTIONS: Mapping[str, Mapping[str, Setting]] = MappingProxyType(
    {SETTINGS_SECTION: SETTINGS, DISCOVERY_SECTION: MODEL_DISCOVERY}
)
UNSET: Any = object()


def project_value(section: str, key: str) -> Any:
    """Return what the project's settings say of a key, or `UNSET`."""
    given: Any = getattr(settings, "SB_SYNC", {})
    if section != SETTINGS_SECTION and isinstance(given, dict):
        given = given.get(section, {})
    return given.get(key, UNSET) if isinstance(given, dict) else UNSET


def declaration(section: str, key: str) -> Setting:
    """Return what a key may hold. Raises `InvalidSetting` where there is no such section or key."""
    if section not in SECTIONS:
        raise InvalidSetting("{!r:.100} is no section; those are {}.".format(section, ", ".join(SECTIONS)))
    if key not in SECTIONS[section]:
        known = ", ".join(SECTIONS[section])
        raise InvalidSetting(f"{key!r:.100} is no key of {section}; those are {known}.")
    return SECTIONS[section][key]


def value_without(section: str, key: str) -> Any:
    """Return what one key holds where nothing is set in the database.

    What the project says wrongly is the default, and a check tells of it.
    """
    value = project_value(section, key)
    declared = SECTIONS[section][key]
    return declared.default if value is UNSET or declared.fault(value) else value


def find_faults() -> List[Tuple[str, str]]:
    """Return (key, what is wrong) for each unknown or ill-typed key of `SB_SYNC`."""
    given: Any = getattr(settings, "SB_SYNC", {})
    if not isinstance(given, dict):
        return [("SB_SYNC", "must be a dict")]
    faults: List[Tuple[str, str]] = []
    for key, value in given.items():
        if key != DISCOVERY_SECTION:
            faults.append((str(key), _find_fault(SETTINGS, key, value)))
        elif not isinstance(value, dict):
            faults.append((key, "must be a dict"))
        else:
            faults += [(f"{key}.{name}", _find_discovery_fault(name, held)) for name, held in value.items()]
    return sorted((key, fault) for key, fault in faults if fault)


def _find_fault(declared: Mapping[str, Setting], key: Any, value: Any) -> str:
    return declared[key].fault(value) if key in declared else "is not a setting of sb_sync"


def _find_discovery_fault(key: Any, value: Any) -> str:
    """Return what is wrong with a key of discovery, names of what is not installed included."""
    fault = _find_fault(MODEL_DISCOVERY, key, value)
    look_up = None if fault else MODEL_DISCOVERY[key].look_up
    return look_up(value) if look_up is not None and apps.ready else fault
