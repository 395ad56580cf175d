"""Row filters: from the JSON of a condition to SQL.

parse: the shape · check: fields, operators and values against the model · values: values as the field reads them ·
resolve: names of the user and the organization filled in · compile: SQL, the only meaning that a filter has.
"""

from __future__ import annotations

from sb_sync.access.filters.check import check_condition
from sb_sync.access.filters.compile import compile_filter
from sb_sync.access.filters.parse import InvalidFilter, parse_condition
from sb_sync.access.filters.resolve import Names, RowFilter, resolve_filter
from sb_sync.access.filters.validation import find_fault, find_stored_fault

__all__ = [
    "InvalidFilter",
    "Names",
    "RowFilter",
    "check_condition",
    "compile_filter",
    "find_fault",
    "find_stored_fault",
    "parse_condition",
    "resolve_filter",
]
