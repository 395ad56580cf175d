"""What of a unique rule can be told before the database is asked."""

from __future__ import annotations

from typing import Any, ClassVar, Dict, List, cast

import django
import pytest
from django.db import models
from django.test.utils import isolate_apps

from sb_sync.push.batch import Change
from sb_sync.push.uniques import UniqueRule, _values_under, rules_of


@pytest.mark.parametrize(
    ("stored", "told"), [("a", ("a",)), (None, None), ([1], None), ({"a": [1]}, None), ((1, 2), ((1, 2),))]
)
def test_values_that_cannot_be_looked_up_are_left_to_the_database(stored: Any, told: Any) -> None:
    rule = UniqueRule(name="one", fields=(), attnames=("value",), involved=("value",))
    change = Change(cast("Any", None), None, None, row={"value": stored})
    assert _values_under(rule, change) == told


UNHELD: Dict[str, Dict[str, Any]] = {
    "put off to the commit": {"fields": ["code"], "deferrable": models.Deferrable.DEFERRED},
    "with more columns in its index": {"fields": ["code"], "include": ["other"]},
}
if django.VERSION >= (5, 0):
    UNHELD["where nulls are equal"] = {"fields": ["code"], "nulls_distinct": False}


@pytest.mark.parametrize("name", UNHELD)
def test_rules_that_some_databases_do_not_hold_are_told_apart(name: str) -> None:
    """Django makes nothing of them there, and warns."""
    with isolate_apps("tests.testapp"):

        class Thing(models.Model):
            code = models.CharField(max_length=5, null=True)
            other = models.CharField(max_length=5, unique=True)

            class Meta:
                app_label = "testapp"
                constraints: ClassVar[List[Any]] = [models.UniqueConstraint(name="thing", **UNHELD[name])]

    assert [rule.is_held for rule in rules_of(Thing)] == [True, False]
