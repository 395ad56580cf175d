"""What a project says about a model: `ModelSync`, and the register that `<app>/sync.py` writes to.

What was found about the model itself (tenant path, kind of key) stands in `catalog`, not here.
"""

from __future__ import annotations

from typing import Callable, Dict, Optional, Sequence, Type, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

__all__ = ["ModelSync", "register", "registered_sync", "unregister"]


class ModelSync:
    """How one model is synchronised. Subclass it in `<app>/sync.py` and decorate it with `register`."""

    #: Names of the fields that travel; None for all.
    fields: Optional[Sequence[str]] = None
    #: Names of fields that do not travel.
    exclude: Sequence[str] = ()
    #: Names of fields that clients see but do not write.
    read_only: Sequence[str] = ()
    #: Path of foreign keys to the organization, such as "region__organization"; None where it is found by itself.
    tenant: Optional[str] = None


SyncClass = TypeVar("SyncClass", bound=Type[ModelSync])

_registered: Dict[Type[Model], ModelSync] = {}


def register(model: Type[Model]) -> Callable[[SyncClass], SyncClass]:
    """Return a decorator that makes a `ModelSync` class the one of this model.

    Raises `ImproperlyConfigured` where the model has one already, or the class is no `ModelSync`.
    """

    def decorate(sync_class: SyncClass) -> SyncClass:
        if not issubclass(sync_class, ModelSync):
            raise ImproperlyConfigured(f"{sync_class.__name__} is not a ModelSync.")
        if model in _registered:
            raise ImproperlyConfigured(f"{model._meta.label} is registered already.")
        _registered[model] = sync_class()
        return sync_class

    return decorate


def unregister(model: Type[Model]) -> None:
    """Forget what was registered for a model."""
    _registered.pop(model, None)


def registered_sync(model: Type[Model]) -> Optional[ModelSync]:
    """Return what the project registered for a model, or None."""
    return _registered.get(model)
