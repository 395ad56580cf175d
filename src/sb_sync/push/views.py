"""Rows that a push writes without naming them: none that is out of view, and none moves in or out of it.

A row filter may follow relations, and so may a `get_queryset`. Who may write a row that is looked at there could else
bring rows into view that are out of it, or out of it for everybody whose rows are filtered alike. And a row of a model
that inherits is a row of its parent, too, with the filters of each.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Dict, Iterable, Iterator, Mapping, Sequence, Set, Tuple, Type

from django.db.models import Model

from sb_sync import catalog
from sb_sync.access import dependencies, organization_queryset, scoped_queryset
from sb_sync.catalog import SyncedModel
from sb_sync.optimizations.chunks import split
from sb_sync.push.batch import Change
from sb_sync.push.cascades import Closure, Effect, Node
from sb_sync.push.rows import extra_links, root_label
from sb_sync.push.state import PushState
from sb_sync.push.targets import find_values
from sb_sync.registry import runs_own
from sb_sync.relations import InvalidPath, Relation

__all__ = ["Views", "is_watched", "watch_deletion", "watch_writes"]

Keys = Dict[str, Set[Any]]
#: Rows by the label under which they must be in view, and the model under whose name, with whose key, they are written.
Kin = Dict[Tuple[str, Type[Model]], Set[Any]]


class Views:
    """What a user sees of some rows, remembered before other rows are written.

    `kin` are rows that are written under another model's name: these must be in view.
    """

    def __init__(self, state: PushState, rows: Mapping[str, Iterable[Any]], kin: Kin) -> None:
        """Look at rows, given by label and key."""
        self._state = state
        self._kin = kin
        self._is_hidden = self._find_hidden()
        self._rows = {label: set(keys) for label, keys in rows.items() if keys}
        self._seen = {label: self._find_visible(label, keys) for label, keys in self._rows.items()}

    def are_broken(self, created: Sequence[Any] = ()) -> bool:
        """Tell whether any of the rows that are still there came into view or left it, or was or is out of it.

        `created` are the keys of new rows.
        """
        if self._is_hidden or self._find_hidden(created):
            return True
        for label, keys in self._rows.items():
            seen = self._find_visible(label, keys)
            if seen - self._seen[label] or self._find_there(label, self._seen[label] - seen):
                return True
        return False

    def _find_hidden(self, created: Sequence[Any] = ()) -> bool:
        """Tell whether any row that is written under another model's name is out of view."""
        for (label, model), keys in self._kin.items():
            kin = catalog.synced_models()[label].model
            concerned = _find_keys(self._state, kin, model, keys.union(created))
            if self._find_there(label, concerned - self._find_visible(label, concerned)):
                return True
        return False

    def _find_visible(self, label: str, keys: Set[Any]) -> Set[Any]:
        rows = scoped_queryset(self._state.scope, catalog.synced_models()[label])
        return find_values(rows.using(self._state.using), "pk", keys, self._state.using)

    def _find_there(self, label: str, keys: Set[Any]) -> Set[Any]:
        rows = catalog.synced_models()[label].model._base_manager.using(self._state.using)
        return find_values(rows, "pk", keys, self._state.using)


def is_watched(state: PushState, model: Type[Model]) -> bool:
    """Tell whether other rows that the user may see can depend on rows of a model, or be rows of it."""
    if any(_find_kin(state, model)) or any(_list_owners(state, model)):
        return True
    relations = (relation for synced in _narrowed_models(state) for relation in _find_relations(state, synced))
    return any(_share_rows(relation.model, model) for relation in relations)


def _share_rows(one: Type[Model], other: Type[Model]) -> bool:
    return root_label(one) == root_label(other) or bool(_find_link(one, other) or _find_link(other, one))


