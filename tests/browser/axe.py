"""Ask axe-core what people with other senses or hands would stumble over."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Sequence

SOURCE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


#: What changes with the colours alone.
COLOURS = ["color-contrast", "link-in-text-block"]


def find_faults(page: Any, rules: Sequence[str] = RULES) -> List[str]:
    """Return the serious faults of a page as it is shown, each with its place; `rules` are tags or names of rules."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE.read_text(encoding="utf-8"))
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", list(rules))
    return [
        f"{rule['id']} ({rule['help']}): {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]
