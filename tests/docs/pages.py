"""Read the pages of the documentation: their snippets, and the words in their tables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Set

DOCS = Path(__file__).resolve().parents[2] / "docs"
SNIPPET = re.compile(
    r"<!-- (?P<kind>\w+)(?:: (?P<file>\S+))? -->\n```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
FENCE = re.compile(r"^```\w+$", re.MULTILINE)
FIRST_CELL = re.compile(r"^\| ([^|]*) \|", re.MULTILINE)


@dataclass(frozen=True)
class Snippet:
    """A block of a page, with what a reader does with it.

    Kinds: run (in the shell) · serve (in a second one) · write, append (to a file) · answer (what the last run shows) ·
    reader (only for readers).
    """

    kind: str
    file: str
    language: str
    text: str


def read(page: str) -> str:
    """Return the text of a page."""
    return (DOCS / page).read_text(encoding="utf-8")


def snippets(page: str) -> List[Snippet]:
    """Return all snippets of a page; every block must say what it is for."""
    text = read(page)
    found = [
        Snippet(match["kind"], match["file"] or "", match["language"], match["text"])
        for match in SNIPPET.finditer(text)
    ]
    assert len(found) == len(FENCE.findall(text)), f"{page} has a block that does not say what it is for"
    return found


def words_in_tables(page: str) -> Set[str]:
    """Return every word in `code` of the first cells of a page's tables."""
    return {word for cell in FIRST_CELL.findall(read(page)) for word in re.findall(r"`([^`]+)`", cell)}


def resembles(expected: str, found: str, language: str) -> bool:
    """Tell whether an answer is the one that the page shows; … stands for anything."""
    if language == "json":
        return _matches(json.loads(expected), json.loads(found))
    pattern = r"[^\n]+".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, found.strip()) is not None


def _matches(expected: Any, found: Any) -> bool:
    if expected == "…":
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(_matches(expected[name], found[name]) for name in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(_matches(ours, theirs) for ours, theirs in zip(expected, found))
    return bool(expected == found)
