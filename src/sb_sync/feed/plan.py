"""Which tables are captured, how their rows find their organization, and which tables a model is read from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Set, Tuple, Type

from django.db.models import Model

from sb_sync import catalog
from sb_sync.catalog import SyncedModel
from sb_sync.relations import captured_models
from sb_sync.tenancy import Hop

__all__ = ["Capture", "Descendant", "Follower", "Path", "Plan", "Reads", "Route", "make_plan"]


@dataclass(frozen=True)
class Path:
    """The way from a row to its organization: joins, then the column; no column where rows are shared."""

    hops: Tuple[Hop, ...]
    column: Optional[str]

    def below(self, hop: Hop) -> Path:
        """Return the same way, begun one table further away."""
        return Path((hop, *self.hops), self.column)


@dataclass(frozen=True)
class Descendant:
    """A captured table whose rows find their organization through another one: the last of `hops` ends there."""

    table: str
    key: str
    hops: Tuple[Hop, ...]


@dataclass(frozen=True)
class Route:
    """The descendants that join a table by one of its columns and go on from it by one path."""

    anchor: str
    path: Path
    descendants: Tuple[Descendant, ...]


@dataclass(frozen=True)
class Follower:
    """A captured table whose rows count as changed when rows of another one are written.

    `hops` lead from the follower to that table; `path` from the follower to its organization.
    """

    table: str
    key: str
    hops: Tuple[Hop, ...]
    path: Path


@dataclass(frozen=True)
class Capture:
    """What the triggers of one table log: the key column, and the organization by `path`."""

    table: str
    key: str
    path: Path
    routes: Tuple[Route, ...] = ()
    followers: Tuple[Follower, ...] = ()

    @property
    def named_tables(self) -> FrozenSet[str]:
        """Return every table that the triggers name."""
        return frozenset(table for table, _ in self.named_columns)

    @property
    def named_columns(self) -> FrozenSet[Tuple[str, str]]:
        """Return every (table, column) that the triggers name."""
        found: Set[Tuple[str, str]] = {(self.table, self.key)}
        found.update(_columns_of(self.table, self.path))
        for route in self.routes:
            found.add((self.table, route.anchor))
            found.update(_columns_of(self.table, route.path))
            for descendant in route.descendants:
                found.add((descendant.table, descendant.key))
                found.update(_columns_of_hops(descendant.hops))
        for follower in self.followers:
            found.add((follower.table, follower.key))
            found.update(_columns_of_hops(follower.hops))
            found.update(_columns_of(follower.table, follower.path))
        return frozenset(found)


@dataclass(frozen=True)
class Reads:
    """What the reader of one model looks at.

    `own` is the model's own table: only its entries say that a row is gone. `tables` are all whose entries hold the
    model's keys, `own` among them; `joined` are those of them that find the organization through other tables.
    `guards` are all whose resets concern the model, and whose triggers must stand.
    """

    own: str
    tables: Tuple[str, ...]
    joined: Tuple[str, ...]
    guards: Tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What is captured in one database, by table, and what is read, by label."""

    captures: Mapping[str, Capture]
    reads: Mapping[str, Reads]


def make_plan(using: str) -> Plan:
    """Return the plan of one database."""
    return _make_plan(using, tuple(catalog.synced_models().values()), captured_models(using))


@lru_cache(maxsize=8)
def _make_plan(using: str, models: Tuple[SyncedModel, ...], others: Tuple[Type[Model], ...]) -> Plan:
    """Build the plan once for each state of the catalog and the setting CAPTURE."""
    builder = _Builder({synced.model: synced for synced in models if synced.database == using})
    return builder.build(others)


