"""What differs between two JSON values, by path: `and[0].value`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Any, Iterator, List, Tuple

from sb_sync.config import setting
from sb_sync.ops.masking import MASK, is_masked, mask_value

__all__ = ["PathChange", "compare_json"]

#: Differences that are told one by one; what has more is told as a whole.
MOST = 50
#: Levels that are gone down to.
DEEPEST = 20
PLAIN_NAME = re.compile(r"[\w-]+")
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class PathChange:
    """One part before and after; `kind` tells what is missing from what is null: added, removed or changed."""

    path: str
    kind: str
    old: Any
    new: Any


def compare_json(name: str, old: Any, new: Any) -> Tuple[PathChange, ...]:
    """Return what differs between two values of a field, without secrets; nothing where too much does."""
    secrets = setting("REDACT_FIELDS")
    if is_masked(name, secrets):
        return ()
    found = tuple(islice(_compare("", name, old, new, secrets, 0), MOST + 1))
    return found if len(found) <= MOST else ()


def _compare(path: str, name: str, old: Any, new: Any, secrets: Any, depth: int) -> Iterator[PathChange]:
    """Yield the differences below a path; `name` is that of the field or key in which the values stand."""
    if old == new and type(old) is type(new):
        return
    if is_masked(name, secrets):
        yield PathChange(path, CHANGED, MASK, MASK)
    elif isinstance(old, dict) and isinstance(new, dict) and depth < DEEPEST:
        yield from _compare_objects(path, old, new, secrets, depth)
    elif isinstance(old, list) and isinstance(new, list) and depth < DEEPEST:
        yield from _compare_lists(path, name, old, new, secrets, depth)
    else:
        yield PathChange(path, CHANGED, mask_value(name, old), mask_value(name, new))


def _compare_objects(path: str, old: Any, new: Any, secrets: Any, depth: int) -> Iterator[PathChange]:
    for key in [*old, *(key for key in new if key not in old)]:
        place = _step(path, key)
        if key not in new:
            yield PathChange(place, REMOVED, mask_value(key, old[key]), None)
        elif key not in old:
            yield PathChange(place, ADDED, None, mask_value(key, new[key]))
        else:
            yield from _compare(place, key, old[key], new[key], secrets, depth + 1)


def _compare_lists(
    path: str, name: str, old: List[Any], new: List[Any], secrets: Any, depth: int
) -> Iterator[PathChange]:
    if not any(isinstance(item, (dict, list)) for item in [*old, *new]):
        yield from _compare_items(path, old, new)
        return
    for index in range(max(len(old), len(new))):
        place = f"{path}[{index}]"
        if index >= len(new):
            yield PathChange(place, REMOVED, mask_value(name, old[index]), None)
        elif index >= len(old):
            yield PathChange(place, ADDED, None, mask_value(name, new[index]))
        else:
            yield from _compare(place, name, old[index], new[index], secrets, depth + 1)


def _compare_items(path: str, old: List[Any], new: List[Any]) -> Iterator[PathChange]:
    """Yield which plain values came and went, wherever in the list; the whole lists where only the order changed."""
    # 1 and true are equal, and are two things.
    before, after = (Counter((type(item), item) for item in items) for items in (old, new))
    removed, added = (before - after).elements(), (after - before).elements()
    changes = [PathChange(f"{path}[]", REMOVED, item, None) for _, item in removed]
    changes += [PathChange(f"{path}[]", ADDED, None, item) for _, item in added]
    yield from changes or [PathChange(path, CHANGED, old, new)]


def _step(path: str, key: str) -> str:
    if not PLAIN_NAME.fullmatch(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
