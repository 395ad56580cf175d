"""Rows that a user sees or not by what other rows say: no push moves them in or out of view.

A row filter may follow relations, and so may a `get_queryset`. Who may write a row that is looked at there could else
bring rows into view that are out of it, or out of it for everybody whose rows are filtered alike.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Dict, Iterable, Iterator, Mapping, Sequence, Set, Type

from django.db.models import Model

from sb_sync import catalog
from sb_sync.access import dependencies, organization_queryset, scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.push.batch import Change
from sb_sync.push.cascades import Closure, Effect, Node
from sb_sync.push.chunks import split
from sb_sync.push.rows import root_label
from sb_sync.push.state import PushState
from sb_sync.push.targets import find_values
from sb_sync.relations import InvalidPath

__all__ = ["Views", "watch_deletion", "watch_writes"]

Keys = Dict[str, Set[Any]]


class Views:
    """What a user sees of some rows, remembered before other rows are written."""

    def __init__(self, state: PushState, rows: Mapping[str, Iterable[Any]]) -> None:
        """Look at rows, given by label and key."""
        self._state = state
        self._rows = {label: set(keys) for label, keys in rows.items() if keys}
        self._seen = {label: self._find_visible(label, keys) for label, keys in self._rows.items()}

    def have_changed(self) -> bool:
        """Tell whether any of the rows that are still there came into view, or left it."""
        for label, keys in self._rows.items():
            seen = self._find_visible(label, keys)
            if seen - self._seen[label] or self._find_there(label, self._seen[label] - seen):
                return True
        return False

    def _find_visible(self, label: str, keys: Set[Any]) -> Set[Any]:
        rows = scoped_queryset(self._state.scope, catalog.synced_models()[label])
        return find_values(rows.using(self._state.using), "pk", keys, self._state.using)

    def _find_there(self, label: str, keys: Set[Any]) -> Set[Any]:
        rows = catalog.synced_models()[label].model._base_manager.using(self._state.using)
        return find_values(rows, "pk", keys, self._state.using)


def watch_writes(state: PushState, synced: SyncedModel, changes: Sequence[Change]) -> Views:
    """Look at the rows that depend on stored ones which are about to change.

    Those that change themselves are none: they must be in view before and after.
    """
    written = {change.key for change in changes if not change.is_creation}
    rows = _find_dependents(state, {synced.model: written})
    for owner, attname in _list_owners(state, synced.model):
        rows[owner.label].update(change.values[attname] for change in changes if attname in change.values)
    for label in rows:
        if root_label(catalog.synced_models()[label].model) == root_label(synced.model):
            rows[label] -= written
    return Views(state, rows)


def watch_deletion(state: PushState, closure: Closure, roots: Iterable[Node]) -> Views:
    """Look at the rows that depend on those that go, and at those whose key to one of them goes."""
    reached: Dict[Type[Model], Set[Any]] = defaultdict(set)
    changed: Keys = defaultdict(set)
    for root in roots:
        for model, key in closure.taken_with(root):
            reached[model].add(key)
            for (other, other_key), effect in closure.referrers.get((model, key), ()):
                synced = catalog.find(other._meta.label)
                if effect is Effect.CHANGED:
                    reached[other].add(other_key)
                    if synced is not None and synced.label in state.scope.rights:
                        changed[synced.label].add(other_key)
    rows = _find_dependents(state, reached)
    for label, keys in changed.items():
        rows[label] |= keys
    return Views(state, rows)


def _find_dependents(state: PushState, reached: Mapping[Type[Model], Set[Any]]) -> Keys:
    """Return the organization's rows, by label and key, that depend on rows of these models and keys."""
    found: Keys = defaultdict(set)
    for synced, relations in _narrowed_models(state):
        rows = organization_queryset(state.scope, synced).using(state.using)
        for relation in relations:
            for model, keys in reached.items():
                if root_label(model) == root_label(relation.model):
                    for chunk in split(sorted(keys, key=str), state.using):
                        named = rows.filter(**{f"{relation.lookup}__pk__in": chunk})
                        found[synced.label].update(named.values_list("pk", flat=True))
    for model, keys in reached.items():
        for owner, attname in _list_owners(state, model):
            for chunk in split(sorted(keys, key=str), state.using):
                links = model._base_manager.using(state.using).filter(pk__in=chunk)
                found[owner.label].update(links.values_list(attname, flat=True))
    return found


def _narrowed_models(state: PushState) -> Iterator[Any]:
    """Yield the user's models whose rows depend on others, with the relations by which they do."""
    for label in state.scope.rights:
        synced = catalog.synced_models()[label]
        try:
            relations = dependencies(state.scope, synced) if synced.database == state.using else ()
        except InvalidPath:
            # A check tells of it; the model cannot be pulled.
            continue
        if relations:
            yield synced, relations


def _list_owners(state: PushState, model: Type[Model]) -> Iterator[Any]:
    """Yield the user's filtered models of whose lists a model holds the rows, with its key to them."""
    for label in state.scope.filters:
        synced = catalog.synced_models()[label]
        for field in synced.model._meta.many_to_many:
            through: Any = field.remote_field.through
            link: Any = through._meta.get_field(field.m2m_field_name())
            if through is model and link.target_field.primary_key:
                yield synced, link.attname
