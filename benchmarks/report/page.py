"""Fill the marked part of the documentation's page from a run, with its picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence

from benchmarks.report.document import figures_of
from benchmarks.report.figures import figure, limit, percent, ratio
from benchmarks.report.picture import draw

__all__ = ["fill_page", "write_docs"]

BEGIN, END = "<!-- results: written by `./dev bench --write-docs` -->", "<!-- end of results -->"
PAGE = Path("explanation") / "performance.md"
PICTURE = Path("_static") / "performance.svg"


def write_docs(document: Dict[str, Any], docs: Path) -> None:
    """Write page and picture."""
    page = docs / PAGE
    page.write_text(fill_page(page.read_text(encoding="utf-8"), document), encoding="utf-8")
    (docs / PICTURE).write_text(draw(document), encoding="utf-8")


def fill_page(text: str, document: Dict[str, Any]) -> str:
    """Return a page whose marked part tells a run. Raises `ValueError` where nothing is marked."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError("the page has no part that is marked for results")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return "\n".join([before + BEGIN, "", *_tell(document), "", END + after])


def _tell(document: Dict[str, Any]) -> Iterator[str]:
    machine, versions = document["machine"], document["versions"]
    rows = list(figures_of(document["results"]))
    yield (
        "Measured on {}: {processor}, {cores} cores, {memory_gib} GiB, {system}, {gunicorn_workers} workers of gunicorn"
        " on the loopback address. Medians of {}."
    ).format(document["made_at"][:10], document["plan"]["repetitions"], **machine)
    yield ", ".join(f"{name} {version}" for name, version in versions.items()) + "."
    if document["plan"]["is_quick"]:
        yield "\nThese are the smaller sizes of `--quick`."
    if machine["is_busy"]:
        yield "\n**The machine was busy while this was measured; the figures mean little.**"
    yield "\n![What sb_sync reaches of its floors and stretches](../_static/performance.svg)\n"
    yield from _table(rows)
    if document["growth"]:
        yield "\n### What must not grow\n"
        yield from _table(list(figures_of(document["growth"])))
    yield "\n### For comparison\n"
    yield from _compare(rows, document["peers"])
    yield "\n### Where it is slower\n"
    yield from _tell_slower(rows)


def _table(rows: Sequence[Dict[str, Any]]) -> Iterator[str]:
    yield "| what | sb_sync | against | ratio | spread | floor | stretch | reached |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        limits = [limit(row, "floor"), limit(row, "stretch")]
        if row["ratio"] is None:
            yield _join([row["name"], "-", "-", "-", "-", *limits, row["remark"]])
            continue
        medians, unit = row["medians"], row["samples_unit"]
        base = "-" if row["base"] is None else "{}: {}".format(row["base"], figure(medians[row["base"]], unit))
        ours = figure(medians[row["ours"]], unit)
        yield _join([row["name"], ours, base, ratio(row), percent(row["spread"]), *limits, row["met"] or "neither"])


def _compare(rows: Sequence[Dict[str, Any]], peers: Sequence[Dict[str, Any]]) -> Iterator[str]:
    yield "| what | side | median | ratio |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        for side, number in row.get("ratios", {}).items():
            told = side + " (sb_sync)" if side == row["ours"] and side != "sb_sync" else side
            yield _join([row["name"], told, figure(row["medians"][side], row["samples_unit"]), ratio(row, number)])
    for peer in peers:
        if peer["ratio"] is not None:
            median = figure(peer["median"], peer["samples_unit"])
            yield _join([peer["name"], peer["side"], median, ratio({**peer, "unit": ""})])


def _tell_slower(rows: Sequence[Dict[str, Any]]) -> Iterator[str]:
    """Yield what falls short, and every side that was quicker or cheaper than sb_sync."""
    lines: List[str] = []
    for row in rows:
        if row["ratio"] is None:
            continue
        if row["met"] is None:
            reasons = "; ".join(row["faults"]) or "it should be {}".format(limit(row, "floor"))
            lines.append("- **{}** falls short: {}, and {}.".format(row["name"], ratio(row), reasons))
        lines += [f"- {row['name']}: {line}" for line in _find_quicker(row)]
    yield from lines or ["Nowhere in this table."]


def _find_quicker(row: Dict[str, Any]) -> Iterator[str]:
    """Yield the sides of another make than ours that did better."""
    medians, is_rate = row["medians"], row["samples_unit"].endswith("/s")
    ours = medians[row["ours"]]
    for side, median in medians.items():
        if side == row["ours"] or re.match("sb_sync", side) or not ours or not median:
            continue
        factor = median / ours if is_rate else ours / median
        if factor > 1:
            yield f"{side} is {factor:.1f} times as fast" if is_rate else f"{factor:.2f} times the cost of {side}"


def _join(cells: Sequence[str]) -> str:
    return "| {} |".format(" | ".join(cell.replace("|", "\\|") for cell in cells))
