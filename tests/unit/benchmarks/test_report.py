from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Dict
from xml.etree import ElementTree as ET

import pytest

from benchmarks.report.document import figures_of, make_document
from benchmarks.report.page import BEGIN, END, PAGE, fill_page, write_docs
from benchmarks.report.picture import draw
from benchmarks.report.screen import show
from benchmarks.results import Measured, Result
from benchmarks.sizes import QUICK, Plan
from benchmarks.targets import TARGETS

MACHINE = {
    "system": "Linux 6", "processor": "a processor", "cores": 2, "memory_gib": 8.0, "load_before": 0.1,
    "is_busy": False, "gunicorn_workers": 2,
}  # fmt: skip
SAMPLES = {
    "create": Measured("records/s", "sb_sync", "COPY", {"sb_sync": [50.0], "COPY": [100.0], "DRF": [1.0]}),
    "delta": Measured("s", "sb_sync", "small", {"sb_sync": [0.4], "small": [0.1], "DRF, large table": [0.1]}),
    "stream": Measured("MiB", "sb_sync", None, {"sb_sync": [12.5]}),
    "sqlite_push": Measured("records/s", "sb_sync", "sqlite3", {"sb_sync": [20.0], "sqlite3": [100.0]}),
    "sqlite_pull": Measured("records/s", "sb_sync", "sqlite3", {"sb_sync": [65.0], "sqlite3": [100.0]}),
}


@pytest.fixture
def document() -> Dict[str, Any]:
    results = [Result(each, SAMPLES.get(each.key), "" if each.key in SAMPLES else "not asked for") for each in TARGETS]
    made = make_document(Plan(QUICK, 3), dict(MACHINE), {"Python": "3.11", "Django": "5.2"}, results, [], [])
    return json.loads(json.dumps(made))


def test_a_row_of_two_figures_becomes_two_figures(document) -> None:
    names = [row["name"] for row in figures_of(document["results"])]
    assert len(names) == len(TARGETS)
    assert names[-2].endswith("(push)")
    assert names[-1].endswith("(pull)")


def test_the_table_on_the_screen_shows_each_row_with_what_it_reaches(document, capsys) -> None:
    show(document)
    results = capsys.readouterr().out.split("For comparison")[0]
    lines = {line.split("  ")[0]: line for line in results.splitlines()}
    assert lines[TARGETS[5].name].split()[-1] == "stretch"
    assert lines[TARGETS[6].name].split()[-1] == "-"
    assert lines[TARGETS[2].name].endswith("not asked for")


def test_a_busy_machine_is_told_of_on_the_screen_and_on_the_page(document, capsys) -> None:
    document["machine"]["is_busy"] = True
    show(document)
    assert "THE MACHINE WAS BUSY" in capsys.readouterr().out
    assert "The machine was busy" in fill_page(f"{BEGIN}\n{END}\n", document)


def test_the_picture_is_well_formed_and_has_a_bar_for_each_figure_longer_where_it_is_better(document) -> None:
    def lengths(of: Dict[str, Any]) -> Any:
        root = ET.fromstring(draw(of))
        return [float(each.get("width", "")) for each in root.iter("{http://www.w3.org/2000/svg}rect")]

    before = lengths(document)
    assert len(before) == len(SAMPLES)
    better = copy.deepcopy(document)
    by_name = {row["name"]: row for row in better["results"]}
    by_name[TARGETS[0].name]["ratio"] = 0.4
    by_name[TARGETS[5].name]["ratio"] = 30
    by_name[TARGETS[6].name]["ratio"] = 1.0
    create, stream, delta, *_sqlite = lengths(better)
    assert create < before[0]
    assert stream < before[1]
    assert delta > before[2]


def test_the_page_tells_machine_versions_figures_and_where_it_is_slower(document) -> None:
    page = fill_page(f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n", document)
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert "old" not in page
    assert "a processor, 2 cores" in page
    assert "Python 3.11, Django 5.2" in page
    slower = page.split("### Where it is slower")[1]
    assert f"**{TARGETS[6].name}** falls short: 4.00" in slower
    assert "COPY is 2.0 times as fast" in slower
    assert "4.00 times the cost of DRF, large table" in slower
    assert "DRF is" not in slower


def test_a_page_is_filled_again_as_it_was_filled_first(document) -> None:
    once = fill_page(f"{BEGIN}\n{END}\n", document)
    assert fill_page(once, document) == once


def test_a_page_without_a_marked_part_is_refused(document) -> None:
    with pytest.raises(ValueError, match="no part that is marked"):
        fill_page("text", document)


def test_the_page_of_the_documentation_can_be_filled_and_gets_its_picture(document, tmp_path) -> None:
    docs = Path(__file__).resolve().parents[3] / "docs"
    for name in (PAGE.parent, "_static"):
        (tmp_path / name).mkdir()
    (tmp_path / PAGE).write_text((docs / PAGE).read_text(encoding="utf-8"), encoding="utf-8")
    write_docs(document, tmp_path)
    assert TARGETS[0].name in (tmp_path / PAGE).read_text(encoding="utf-8")
    assert (tmp_path / "_static" / "performance.svg").exists()
