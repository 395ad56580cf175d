"""Row filters, judged row by row in Python, and filters made by chance."""

from __future__ import annotations

from random import Random
from typing import Any, Callable, Dict, List, Tuple

from tests.acceptance.oracle.image import TENANTS, Image, Row, model_of, organization_of

Condition = Dict[str, Any]
#: What a value may be called in place of a constant.
Names = Dict[str, Any]

WORDS = ("ash", "birch", "cedar", "Oak")
DEPARTMENTS = ("", "SALES", "SUPPORT")

OPERATORS: Dict[str, Callable[[Any, Any], bool]] = {
    "exact": lambda stored, value: stored == value,
    "iexact": lambda stored, value: str(stored).lower() == str(value).lower(),
    "ne": lambda stored, value: stored != value,
    "in": lambda stored, value: stored in value,
    "not_in": lambda stored, value: stored not in value,
    "contains": lambda stored, value: value in stored,
    "icontains": lambda stored, value: value.lower() in stored.lower(),
    "startswith": lambda stored, value: stored.startswith(value),
    "gt": lambda stored, value: stored > value,
    "gte": lambda stored, value: stored >= value,
    "lt": lambda stored, value: stored < value,
    "lte": lambda stored, value: stored <= value,
    "range": lambda stored, value: value[0] <= stored <= value[1],
}
NEGATED = {"ne": "exact", "not_in": "in"}


def holds(condition: Condition, image: Image, label: str, row: Row, names: Names) -> bool:
    """Tell whether a row meets a condition."""
    if "and" in condition:
        return all(holds(part, image, label, row, names) for part in condition["and"])
    if "or" in condition:
        return any(holds(part, image, label, row, names) for part in condition["or"])
    if "not" in condition:
        return not holds(condition["not"], image, label, row, names)
    operator, value = condition["operator"], _resolve(condition["value"], names)
    if operator in NEGATED:
        return not holds({**condition, "operator": NEGATED[operator]}, image, label, row, names)
    reached = _reach(image, label, row, condition["field"].split("__"), names["$organization.id"])
    if operator == "isnull":
        return (not any(stored is not None for stored in reached)) is value
    return any(stored is not None and OPERATORS[operator](stored, value) for stored in reached)


def _resolve(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_resolve(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _reach(image: Image, label: str, row: Row, path: List[str], site_id: int) -> List[Any]:
    """Return the values at the end of a path: several where it leads through a list of keys.

    Rows of other organizations are none.
    """
    field = model_of(label)._meta.get_field(path[0])
    if field.many_to_many:
        keys: List[Any] = sorted(row[field.name])
    else:
        keys = [row[field.attname]]
    if len(path) == 1:
        return keys
    target = field.related_model._meta.label
    found: List[Any] = []
    for key in keys:
        if key in image[target]:
            related = image[target][key]
            if TENANTS[target] is None or organization_of(image, target, related) == site_id:
                found.extend(_reach(image, target, related, path[1:], site_id))
    return found


def _leaf(field: str, operator: str, value: Any) -> Condition:
    return {"field": field, "operator": operator, "value": value}


def _word_leaf(chance: Random, field: str) -> Condition:
    word = chance.choice(WORDS)
    return chance.choice(
        [
            _leaf(field, "exact", word),
            _leaf(field, "ne", word),
            _leaf(field, "iexact", word.upper()),
            _leaf(field, "in", chance.sample(WORDS, 2)),
            _leaf(field, "not_in", chance.sample(WORDS, 1)),
            _leaf(field, "startswith", word[0]),
            _leaf(field, "contains", word[1:3]),
            _leaf(field, "icontains", word[1:3].upper()),
        ]
    )


def _number_leaf(chance: Random, field: str) -> Condition:
    number = chance.randint(1, 5)
    operator = chance.choice(["exact", "gt", "gte", "lt", "lte", "ne", "range", "isnull"])
    value: Any = {"range": [1, number], "isnull": chance.random() < 0.5}.get(operator, number)
    return _leaf(field, operator, value)


def _manager_leaf(chance: Random, field: str) -> Condition:
    return chance.choice([_leaf(field, "exact", "$user.id"), _leaf(field, "isnull", True)])


def _reference_leaf(chance: Random, field: str) -> Condition:
    return _leaf(field, "isnull", chance.random() < 0.5)


#: Paths that filters may take, by label, with what makes a comparison of each.
PATHS: Dict[str, Tuple[Tuple[str, Callable[[Random, str], Condition]], ...]] = {
    "testapp.Region": (("name", _word_leaf),),
    "testapp.Product": (("name", _word_leaf),),
    "testapp.Customer": (
        ("name", _word_leaf),
        ("age", _number_leaf),
        ("assigned_manager", _manager_leaf),
        ("region__name", _word_leaf),
        ("region", _reference_leaf),
        ("tags", _reference_leaf),
    ),
    "testapp.Order": (("number", _word_leaf), ("customer__name", _word_leaf), ("customer__region__name", _word_leaf)),
    "testapp.OrderLine": (
        ("quantity", _number_leaf),
        ("product__name", _word_leaf),
        ("order__customer__name", _word_leaf),
    ),
    "testapp.Visit": (
        ("note", _word_leaf),
        ("customer__name", _word_leaf),
        ("previous__note", _word_leaf),
        ("products__name", _word_leaf),
        ("customer__assigned_manager", _manager_leaf),
    ),
    "testapp.Badge": (("code", _word_leaf), ("customer__name", _word_leaf)),
    "testapp.Place": (("name", _word_leaf),),
    "testapp.Restaurant": (("name", _word_leaf), ("stars", _number_leaf)),
    "testapp.Shelf": (("title", _word_leaf),),
}


def make_condition(chance: Random, label: str, depth: int = 0) -> Condition:
    """Make a condition on a model by chance."""
    shape = chance.random()
    if depth < 2 and shape < 0.25:
        word = chance.choice(["and", "or"])
        return {word: [make_condition(chance, label, depth + 1) for _ in range(2)]}
    if depth < 2 and shape < 0.35:
        return {"not": make_condition(chance, label, depth + 1)}
    field, make = chance.choice(PATHS[label])
    return make(chance, field)
