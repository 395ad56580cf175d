"""Regular expressions that people type."""

from __future__ import annotations

import re
import time

import pytest

from sb_sync.config.patterns import find_pattern_fault

LONGEST_LABEL = "crm." + "a" * 120


@pytest.mark.parametrize(
    "pattern",
    [
        "Log$",
        r"^crm\.",
        ".*Log.*",
        "(?i)log",
        "(?:Old|New)?Order",
        "Order[0-9]+",
        "x{2,3}",
        "^(crm|shop)[.]",
        "(?<=x)y",
    ],
)
def test_what_people_need_is_taken(pattern: str) -> None:
    assert find_pattern_fault(pattern) == ""


@pytest.mark.parametrize("pattern", ["[", "(", "*", "(?P<x>a)(?P<x>b)", "a{99999999999}"])
def test_what_is_no_expression_is_refused(pattern: str) -> None:
    assert "is no regular expression" in find_pattern_fault(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a*)*$", "(?:a|aa)+$", "((a?)b?)+$", "(a{1,9}){1,9}$", "(?=(a+)+$)x", "(?:(a|ab)x?){2,}"]
)
def test_what_may_take_time_without_end_is_refused(pattern: str) -> None:
    assert "time without end" in find_pattern_fault(pattern)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?P<n>a)(?P=n)", "(a)?(?(1)b|c)"])
def test_references_back_are_refused(pattern: str) -> None:
    assert "refers back" in find_pattern_fault(pattern)


@pytest.mark.parametrize("pattern", [".*.*.*.*$", "a?" * 50 + "a" * 50, "x*" * 4])
def test_many_repetitions_in_a_row_are_refused(pattern: str) -> None:
    assert "repetitions of no fixed length" in find_pattern_fault(pattern)


def test_a_long_pattern_is_refused() -> None:
    assert "longer than" in find_pattern_fault("a" * 201)


@pytest.mark.parametrize("pattern", ["a*a*a*b$", ".*.*.*!$", "a?a?a?b$", "[a-z]+[a-z]+[a-z]+!"])
def test_the_worst_that_is_taken_ends_at_once(pattern: str) -> None:
    assert find_pattern_fault(pattern) == ""
    began = time.perf_counter()
    assert re.search(pattern, LONGEST_LABEL) is None
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "pattern",
    [
        r"(crm|sales|hr)[.](Customer|Order|Invoice|Item)$",
        "(?:Old|New|Odd)(?:Order|Item|Area)(?:Line|Row)?$",
        "(Customer|Customs|Custom)$",
        r"(\d|x)(\d|y)",
    ],
)
def test_choices_that_exclude_each_other_are_taken(pattern: str) -> None:
    assert find_pattern_fault(pattern) == ""


@pytest.mark.parametrize(
    "pattern", [r"(.|\w)" * 24 + "#", "(?i)" + "(?:ab|AB)" * 16 + "#", "(?i)" + "(a|[a])" * 20 + "#"]
)
def test_choices_that_multiply_are_refused(pattern: str) -> None:
    assert "too many ways" in find_pattern_fault(pattern)


def test_the_worst_choices_that_are_taken_end_soon() -> None:
    pattern = r"(.|\w)(.|\w)(.|\w)(.|\w).*.*#"
    assert find_pattern_fault(pattern) == ""
    begin = time.perf_counter()
    assert re.search(pattern, LONGEST_LABEL) is None
    assert time.perf_counter() - begin < 5
