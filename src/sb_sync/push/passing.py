"""Values that surely pass their field's validation, told without the field: what is not sure is left to the field.

Only for fields of Django's own classes with the validators that these come with.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any, Callable, List, Mapping, Optional, Pattern, Sequence, Type
from uuid import UUID

from django.core import validators
from django.core.exceptions import ValidationError
from django.db import models

from sb_sync.push.batch import MISSING
from sb_sync.push.columns import is_known
from sb_sync.wire import ModelSchema, WireField

__all__ = ["Reader", "Readers", "make_readers"]

TEXTS = {str, type(None)}

#: Tells whether a value surely passes.
Test = Callable[[Any], bool]

# What a decoder or a validator may raise for a value, besides Django's own error.
FAULTS = (ValidationError, ValueError, TypeError, OverflowError, ArithmeticError)

#: Addresses of the plainest kind: some of those that Django takes, in a tenth of the time.
EMAIL = re.compile(r"(?!.{321})[a-z0-9]+(?:[._-][a-z0-9]+)*@(?:[a-z0-9]{1,63}\.){1,3}[a-z]{2,63}")

CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: Fields whose texts pass by their length alone, or where they have a form.
FORMS: Mapping[Type[Any], Optional[Pattern[str]]] = {
    models.CharField: None,
    models.TextField: None,
    models.EmailField: EMAIL,
}

#: Validators that are quick enough by themselves.
ASKED = (
    validators.EmailValidator,
    validators.RegexValidator,
    validators.URLValidator,
    validators.ProhibitNullCharactersValidator,
)


@dataclass(frozen=True)
class Reader:
    """Reads the values of one column; `test` may raise for one that does not pass.

    `read_texts` reads a whole column of texts where all of them are of the plainest kind, else it returns None.
    """

    decode: Callable[[Any], Any]
    test: Test
    read_texts: Optional[Callable[[Sequence[str]], Optional[List[Any]]]] = None

    def passes(self, value: Any) -> bool:
        """Tell whether a Python value surely passes."""
        try:
            return self.test(value)
        except FAULTS:
            return False

    def read(self, value: Any) -> Any:
        """Return the Python value of JSON, `MISSING` where it is not sure to pass."""
        try:
            decoded = None if value is None else self.decode(value)
            return decoded if self.test(decoded) else MISSING
        except FAULTS:
            return MISSING

    def read_column(self, values: Sequence[Any]) -> Optional[List[Any]]:
        """Return the Python values of a column of JSON, None where one of them is not sure to pass."""
        kinds = set(map(type, values))
        read = self.read_texts(values) if self.read_texts is not None and kinds == {str} else None
        if read is not None:
            return read
        if kinds <= TEXTS or kinds == {int}:
            # Values come again and again: each is read once.
            known = {value: self.read(value) for value in set(values)}
            read = [known[value] for value in values]
        else:
            read = [self.read(value) for value in values]
        return None if any(value is MISSING for value in read) else read


def _are_texts(values: Sequence[str], shortest: int, longest: int) -> bool:
    """Tell whether every database can hold all of these texts, and each is neither too short nor too long."""
    sizes = set(map(len, values))
    whole = "".join(values)
    if min(sizes) < shortest or max(sizes) > longest or "\x00" in whole:
        return False
    try:
        # Half of a surrogate pair beside its other half is none any more: what is not ASCII is looked at one by one.
        return whole.isascii() or all(map(str.encode, filter(None, values)))
    except UnicodeEncodeError:
        return False


#: Readers by attribute, None where nothing but the field can tell.
Readers = Mapping[str, Optional[Reader]]


def make_readers(schema: ModelSchema) -> Readers:
    """Return the readers of a model's columns."""
    return {wire_field.attname: _make_reader(wire_field) for wire_field in (schema.key, *schema.fields)}


def _make_reader(wire_field: WireField) -> Optional[Reader]:
    test = _make_test(wire_field)
    return None if test is None else Reader(wire_field.codec.decode, test, _make_text_reader(wire_field))


