"""The security model names tests, and each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Set

from tests.docs.pages import read

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)*)`")


def test_every_threat_names_a_test_that_exists() -> None:
    table = read("explanation/security.md").partition("## Threats")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ") and not row.startswith(("| threat", "| ---"))]
    assert len(rows) > 30
    for row in rows:
        found = NAMED.search(row)
        assert found is not None, row
        path, names = found.groups()
        assert (ROOT / path).is_file(), row
        assert set(names.split("::")) - {""} <= _defined(ROOT / path), row


def _defined(path: Path) -> Set[str]:
    """Return the names of the classes and functions of a file."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)}
