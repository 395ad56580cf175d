"""Regular expressions that people type: they must be valid, and end in a time that anybody would wait."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict, Iterable, Tuple

if sys.version_info >= (3, 11):
    from re import _parser as parser  # type: ignore[attr-defined]  # private, and the only one that knows the syntax
else:
    import sre_parse as parser

__all__ = ["find_pattern_fault"]

MAX_LENGTH = 200
#: Most repetitions of no fixed length that follow each other: the time grows with a power of their number.
MAX_REPETITIONS = 3
#: Most ways in which the choices of an expression may match one text: each way is tried by itself.
MAX_WAYS = 16


def find_pattern_fault(pattern: str) -> str:
    """Return what is wrong with a regular expression, or an empty string."""
    if len(pattern) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    try:
        re.compile(pattern)
        tree = parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    try:
        count = _count(tree)
    except _Catastrophic as error:
        return str(error)
    if count > MAX_REPETITIONS:
        return f"has more than {MAX_REPETITIONS} repetitions of no fixed length in a row"
    if _count_ways(tree) > MAX_WAYS:
        return "holds choices that match the same text in too many ways"
    return ""


class _Catastrophic(Exception):
    """The expression may take time without end."""


def _count(nodes: Iterable[Tuple[Any, Any]]) -> int:
    """Return how many repetitions of variable length follow each other at most.

    Raises `_Catastrophic` for a repetition of what may itself match in several ways, and for references back.
    """
    return sum(_count_node(str(operation), argument) for operation, argument in nodes)


def _count_node(operation: str, argument: Any) -> int:
    if operation.startswith("GROUPREF"):
        raise _Catastrophic("refers back to a group, which can take time without end")
    if operation.endswith("_REPEAT"):
        return _count_repeat(*argument)
    if operation == "BRANCH":
        return max(_count(branch) for branch in argument[1])
    if operation == "SUBPATTERN":
        return _count(argument[-1])
    if operation == "ATOMIC_GROUP":
        return _count(argument)
    if operation.startswith("ASSERT"):
        return _count(argument[1])
    return 0


def _count_repeat(fewest: int, most: Any, body: Any) -> int:
    """Count a repetition; what is repeated more than once must match in one way only."""
    if int(most) > 1 and _has_choice(body):
        raise _Catastrophic("repeats a repetition or a choice, which can take time without end")
    return int(fewest != most) + _count(body)


def _has_choice(nodes: Any) -> bool:
    """Tell whether there is a repetition or a choice anywhere within."""
    for operation, argument in nodes:
        name = str(operation)
        if name == "BRANCH" or name.endswith("_REPEAT"):
            return True
        if name == "SUBPATTERN" and _has_choice(argument[-1]):
            return True
        if name == "ATOMIC_GROUP" and _has_choice(argument):
            return True
    return False


def _count_ways(nodes: Iterable[Tuple[Any, Any]]) -> int:
    """Return in how many ways the choices of what stands in a row may match one text, at most."""
    ways = 1
    for operation, argument in nodes:
        name = str(operation)
        if name == "BRANCH":
            ways *= _count_choice(argument[1])
        elif name == "SUBPATTERN":
            ways *= _count_ways(argument[-1])
        elif name.endswith("_REPEAT"):
            ways *= _count_ways(argument[2])
        elif name == "ATOMIC_GROUP":
            ways *= _count_ways(argument)
        elif name.startswith("ASSERT"):
            ways *= _count_ways(argument[1])
    return ways


def _count_choice(branches: Iterable[Any]) -> int:
    """Return in how many ways a choice may match: branches that begin with different characters exclude each other."""
    by_first: Dict[str, int] = {}
    anything = 0
    for branch in branches:
        ways = _count_ways(branch)
        first = next(iter(branch), None)
        if first is not None and str(first[0]) == "LITERAL":
            character = chr(first[1]).lower()
            by_first[character] = by_first.get(character, 0) + ways
        else:
            anything += ways
    return anything + max(by_first.values(), default=0)
