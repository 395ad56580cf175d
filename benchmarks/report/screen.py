"""The table on the screen."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Sequence

from benchmarks.report.document import figures_of
from benchmarks.report.figures import figure, limit, percent, ratio
from tools.console import say, table

__all__ = ["show"]

HEAD = ("what", "sb_sync", "against", "ratio", "spread", "floor", "stretch", "met")


def show(document: Dict[str, Any]) -> None:
    """Print a run."""
    machine, versions = document["machine"], document["versions"]
    say()
    say("{processor}, {cores} cores, {memory_gib} GiB, {system}".format(**machine))
    say(", ".join(f"{name} {version}" for name, version in versions.items()))
    if machine["is_busy"]:
        say("THE MACHINE WAS BUSY when this began (load {load_before}): the figures mean little.".format(**machine))
    for title, rows in (("Results", document["results"]), ("Growth", document["growth"])):
        if any(row["ratio"] is not None for row in rows):
            say(f"\n{title}\n")
            say(table(HEAD, [_line(row) for row in figures_of(rows)]))
    others = list(_others(list(figures_of(document["results"])))) + [_peer(peer) for peer in document["peers"]]
    if others:
        say("\nFor comparison\n")
        say(table(("what", "side", "median", "ratio"), others))
    for row in figures_of([*document["results"], *document["growth"]]):
        for fault in row.get("faults", []):
            say("\n{}: {}".format(row["name"], fault))


def _line(row: Dict[str, Any]) -> List[str]:
    """Return one figure's line."""
    ends = [limit(row, "floor"), limit(row, "stretch")]
    if row["ratio"] is None:
        return [row["name"], "-", "-", "-", "-", *ends, row["remark"]]
    medians, unit = row["medians"], row["samples_unit"]
    base = "-" if row["base"] is None else figure(medians[row["base"]], unit)
    return [
        row["name"], figure(medians[row["ours"]], unit), base, ratio(row), percent(row["spread"]), *ends,
        row["met"] or "-",
    ]  # fmt: skip


def _others(rows: Sequence[Dict[str, Any]]) -> Iterator[List[str]]:
    """Yield a line for each other side of each figure."""
    for row in rows:
        for side, number in row.get("ratios", {}).items():
            if side != row["ours"]:
                median = figure(row["medians"][side], row["samples_unit"])
                yield [row["name"], side, median, ratio({**row, "unit": ""}, number)]


def _peer(peer: Dict[str, Any]) -> List[str]:
    if peer["ratio"] is None:
        return [peer["name"], peer["side"], peer["remark"], "-"]
    return [peer["name"], peer["side"], figure(peer["median"], peer["samples_unit"]), ratio({**peer, "unit": ""})]
