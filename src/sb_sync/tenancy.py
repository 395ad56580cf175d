"""Which rows are an organization's: the path of foreign keys from a model to Site or Organization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, List, Optional, Sequence, Set, Tuple, Type

from django.contrib.sites.models import Site
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model

from sb_sync.models import Organization

__all__ = ["AmbiguousTenant", "Hop", "InvalidTenant", "TenantPath", "resolve_tenant"]


class AmbiguousTenant(Exception):
    """Several keys or paths lead to an organization, and none is declared."""

    def __init__(self, candidates: Sequence[str]) -> None:
        """Take the lookups that compete."""
        self.candidates = list(candidates)
        super().__init__("Several paths lead to an organization: {}.".format(", ".join(candidates)))


class InvalidTenant(Exception):
    """The declared path does not lead along foreign keys to an organization."""


@dataclass(frozen=True)
class Hop:
    """One join towards the organization: `table.column = to_table.to_column`."""

    table: str
    column: str
    to_table: str
    to_column: str
    to_model: Type[Model]


@dataclass(frozen=True)
class TenantPath:
    """How a row of a model finds its organization.

    `lookup` is the ORM lookup of the organization's key ("order__customer__organization_id"), `field` the model's own
    foreign key where it has one, `hops` the joins in SQL, `table` and `column` where the key finally stands.
    """

    lookup: str
    field: Optional[Field[Any, Any]]
    hops: Tuple[Hop, ...]
    table: str
    column: str


def resolve_tenant(model: Type[Model], declared: Optional[str] = None) -> Optional[TenantPath]:
    """Return the path of a model to its organization, None for a shared model.

    Raises `AmbiguousTenant` where several compete and `InvalidTenant` where the declared one leads nowhere.
    """
    # A proxy has the fields of its model, and no link to it.
    model = model._meta.concrete_model or model
    if declared is not None:
        return _build_path(model, declared.split("__"))
    own = [[field.name] for field in _own_keys(model)]
    candidates = own or list(_required_paths(model, {model}))
    if len(candidates) > 1:
        raise AmbiguousTenant(["__".join(names) for names in candidates])
    return _build_path(model, candidates[0]) if candidates else None


def _own_keys(model: Type[Model]) -> List[Any]:
    """Return the foreign keys of a model, inherited ones included, that name an organization."""
    return [field for field in _foreign_keys(model) if _is_organization(field.related_model)]


def _required_paths(model: Type[Model], seen: Set[Type[Model]]) -> Iterator[List[str]]:
    """Yield every path of required foreign keys to a model with a key of its own to an organization."""
    for field in _foreign_keys(model):
        target = field.related_model
        if field.null or field.remote_field.parent_link or target in seen or _is_organization(target):
            continue
        own = _own_keys(target)
        if own:
            yield from ([field.name, key.name] for key in own)
        else:
            yield from ([field.name, *rest] for rest in _required_paths(target, {*seen, target}))


def _foreign_keys(model: Type[Model]) -> List[Any]:
    """Return the forward foreign keys of a model, inherited ones included."""
    return [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]


def _is_organization(model: Any) -> bool:
    """Tell whether rows of a model are organizations."""
    return isinstance(model, type) and issubclass(model, Model) and model._meta.concrete_model in (Site, Organization)


def _build_path(model: Type[Model], names: Sequence[str]) -> TenantPath:
    """Turn names of foreign keys into joins."""
    hops: List[Hop] = []
    current = model
    field: Any = None
    for position, name in enumerate(names):
        field = _foreign_key(current, name)
        hops.extend(_hops_to_ancestor(current, field.model))
        target = field.related_model
        is_last = position == len(names) - 1
        if is_last != _is_organization(target):
            raise InvalidTenant(
                "{} of {} must end at Site or Organization.".format("__".join(names), model._meta.label)
            )
        if not is_last:
            hops.append(_hop(field))
            current = target
    if not field.target_field.primary_key:
        raise InvalidTenant(f"{'__'.join(names)} of {model._meta.label} must hold the organization's primary key.")
    return TenantPath(
        lookup="__".join([*names[:-1], field.attname]),
        field=field if len(names) == 1 else None,
        hops=tuple(hops),
        table=field.model._meta.db_table,
        column=field.column,
    )


def _foreign_key(model: Type[Model], name: str) -> Any:
    """Return a forward foreign key by its name."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        raise InvalidTenant(f"{model._meta.label} has no field {name!r}.") from None
    if not isinstance(field, ForeignKey):
        raise InvalidTenant(f"{model._meta.label}.{name} is not a foreign key.")
    return field


def _hops_to_ancestor(model: Type[Model], owner: Type[Model]) -> Iterator[Hop]:
    """Yield the joins from a child table to the ancestor's table that holds an inherited column."""
    while model is not owner:
        link, model = next(
            (link, parent)
            for parent, link in model._meta.parents.items()
            if link is not None and link.model is model and issubclass(parent, owner)
        )
        yield _hop(link)


def _hop(field: Any) -> Hop:
    """Return the join that a foreign key makes."""
    target = field.target_field
    return Hop(
        table=field.model._meta.db_table,
        column=field.column,
        to_table=target.model._meta.db_table,
        to_column=target.column,
        to_model=target.model,
    )