def watch_writes(state: PushState, synced: SyncedModel, changes: Sequence[Change]) -> Views:
    """Look at the rows that depend on stored ones which are about to change.

    Those that change themselves are none: they must be in view before and after.
    """
    written = {change.key for change in changes if not change.is_creation}
    rows = _find_dependents(state, {synced.model: written})
    for owner, attname in _list_owners(state, synced.model):
        rows[owner.label].update(change.values[attname] for change in changes if attname in change.values)
    rows[synced.label] -= written
    return Views(state, rows, {(label, synced.model): written for label in _find_kin(state, synced.model)})


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
    kin = {(label, model): keys for model, keys in reached.items() for label in _find_kin(state, model)}
    return Views(state, rows, kin)


def _find_dependents(state: PushState, reached: Mapping[Type[Model], Set[Any]]) -> Keys:
    """Return the organization's rows, by label and key, that depend on rows of these models and keys."""
    found: Keys = defaultdict(set)
    for synced in _narrowed_models(state):
        relations = _find_relations(state, synced)
        if not relations:
            continue
        rows = organization_queryset(state.scope, synced).using(state.using)
        for relation in relations:
            for model, keys in reached.items():
                there = _find_keys(state, relation.model, model, keys)
                for chunk in split(sorted(there, key=str), state.using):
                    named = rows.filter(**{f"{relation.lookup}__pk__in": chunk})
                    found[synced.label].update(named.values_list("pk", flat=True))
    for model, keys in reached.items():
        for owner, attname in _list_owners(state, model):
            for chunk in split(sorted(keys, key=str), state.using):
                links = model._base_manager.using(state.using).filter(pk__in=chunk)
                found[owner.label].update(links.values_list(attname, flat=True))
    return found


def _narrowed_models(state: PushState) -> Iterator[SyncedModel]:
    """Yield the user's models of which rows are out of view by more than their organization."""
    for label in state.scope.rights:
        synced = catalog.synced_models()[label]
        is_narrowed = label in state.scope.filters or runs_own(synced.sync, "get_queryset")
        if is_narrowed and synced.database == state.using:
            yield synced


def _find_relations(state: PushState, synced: SyncedModel) -> Sequence[Relation]:
    """Return the relations by which rows of a model depend on others."""
    row_filter = state.scope.filters.get(synced.label)
    lists = () if row_filter is None else row_filter.lists
    try:
        return (*dependencies(state.scope, synced), *lists)
    except InvalidPath:
        # A check tells of it; the model cannot be pulled.
        return lists


def _find_kin(state: PushState, model: Type[Model]) -> Iterator[str]:
    """Yield the labels of the user's narrowed models whose rows are rows of a model, by inheritance."""
    for synced in _narrowed_models(state):
        is_kin = root_label(synced.model) == root_label(model)
        if synced.model is not model and (is_kin or _find_link(synced.model, model) or _find_link(model, synced.model)):
            yield synced.label


def _find_link(model: Type[Model], other: Type[Model]) -> Any:
    """Return the key by which rows of a model name their part in another one's table, where it is no first parent."""
    links = extra_links(model).items()
    return next((link for parent, link in links if root_label(parent) == root_label(other)), None)


def _find_keys(state: PushState, target: Type[Model], model: Type[Model], keys: Set[Any]) -> Set[Any]:
    """Return the keys that rows of a model have as rows of another one; none where they are none of it."""
    if root_label(target) == root_label(model):
        return keys
    down, up = _find_link(target, model), _find_link(model, target)
    found: Set[Any] = set()
    if down or up:
        owner, named, wanted = (target, down.attname, "pk") if down else (model, "pk", up.attname)
        for chunk in split(list(keys), state.using):
            rows = owner._base_manager.using(state.using).filter(**{f"{named}__in": chunk})
            found.update(rows.values_list(wanted, flat=True))
    return found


def _list_owners(state: PushState, model: Type[Model]) -> Iterator[Any]:
    """Yield the user's narrowed models of whose lists a model holds the rows, with its key to them."""
    for synced in _narrowed_models(state):
        for field in synced.model._meta.many_to_many:
            through: Any = field.remote_field.through
            link: Any = through._meta.get_field(field.m2m_field_name())
            if through is model and link.target_field.primary_key:
                yield synced, link.attname
