"""First step: the shape of a condition, whatever model it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Tuple, Union

__all__ = [
    "LONGEST_TEXT",
    "MOST_BYTES",
    "Comparison",
    "Group",
    "InvalidFilter",
    "Negation",
    "Node",
    "names_user",
    "parse_condition",
    "shorten",
]

#: How deep `and`, `or` and `not` may nest.
DEEPEST = 16
#: How many comparisons one condition may hold, and how many values all of them together.
MOST_COMPARISONS = 100
MOST_VALUES = 500
#: The longest text to compare with, and the longest path.
LONGEST_TEXT = 1000
LONGEST_PATH = 200
#: The largest condition that is read from the database, as JSON.
MOST_BYTES = 1024 * 1024
OPERATORS = frozenset(
    [
        "exact", "iexact", "ne", "in", "not_in", "contains", "icontains", "startswith", "gt", "gte", "lt", "lte",
        "range", "isnull",
    ]
)  # fmt: skip
LIST_OPERATORS = frozenset(["in", "not_in", "range"])
SHOWN = 60
LARGEST_SHOWN = 10**30


class InvalidFilter(Exception):
    """A condition that is none, or that does not fit its model; the text is for people."""


@dataclass(frozen=True)
class Comparison:
    """A field compared with values: one, or those of a list."""

    field: str
    operator: str
    values: Tuple[Any, ...]


@dataclass(frozen=True)
class Group:
    """Parts of which all must hold ("and"), or any ("or")."""

    word: str
    parts: Tuple[Node, ...]


@dataclass(frozen=True)
class Negation:
    """The opposite of a part."""

    part: Node


Node = Union[Comparison, Group, Negation]


def parse_condition(value: Any) -> Node:
    """Return what the JSON of a condition says. Raises `InvalidFilter`."""
    parsed = _parse(value, 1)
    comparisons = list(_walk(parsed))
    if len(comparisons) > MOST_COMPARISONS:
        raise InvalidFilter(f"A condition holds at most {MOST_COMPARISONS} comparisons.")
    if sum(len(comparison.values) for comparison in comparisons) > MOST_VALUES:
        raise InvalidFilter(f"A condition names at most {MOST_VALUES} values.")
    return parsed


def names_user(value: Any) -> bool:
    """Tell whether a condition compares with the user who asks. Raises `InvalidFilter` for what is no condition."""
    values = (found for comparison in _walk(parse_condition(value)) for found in comparison.values)
    return any(isinstance(found, str) and found.startswith("$user.") for found in values)


def shorten(text: Any) -> str:
    """Return what was sent as a word for a message, cut where it is long."""
    is_long = isinstance(text, int) and abs(text) > LARGEST_SHOWN
    shown = str(text) if isinstance(text, (str, int, float)) and not is_long else type(text).__name__
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"


def _parse(value: Any, depth: int) -> Node:
    if depth > DEEPEST:
        raise InvalidFilter(f"Conditions nest at most {DEEPEST} deep.")
    if not isinstance(value, dict):
        raise InvalidFilter("A condition is an object.")
    if "field" in value or len(value) != 1:
        return _parse_comparison(value)
    ((word, inner),) = value.items()
    if word == "not":
        return Negation(_parse(inner, depth + 1))
    if word not in ("and", "or"):
        raise InvalidFilter(f"{shorten(word)!r} is neither `and`, `or`, `not`, nor a comparison.")
    if not isinstance(inner, (list, tuple)) or not 0 < len(inner) <= MOST_COMPARISONS:
        raise InvalidFilter(f"`{word}` takes a list of 1 to {MOST_COMPARISONS} conditions.")
    return Group(word, tuple(_parse(part, depth + 1) for part in inner))


def _parse_comparison(value: Any) -> Comparison:
    if set(value) != {"field", "operator", "value"}:
        raise InvalidFilter("A comparison has the keys `field`, `operator` and `value`, and no others.")
    field, operator = value["field"], value["operator"]
    if not isinstance(field, str) or not 0 < len(field) <= LONGEST_PATH:
        raise InvalidFilter("`field` is the name of a field, or a path such as customer__region.")
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise InvalidFilter(f"There is no operator {shorten(operator)!r}. Known: {', '.join(sorted(OPERATORS))}.")
    return Comparison(field, operator, _parse_values(operator, value["value"]))


def _parse_values(operator: str, value: Any) -> Tuple[Any, ...]:
    """Return the values of a comparison; each is a text, a number or a truth value."""
    values: Any = (value,)
    if operator in LIST_OPERATORS:
        if not isinstance(value, (list, tuple)) or not 0 < len(value) <= MOST_VALUES:
            raise InvalidFilter(f"`{operator}` takes a list of 1 to {MOST_VALUES} values.")
        values = tuple(value)
    if operator == "range" and len(values) != 2:
        raise InvalidFilter("`range` takes a list of two values.")
    if any(found is None for found in values):
        raise InvalidFilter("Nothing compares with null; use `isnull`.")
    if not all(isinstance(found, (str, int, float)) for found in values):
        raise InvalidFilter("A value is a text, a number, true or false.")
    return tuple(values)


def _walk(node: Node) -> Iterator[Comparison]:
    """Yield the comparisons of a condition."""
    if isinstance(node, Comparison):
        yield node
    elif isinstance(node, Negation):
        yield from _walk(node.part)
    else:
        for part in node.parts:
            yield from _walk(part)
