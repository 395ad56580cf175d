"""What a run of the tests stumbled over first: the end of a long output is all that some machines keep."""

from __future__ import annotations

from pathlib import Path
from typing import List
from xml.etree import ElementTree as ET

__all__ = ["describe_first"]

#: One fault often fails hundreds of tests, and the first of them tell what it is.
SHOWN = 3
LINES = 50


def describe_first(report: Path) -> List[str]:
    """Return lines on the first tests that failed, in the order in which they ran; none of a report that is none."""
    try:
        cases = ET.parse(str(report)).getroot().iter("testcase")
    except (OSError, ET.ParseError):
        return []
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    lines: List[str] = []
    for case in failed[:SHOWN]:
        lines.extend(["", "{}::{}".format(case.get("classname"), case.get("name")), *_cut(_tell(case))])
    return lines


def _tell(case: ET.Element) -> List[str]:
    """Return what pytest wrote of a test: its traceback, then what was logged and printed."""
    return [line for part in case for line in (part.text or "").splitlines() if part.tag != "properties"]


def _cut(lines: List[str]) -> List[str]:
    """Return the beginning and the end of what is long."""
    if len(lines) <= LINES:
        return lines
    return [*lines[: LINES // 2], f"... {len(lines) - LINES} lines ...", *lines[-LINES // 2 :]]
