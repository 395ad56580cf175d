"""The pairs of Python and Django that are tested."""

from __future__ import annotations

import re
from argparse import Namespace

from tools.environment import ROOT
from tools.matrix import ALL_CELLS, CELLS, SUPPORTED, choose_cells, oldest_dependencies

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_every_django_that_the_package_names_is_a_row_of_the_matrix() -> None:
    assert set(SUPPORTED) == set(re.findall(r"Framework :: Django :: ([\d.]+)", PROJECT))


def test_the_floor_is_what_the_package_allows_at_least() -> None:
    floor = oldest_dependencies()
    assert "Django==3.2" in floor
    assert len(floor) == 6
    assert all(f'"{requirement.replace("==", ">=")}"' in PROJECT for requirement in floor[:-1])


def test_options_choose_the_corners_all_or_the_cells_that_they_name() -> None:
    assert choose_cells(Namespace(cell=None, all=False)) == list(CELLS)
    assert choose_cells(Namespace(cell=None, all=True)) == list(ALL_CELLS)
    assert [cell.floor for cell in choose_cells(Namespace(cell=["3.8-django3.2-floor"], all=False))] == [True]
