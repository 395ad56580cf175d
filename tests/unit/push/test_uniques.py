"""What of a unique rule can be told before the database is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sb_sync.push.uniques import UniqueRule, _values_under


@pytest.mark.parametrize(
    ("stored", "told"), [("a", ("a",)), (None, None), ([1], None), ({"a": [1]}, None), ((1, 2), ((1, 2),))]
)
def test_values_that_cannot_be_looked_up_are_left_to_the_database(stored: Any, told: Any) -> None:
    rule = UniqueRule(name="one", fields=(), attnames=("value",), involved=("value",))
    change: Any = SimpleNamespace(stored=None, instance=SimpleNamespace(value=stored), values={})
    assert _values_under(rule, change) == told