class _Builder:
    """Collect captures, then what hangs below them."""

    def __init__(self, models: Mapping[Type[Model], SyncedModel]) -> None:
        self.models = models
        self.keys: Dict[str, str] = {}
        self.paths: Dict[str, Path] = {}
        self.tables: Dict[str, List[str]] = {}
        self.followers: Dict[str, List[Follower]] = {}

    def build(self, others: Tuple[Type[Model], ...] = ()) -> Plan:
        """Return the plan; changes of the others are logged for everybody who looks at them."""
        for synced in self.models.values():
            self._capture(synced.model._meta.db_table, _key_column(synced.model), _path_of(synced))
        for synced in self.models.values():
            self.tables[synced.label] = [synced.model._meta.db_table]
            for ancestor in _ancestors(synced.model):
                self._capture_ancestor(synced, ancestor)
            for field in synced.model._meta.many_to_many:
                self._capture_many_to_many(synced, field)
        for path in list(self.paths.values()):
            self._capture_path(path)
        for model in others:
            for part in (model, *_ancestors(model)):
                self._capture(part._meta.db_table, _key_column(part), Path((), None))
        routes = self._routes()
        captures = {
            table: Capture(table, key, self.paths[table], routes.get(table, ()), tuple(self.followers.get(table, ())))
            for table, key in sorted(self.keys.items())
        }
        reads = {label: self._reads(tables) for label, tables in self.tables.items()}
        return Plan(captures, reads)

    def _capture(self, table: str, key: str, path: Path) -> None:
        self.keys.setdefault(table, key)
        self.paths.setdefault(table, path)

    def _capture_ancestor(self, synced: SyncedModel, ancestor: Type[Model]) -> None:
        """Capture a parent table of multi-table inheritance, for the child to be read from."""
        own, table = _path_of(synced), ancestor._meta.db_table
        links = _links(synced.model, ancestor)
        if own.column is None or own.hops[: len(links)] == links:
            self._capture(table, _key_column(ancestor), Path(own.hops[len(links) :] if own.column else (), own.column))
            expected = Path(own.hops[len(links) :] if own.column else (), own.column)
            has_one_key = all(hop.column == _key_of_table(synced.model, hop.table) for hop in links)
            if self.paths[table] == expected and has_one_key:
                self.tables[synced.label].append(table)
                return
        self._capture(table, _key_column(ancestor), Path((), None))
        self._follow(synced, table, links)

    def _capture_many_to_many(self, synced: SyncedModel, field: Any) -> None:
        """Capture the table between two models; its entries name the row that owns the list."""
        through = field.remote_field.through
        owner = field.model
        link = through._meta.get_field(field.m2m_field_name())
        hop = _hop(link)
        table = through._meta.db_table
        owner_is_read = owner._meta.db_table in self.tables[synced.label]
        if through._meta.auto_created and owner_is_read and hop.to_column == _key_column(owner):
            own = self.paths[owner._meta.db_table]
            self._capture(table, hop.column, own.below(hop) if own.column else own)
            self.tables[synced.label].append(table)
            return
        self._capture(table, _key_column(through), Path((), None))
        back = Hop(hop.to_table, hop.to_column, table, hop.column, through)
        self._follow(synced, table, (*_links(synced.model, owner), back))

    def _follow(self, synced: SyncedModel, table: str, hops: Tuple[Hop, ...]) -> None:
        """Let writes of a table be logged as changes of the model's own rows."""
        follower = Follower(synced.model._meta.db_table, _key_column(synced.model), hops, _path_of(synced))
        self.followers.setdefault(table, []).append(follower)

    def _capture_path(self, path: Path) -> None:
        """Capture every table on the way to the organization."""
        for position, hop in enumerate(path.hops):
            self._capture(hop.to_table, _key_column(hop.to_model), Path(path.hops[position + 1 :], path.column))

    def _routes(self) -> Dict[str, Tuple[Route, ...]]:
        """Return, by table, what finds its organization through it."""
        found: Dict[str, Dict[Tuple[str, Path], List[Descendant]]] = {}
        for table, path in sorted(self.paths.items(), key=lambda item: item[0]):
            for position, hop in enumerate(path.hops):
                rest = Path(path.hops[position + 1 :], path.column)
                below = Descendant(table, self.keys[table], path.hops[: position + 1])
                found.setdefault(hop.to_table, {}).setdefault((hop.to_column, rest), []).append(below)
        return {
            table: tuple(Route(anchor, rest, tuple(below)) for (anchor, rest), below in routes.items())
            for table, routes in found.items()
        }

    def _reads(self, tables: List[str]) -> Reads:
        """Return what a model with these tables is read from."""
        own = tables[0]
        guards = list(tables)
        for table in tables:
            guards.extend(hop.to_table for hop in self.paths[table].hops)
        guards.extend(
            table for table, followers in self.followers.items() if any(follower.table == own for follower in followers)
        )
        joined = [table for table in tables if self.paths[table].hops]
        return Reads(own, *(tuple(dict.fromkeys(found)) for found in (tables, joined, guards)))


def _path_of(synced: SyncedModel) -> Path:
    return Path((), None) if synced.tenant is None else Path(synced.tenant.hops, synced.tenant.column)


def _key_column(model: Type[Model]) -> str:
    key: Any = model._meta.pk
    return str(key.column)


def _ancestors(model: Type[Model]) -> Iterator[Type[Model]]:
    """Yield the models whose tables hold a part of this model's rows."""
    for parent in model._meta.get_parent_list():
        if parent._meta.db_table != model._meta.db_table:
            yield parent


def _links(model: Type[Model], ancestor: Type[Model]) -> Tuple[Hop, ...]:
    """Return the joins from a table to that of an ancestor."""
    hops: List[Hop] = []
    while model._meta.concrete_model is not ancestor:
        link, model = next(
            (link, parent)
            for parent, link in model._meta.parents.items()
            if link is not None and link.model is model and issubclass(parent, ancestor)
        )
        hops.append(_hop(link))
    return tuple(hops)


def _key_of_table(model: Type[Model], table: str) -> str:
    """Return the key column of one of the tables that hold a model's rows."""
    owner = next(found for found in (model, *_ancestors(model)) if found._meta.db_table == table)
    return _key_column(owner)


def _hop(field: Any) -> Hop:
    target = field.target_field
    return Hop(field.model._meta.db_table, field.column, target.model._meta.db_table, target.column, target.model)


def _columns_of(table: str, path: Path) -> Iterator[Tuple[str, str]]:
    yield from _columns_of_hops(path.hops)
    if path.column is not None:
        yield (path.hops[-1].to_table if path.hops else table), path.column


def _columns_of_hops(hops: Tuple[Hop, ...]) -> Iterator[Tuple[str, str]]:
    for hop in hops:
        yield hop.table, hop.column
        yield hop.to_table, hop.to_column
