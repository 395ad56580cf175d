"""Which references may be set after their row is made, with nothing else being different for it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Type

from django.db.models import CheckConstraint, Model, Q

from sb_sync import compat
from sb_sync.push.batch import Record
from sb_sync.push.state import PushState
from sb_sync.push.uniques import rules_of
from sb_sync.wire import WireField

__all__ = ["may_wait"]


def may_wait(state: PushState, record: Record, wire_field: WireField) -> bool:
    """Tell whether a reference that can be left empty at first may be, though no circle asks for it.

    Not where somebody looks at the row in between: the project's own code, its history, a constraint, a conflict.
    """
    if record.version is not None or record.base is not None:
        return False
    route = state.route(record.synced)
    if route.saves_one_by_one or route.keeps_history:
        return False
    return wire_field.is_list or _is_unconstrained(record.synced.model, wire_field.field)


@lru_cache(maxsize=None)
def _is_unconstrained(model: Type[Model], field: Any) -> bool:
    """Tell whether no constraint says anything of a foreign key but that its row must be there."""
    if any(field.attname in rule.involved for rule in rules_of(model)):
        return False
    owners = (model, *model._meta.get_parent_list())
    checks = [each for owner in owners for each in owner._meta.constraints if isinstance(each, CheckConstraint)]
    return not any(_may_name(compat.check_condition(check), field) for check in checks)


def _may_name(condition: Any, field: Any) -> bool:
    """Tell whether a condition names a field, or is one that cannot be read."""
    if isinstance(condition, Q):
        return any(_may_name(child, field) for child in condition.children)
    if not isinstance(condition, tuple) or hasattr(condition[1], "resolve_expression"):
        return True
    return condition[0].split("__")[0] in (field.name, field.attname)
