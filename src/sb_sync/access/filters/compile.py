"""Last step: the SQL of a filter, the only meaning that it has.

Every comparison is true or false. With a value that is missing (NULL, or beyond a relation that names no row) it is
false, and its opposite true. Through the model's own many-to-many field it is true where it is true of any of the
rows. A row of another organization counts as missing.
"""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from django.db.models import Exists, Field, Lookup, ManyToManyField, OuterRef, Q
from django.db.models.constants import LOOKUP_SEP
from django.db.models.lookups import Exact, In

from sb_sync.access.filters.check import All, Opposite, Test, Tree
from sb_sync.access.filters.resolve import RowFilter
from sb_sync.access.filters.values import kind_of
from sb_sync.relations import tenant_lookup

__all__ = ["compile_filter"]


@Field.register_lookup
class Contains(Lookup):
    """Tell whether a text holds another one, in the same case on every database.

    LIKE tells no case on SQLite. REPLACE does, everywhere.
    """

    lookup_name = "sb_sync_contains"

    def as_sql(self, compiler: Any, connection: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return the condition that the text is shorter without the other one."""
        text, parameters = self.process_lhs(compiler, connection)
        return f"LENGTH(REPLACE({text}, %s, '')) < LENGTH({text})", (*parameters, self.rhs, *parameters)


@Field.register_lookup
class StartsWith(Lookup):
    """Tell whether a text begins with another one, in the same case on every database."""

    lookup_name = "sb_sync_startswith"

    def as_sql(self, compiler: Any, connection: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Return the condition that nothing is left of the text's beginning without the other one."""
        text, parameters = self.process_lhs(compiler, connection)
        beginning = f"SUBSTR({text}, 1, {len(self.rhs)})"
        return (
            f"(LENGTH({text}) > 0 AND LENGTH(REPLACE({beginning}, %s, '')) = 0)",
            (*parameters, *parameters, self.rhs),
        )


@Field.register_lookup
class ExactText(Exact):
    """Tell whether texts are the same, in the same case on every database."""

    lookup_name = "sb_sync_exact"

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        """Return the comparison, which Django knows by the name of its own."""
        return str(connection.operators["exact"] % rhs)

    def as_mysql(self, compiler: Any, connection: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Compare the bytes too: a collation holds other texts for equal, and serves the index."""
        sql, parameters = self.as_sql(compiler, connection)
        text, own = self.process_lhs(compiler, connection)
        return f"({sql} AND {_bytes(text)} = CAST(%s AS BINARY))", (*parameters, *own, self.rhs)


@Field.register_lookup
class InTexts(In):
    """Tell whether a text is one of several, in the same case on every database."""

    lookup_name = "sb_sync_in"

    def as_mysql(self, compiler: Any, connection: Any) -> Tuple[str, Tuple[Any, ...]]:
        """Compare the bytes too: a collation holds other texts for equal, and serves the index."""
        sql, parameters = self.as_sql(compiler, connection)
        text, own = self.process_lhs(compiler, connection)
        marks = ", ".join(["CAST(%s AS BINARY)"] * len(self.rhs))
        return f"({sql} AND {_bytes(text)} IN ({marks}))", (*parameters, *own, *self.rhs)


def _bytes(text: str) -> str:
    return f"CAST(CONVERT({text} USING utf8mb4) AS BINARY)"


#: What compares texts in their case; of other kinds, and of keys of related rows, equal is equal.
EXACT_TEXT = {"exact": "sb_sync_exact", "in": "sb_sync_in"}
LOOKUPS: Mapping[str, Callable[[Tuple[Any, ...]], Dict[str, Any]]] = {
    "exact": lambda values: {"exact": values[0]},
    "iexact": lambda values: {"iexact": values[0]},
    "in": lambda values: {"in": values},
    "contains": lambda values: {"sb_sync_contains": values[0]},
    "icontains": lambda values: {"icontains": values[0]},
    "startswith": lambda values: {"sb_sync_startswith": values[0]},
    "gt": lambda values: {"gt": values[0]},
    "gte": lambda values: {"gte": values[0]},
    "lt": lambda values: {"lt": values[0]},
    "lte": lambda values: {"lte": values[0]},
    "range": lambda values: {"gte": values[0], "lte": values[1]},
    "isnull": lambda values: {"isnull": False},
}


def compile_filter(row_filter: RowFilter, site_id: int) -> Q:
    """Return the condition of the ORM that holds for the rows a user of an organization may see."""
    if row_filter.trees is None:
        return Q(pk__in=[])
    return _compile(All(row_filter.trees), site_id, opposite=False)


def _compile(tree: Tree, site_id: int, *, opposite: bool) -> Q:
    """Return a condition with negations at its leaves only, where NULL is dealt with."""
    if isinstance(tree, Opposite):
        return _compile(tree.part, site_id, opposite=not opposite)
    if isinstance(tree, Test):
        return _compile_test(tree, site_id, opposite=opposite)
    # What all must hold is broken by any.
    join = operator.and_ if isinstance(tree, All) is not opposite else operator.or_
    return reduce(join, (_compile(part, site_id, opposite=opposite) for part in tree.parts), Q())


def _compile_test(test: Test, site_id: int, *, opposite: bool) -> Q:
    """Return the condition of one comparison, or of its opposite."""
    is_missing = test.operator == "isnull" and test.values[0]
    condition = _compare(test, site_id) if test.relation is None else _compare_related(test, test.relation, site_id)
    return ~condition if opposite is not bool(is_missing) else condition


def _compare(test: Test, site_id: int, *, begin: Optional[Sequence[str]] = None) -> Q:
    """Return the condition that a value is there and compares; `begin` stands in place of its path's first name."""

    def name(path: str, *end: str) -> str:
        names = path.split(LOOKUP_SEP)
        return LOOKUP_SEP.join([*(names[:1] if begin is None else begin), *names[1:], *end])

    is_text = kind_of(test.field) == "text" and not test.field.is_relation
    found = {
        name(test.path, EXACT_TEXT.get(lookup, lookup) if is_text else lookup): value
        for lookup, value in LOOKUPS[test.operator](test.values).items()
    }
    for relation in test.relations:
        tenant = tenant_lookup(relation.model)
        if tenant is not None:
            found[name(relation.lookup, tenant)] = site_id
    return Q(**found)


def _compare_related(test: Test, relation: Any, site_id: int) -> Q:
    """Return the condition that it holds for the row that a key names, or for any in a list of keys.

    A subquery, not a join: no row is doubled by it, and its opposite is true of a row that names none. (Of joins that
    are shared by conditions of both kinds Django forgets that they may find nothing.)
    """
    if isinstance(relation, ManyToManyField):
        through: Any = relation.remote_field.through
        link = through._meta.get_field(relation.m2m_field_name())
        rows = through._base_manager.filter(**{link.attname: OuterRef(link.target_field.attname)})
        return Q(Exists(rows.filter(_compare(test, site_id, begin=[relation.m2m_reverse_field_name()]))))
    key, own = relation.target_field.attname, relation.attname
    rows = relation.related_model._base_manager.filter(**{key: OuterRef(own)})
    return Q(Exists(rows.filter(_compare(test, site_id, begin=()))))
