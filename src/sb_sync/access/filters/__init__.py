"""Row filters: from the JSON of a condition to SQL.

parse: the shape · check: fields, operators and values against the model · values: values as the field reads them ·
resolve: names of the user and the organization filled in · compile: SQL, the only meaning that a filter has.
For those who write one — validation: what is wrong, and where · choices: which fields and operators there are.
"""

from __future__ import annotations

from sb_sync.access.filters.check import PLACEHOLDERS, check_condition
from sb_sync.access.filters.choices import FieldChoice, list_fields
from sb_sync.access.filters.compile import compile_filter
from sb_sync.access.filters.parse import InvalidFilter, names_user, parse_condition
from sb_sync.access.filters.resolve import Names, RowFilter, resolve_filter
from sb_sync.access.filters.validation import Fault, find_fault, find_faults, find_stored_fault

__all__ = [
    "PLACEHOLDERS",
    "Fault",
    "FieldChoice",
    "InvalidFilter",
    "Names",
    "RowFilter",
    "check_condition",
    "compile_filter",
    "find_fault",
    "find_faults",
    "find_stored_fault",
    "list_fields",
    "names_user",
    "parse_condition",
    "resolve_filter",
]
