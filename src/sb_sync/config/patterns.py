"""Regular expressions that people type: they must be valid, and end in a time that anybody would wait."""

from __future__ import annotations

import re
import sys
from typing import Any, Iterable, Tuple

if sys.version_info >= (3, 11):
    from re import _parser as parser  # type: ignore[attr-defined]  # private, and the only one that knows the syntax
else:
    import sre_parse as parser

__all__ = ["find_pattern_fault"]

MAX_LENGTH = 200
#: Most repetitions of no fixed length that follow each other: the time grows with a power of their number.
MAX_REPETITIONS = 3


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
    return (
        "" if count <= MAX_REPETITIONS else f"has more than {MAX_REPETITIONS} repetitions of no fixed length in a row"
    )


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
