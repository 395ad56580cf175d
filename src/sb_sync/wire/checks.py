"""What Django's checks say of the fields that a project declares; `sb_sync.checks` registers this function.

E301 `fields`, `exclude` or `read_only` is no list, or names no field of the model · W301 an attribute of a `ModelSync`
that looks like one of these, misspelt. A misspelt `exclude` would let a field travel that was meant to stay.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Iterator, List, Set

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from sb_sync import catalog
from sb_sync.catalog import SyncedModel
from sb_sync.registry import ModelSync

__all__ = ["check_declared_fields"]

DECLARATIONS = ("fields", "exclude", "read_only")
#: Beyond this two words are taken for different ones.
LIKENESS = 0.8


def check_declared_fields(**_: Any) -> List[CheckMessage]:
    """Check the names in `fields`, `exclude` and `read_only`, and those of the attributes themselves."""
    return [message for synced in catalog.synced_models().values() for message in _check(synced)]


def _check(synced: SyncedModel) -> Iterator[CheckMessage]:
    for declaration in DECLARATIONS:
        declared = getattr(synced.sync, declaration)
        if declared is None:
            continue
        if isinstance(declared, str) or not all(isinstance(name, str) for name in declared):
            yield _error(synced, f"`{declaration}` is no list of names", "Write a list, also for a single name.")
            continue
        unknown = sorted(set(declared) - _names_of(synced))
        if unknown:
            known = ", ".join(sorted(field.name for field in _fields_of(synced)))
            told = "`{}` names no field: {}".format(declaration, ", ".join(unknown))
            yield _error(synced, told, f"The fields are: {known}.")
    for name in sorted(vars(type(synced.sync))):
        meant = get_close_matches(name, _own_names(), n=1, cutoff=LIKENESS)
        if name not in _own_names() and not name.startswith("_") and meant:
            yield CheckWarning(
                f"{type(synced.sync).__name__} has an attribute `{name}`, which nothing reads.",
                hint=f"ModelSync knows `{meant[0]}`. Begin a name of your own with an underscore to silence this.",
                obj=synced.model,
                id="sb_sync.W301",
            )


def _error(synced: SyncedModel, told: str, mend: str) -> Error:
    return Error(f"ModelSync of {synced.label}: {told}.", hint=mend, obj=synced.model, id="sb_sync.E301")


def _fields_of(synced: SyncedModel) -> List[Any]:
    options = synced.model._meta
    return [*options.concrete_fields, *options.many_to_many]


def _names_of(synced: SyncedModel) -> Set[str]:
    """Return every name by which a declaration may call a field."""
    return {name for field in _fields_of(synced) for name in (field.name, getattr(field, "attname", field.name))}


def _own_names() -> Set[str]:
    return {name for name in vars(ModelSync) if not name.startswith("_")}
