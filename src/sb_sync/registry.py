"""What a project says about a model: `ModelSync`, and the register that `<app>/sync.py` writes to.

What was found about the model itself (tenant path, kind of key) stands in `catalog`, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Type, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from sb_sync.protocol import CLIENT_WINS, MERGE, OWN_CODE, REJECT, SERVER_WINS

__all__ = ["POLICIES", "Conflict", "ModelSync", "policy_of", "register", "registered_sync", "runs_own", "unregister"]

#: What `ModelSync.conflict` may say.
POLICIES = (REJECT, CLIENT_WINS, SERVER_WINS, MERGE)


@dataclass(frozen=True)
class Conflict:
    """A record that meets a row which changed since its client saw it, all values by their names on the wire.

    `client` is what was sent; a deletion has the key and `"_deleted": True`. `server` is the row as it stands, `base`
    what the client began from where it said so. `scope` is the user acting in an organization.
    """

    client: Dict[str, Any]
    server: Dict[str, Any]
    base: Optional[Dict[str, Any]]
    scope: Any


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
    #: What becomes of a record whose row changed since its client saw it; one of `POLICIES`.
    conflict: str = REJECT
    #: Paths of relations, such as "customer__region", whose changes `get_queryset` depends on.
    depends_on: Sequence[str] = ()

    def get_queryset(self, queryset: Any, scope: Any) -> Any:
        """Return those of a user's rows that the user may see; rows that are not in `queryset` never become visible.

        The same for the same scope at any time: nothing that changes with the clock, or by chance.
        """
        return queryset

    def resolve_conflict(self, conflict: Conflict) -> Optional[Dict[str, Any]]:
        """Return the values that shall stand in the row, or None to reject. A class that defines it uses it.

        The answer is validated and authorized like any pushed record; `"_deleted": True` in it deletes the row.
        """
        return None

    def before_push(self, record: Dict[str, Any], scope: Any) -> Optional[Dict[str, Any]]:
        """Change the values of a pushed record, in place or by returning others, or raise `RecordError`.

        Runs before the record is read and validated, in the transaction of its push, and neither names another row
        nor changes what kind of record it is.
        """
        return None

    def after_push(self, results: List[Dict[str, Any]], scope: Any) -> None:
        """Act on what became of the records of this model, after they are committed."""


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


def runs_own(sync: ModelSync, name: str) -> bool:
    """Tell whether a project defined one of the methods of `ModelSync` itself."""
    return getattr(type(sync), name) is not getattr(ModelSync, name)


def policy_of(sync: ModelSync) -> str:
    """Return the conflict policy of a model; a word that does not exist, of which a check tells, is to reject."""
    if runs_own(sync, "resolve_conflict"):
        return OWN_CODE
    return sync.conflict if sync.conflict in POLICIES else REJECT
