"""Differences of JSON by path."""

from __future__ import annotations

from typing import Any, List, Tuple

import pytest

from sb_sync.ops.audit.differences import MOST, compare_json


def compare(old: Any, new: Any, name: str = "value") -> List[Tuple[str, str, Any, Any]]:
    return [(each.path, each.kind, each.old, each.new) for each in compare_json(name, old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", "changed", 1, 2)]),
        ({"a": 1}, {"a": None}, [("a", "changed", 1, None)]),
        ({"a": None}, {}, [("a", "removed", None, None)]),
        ({}, {"a": None}, [("a", "added", None, None)]),
        ({"a": {"b c": [1]}}, {"a": {"b c": [{}]}}, [('a["b c"][0]', "changed", 1, {})]),
        ([1, 2, 2], [2, 3], [("[]", "removed", 1, None), ("[]", "removed", 2, None), ("[]", "added", None, 3)]),
        (["a", "b"], ["b", "a"], [("", "changed", ["a", "b"], ["b", "a"])]),
        ({"a": [1]}, {"a": {"0": 1}}, [("a", "changed", [1], {"0": 1})]),
        ([{"a": 1}], [{"a": 1}, {"b": 2}], [("[1]", "added", None, {"b": 2})]),
    ],
)
def test_differences_are_told_by_path(old: Any, new: Any, expected: List[Any]) -> None:
    assert compare(old, new) == expected


def test_secrets_are_masked_and_still_told_as_changed(settings: Any) -> None:
    old = {"pin": 1, "list": [{"api_key": "x"}], "gone": {"password": "p"}}
    new = {"pin": 2, "list": [{"api_key": "y"}], "came": {"password": "p"}}
    assert compare(old, new) == [
        ("pin", "changed", "***", "***"),
        ("list[0].api_key", "changed", "***", "***"),
        ("gone", "removed", {"password": "***"}, None),
        ("came", "added", None, {"password": "***"}),
    ]
    assert compare({"a": 1}, {"a": 2}, name="password") == []


def test_what_differs_in_too_many_places_or_too_deep_is_told_as_a_whole() -> None:
    many = {str(number): number for number in range(MOST + 1)}
    assert compare(many, {}) == []
    old: Any = 1
    new: Any = 2
    for _ in range(200):
        old, new = {"a": old}, {"a": new}
    ((path, kind, _, _),) = compare(old, new)
    assert (path.count("a"), kind) == (20, "changed")
