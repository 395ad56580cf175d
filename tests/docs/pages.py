"""Read the pages of the documentation: their snippets, their tables, and the words in these."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set

DOCS = Path(__file__).resolve().parents[2] / "docs"
SNIPPET = re.compile(
    r"<!-- (?P<kind>\w+)(?:: (?P<file>\S+))? -->\n```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
FENCE = re.compile(r"^```\w+$", re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)$")
CODE = re.compile(r"`([^`]+)`")
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


@dataclass(frozen=True)
class Table:
    """A table of a page, below a heading."""

    page: str
    heading: str
    columns: List[str]
    rows: List[List[str]]

    def words(self, column: int = 0) -> Set[str]:
        """Return the words in `code` of a column."""
        return {word for row in self.rows for word in CODE.findall(row[column])}


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


def reference_pages() -> List[str]:
    """Return the pages of the reference, by name."""
    return sorted(path.relative_to(DOCS).as_posix() for path in (DOCS / "reference").glob("*.md"))


def tables(first_column: str) -> List[Table]:
    """Return the tables of the reference whose first column is headed so."""
    found = [table for page in reference_pages() for table in _read_tables(page)]
    return [table for table in found if table.columns[0].strip("`") == first_column]


def sections(page: str) -> Dict[str, str]:
    """Return the text below each heading of the second level."""
    parts = re.split(r"^## (.*)$", read(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def _read_tables(page: str) -> Iterator[Table]:
    heading, lines = "", [*read(page).splitlines(), ""]
    standing: List[List[str]] = []
    for line in lines:
        if line.startswith("|"):
            standing.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
            continue
        if standing:
            yield Table(page, heading, standing[0], standing[2:])
            standing = []
        heading = HEADING.sub(r"\1", line) if HEADING.match(line) else heading


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