def _make_text_reader(wire_field: WireField) -> Optional[Callable[[Sequence[str]], Optional[List[Any]]]]:
    """Return what reads a whole column of plain texts, None where more counts than their length and their form."""
    field = wire_field.field
    if type(field) is models.UUIDField and not field.validators and field.choices is None:
        return _read_uuids
    if type(field) not in FORMS or field.choices is not None:
        return None
    form = FORMS[type(field)]
    shortest, longest = 0 if field.blank else 1, sys.maxsize
    for validator in field.validators:
        if type(validator) is validators.MaxLengthValidator and isinstance(validator.limit_value, int):
            longest = min(longest, validator.limit_value)
        elif type(validator) is not validators.ProhibitNullCharactersValidator and (
            form is not EMAIL or type(validator) is not validators.EmailValidator
        ):
            return None

    def read_texts(values: Sequence[str]) -> Optional[List[Any]]:
        is_right = _are_texts(values, shortest, longest)
        if is_right and form is not None:
            is_right = all(map(form.fullmatch, filter(None, values)))
        return list(values) if is_right else None

    return read_texts


def _read_uuids(values: Sequence[str]) -> Optional[List[Any]]:
    """Return the UUIDs of texts that are all written in the way in which they are given out."""
    if not all(map(CANONICAL_UUID.fullmatch, values)):
        return None
    return [UUID(int=int(value.replace("-", ""), 16)) for value in values]


def _make_test(wire_field: WireField) -> Optional[Test]:
    """Return the test of a field's values."""
    field = wire_field.field
    if not is_known(field) or field.get_internal_type() == "JSONField":
        return None
    tests: List[Test] = []
    for validator in field.validators:
        test = _make_validator_test(validator)
        if test is None:
            return None
        tests.append(test)
    if wire_field.references is None and field.choices is not None:
        chosen = _make_choice_test(field)
        if chosen is None:
            return None
        tests.append(chosen)
    passes = _join(tests)
    may_be_empty, may_be_null, empty = field.blank, field.blank and field.null, field.empty_values

    def test_value(value: Any) -> bool:
        if not value and value in empty:
            return bool(may_be_null if value is None else may_be_empty)
        return passes(value)

    return test_value


def _join(tests: Sequence[Test]) -> Test:
    """Return the test that asks all of them."""
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _make_choice_test(field: Any) -> Optional[Test]:
    """Return the test for one of the choices; those that are made anew each time are not known."""
    if not isinstance(field.choices, (list, tuple)):
        return None
    try:
        known = frozenset(value for value, _label in field.flatchoices)
    except TypeError:
        return None
    return known.__contains__


def _make_validator_test(validator: Any) -> Optional[Test]:
    """Return the test that one of Django's validators stands for."""
    kind = type(validator)
    if kind is validators.EmailValidator:
        return lambda value: EMAIL.fullmatch(value) is not None or _passes(validator, value)
    if kind in ASKED:
        return lambda value: _passes(validator, value)
    if kind is validators.DecimalValidator:
        return _make_decimal_test(validator)
    limit = getattr(validator, "limit_value", None)
    if limit is None or callable(limit):
        return None
    if kind is validators.MaxLengthValidator:
        return lambda value: len(value) <= limit
    if kind is validators.MinLengthValidator:
        return lambda value: len(value) >= limit
    if kind is validators.MaxValueValidator:
        return lambda value: bool(value <= limit)
    return (lambda value: bool(value >= limit)) if kind is validators.MinValueValidator else None


def _passes(validator: Any, value: Any) -> bool:
    try:
        validator(value)
    except FAULTS:
        return False
    return True


def _make_decimal_test(validator: validators.DecimalValidator) -> Optional[Test]:
    """Return the test of plainly written decimals: no exponent, and no more digits than fit."""
    places, digits = validator.decimal_places, validator.max_digits
    if places is None or digits is None:
        return None
    whole = digits - places

    def test(value: Any) -> bool:
        _sign, written, exponent = value.as_tuple()
        return (
            isinstance(exponent, int)
            and -places <= exponent <= 0
            and len(written) <= digits
            and len(written) + exponent <= whole
        )

    return test
