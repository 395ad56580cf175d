"""Third step: the names of a user and an organization filled in.

What was stored may have been written by other hands, or before the model changed: where it does not fit, nobody sees
a row of the model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, FrozenSet, Iterator, Mapping, Optional, Sequence, Tuple, Union

from sb_sync.access.filters.check import All, Opposite, Placeholder, Some, Test, Tree, check_condition
from sb_sync.access.filters.parse import MOST_BYTES, InvalidFilter
from sb_sync.access.filters.values import read_value
from sb_sync.catalog import SyncedModel
from sb_sync.relations import Relation, captured_tables

__all__ = ["Names", "RowFilter", "read_stored", "resolve_filter"]

#: What each placeholder stands for.
Names = Mapping[str, Any]


@dataclass(frozen=True)
class RowFilter:
    """Which rows of a model a user may see: those of which all of `trees` hold, none where it is None."""

    trees: Optional[Tuple[Tree, ...]]

    @property
    def relations(self) -> Tuple[Relation, ...]:
        """Return the relations whose changes may move rows in and out of view."""
        return tuple(dict.fromkeys(found for test in self._tests() for found in test.relations))

    @property
    def lists(self) -> Tuple[Relation, ...]:
        """Return the lists of keys that are looked at for nothing but the keys: a row that goes leaves them all."""
        fields = [test.relation for test in self._tests() if not test.relations and test.relation is not None]
        return tuple(dict.fromkeys(Relation(field.name, field.related_model._meta.concrete_model) for field in fields))

    @property
    def rules(self) -> str:
        """Return a text that is the same for filters that choose by the same rules, however they are written."""
        return "nothing" if self.trees is None else _describe(All(self.trees))

    def _tests(self) -> Iterator[Test]:
        for tree in self.trees or ():
            yield from _walk(tree)


def resolve_filter(synced: SyncedModel, stored: Sequence[str], names: Names) -> RowFilter:
    """Return the filter that several stored conditions, as JSON, make together."""
    trees = []
    for text in stored:
        try:
            tree = read_stored(synced, text, captured_tables(synced.database))
            trees.append(_fill(tree, names))
        except InvalidFilter:
            return RowFilter(None)
    return RowFilter(tuple(trees))


@lru_cache(maxsize=2048)
def read_stored(synced: SyncedModel, text: str, captured: FrozenSet[str]) -> Tree:
    """Return the condition that a stored text means while these tables are captured. Raises `InvalidFilter`."""
    if len(text) > MOST_BYTES:
        raise InvalidFilter("The condition is too large.")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidFilter("The condition is no JSON that can be read.") from error
    return check_condition(synced, value)


def _fill(tree: Tree, names: Names) -> Tree:
    """Return a condition without placeholders. Raises `InvalidFilter` where a field cannot hold a value."""
    if isinstance(tree, Opposite):
        return Opposite(_fill(tree.part, names))
    if isinstance(tree, All):
        return All(tuple(_fill(part, names) for part in tree.parts))
    if isinstance(tree, Some):
        return Some(tuple(_fill(part, names) for part in tree.parts))
    if not any(isinstance(value, Placeholder) for value in tree.values):
        return tree
    values = tuple(
        read_value(tree.field, tree.operator, names[value.name]) if isinstance(value, Placeholder) else value
        for value in tree.values
    )
    return Test(tree.path, tree.operator, values, tree.field, tree.relations, tree.relation)


def _describe(tree: Tree, *, opposite: bool = False) -> str:
    """Return a condition as text, the same for each way of writing it: negations inside, parts in one order."""
    if isinstance(tree, Opposite):
        return _describe(tree.part, opposite=not opposite)
    if isinstance(tree, Test):
        values = [repr(value) for value in tree.values]
        if tree.operator == "isnull" and tree.values[0]:
            values, opposite = [repr(False)], not opposite
        return "{}{} {} {}".format("not " if opposite else "", tree.path, tree.operator, values)
    word = _word(tree, opposite)
    parts = sorted(set(_describe_parts(tree, word, opposite=opposite)))
    return parts[0] if len(parts) == 1 else f"{word}({'; '.join(parts)})"


def _describe_parts(tree: Tree, word: str, *, opposite: bool) -> Iterator[str]:
    """Yield the descriptions of a group's parts, those of groups of the same kind within it among them."""
    if isinstance(tree, Opposite):
        yield from _describe_parts(tree.part, word, opposite=not opposite)
    elif isinstance(tree, Test) or _word(tree, opposite) != word:
        yield _describe(tree, opposite=opposite)
    else:
        for part in tree.parts:
            yield from _describe_parts(part, word, opposite=opposite)


def _word(tree: Union[All, Some], opposite: bool) -> str:
    """Return how a group joins its parts: what all must meet is missed by any that misses one."""
    return "and" if isinstance(tree, All) is not opposite else "or"


def _walk(tree: Tree) -> Iterator[Test]:
    if isinstance(tree, Test):
        yield tree
    elif isinstance(tree, Opposite):
        yield from _walk(tree.part)
    else:
        for part in tree.parts:
            yield from _walk(part)
