"""The matrix as markup: twenty thousand boxes are put together from few strings, not by a template's loops.

Every string is made once for a column and what may stand in it, of nothing but numbers and constants; a row joins one
of each column. So a row costs as many look-ups as there are columns, and the page has one small element for each box.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Sequence, Tuple

from django.utils.safestring import SafeString, mark_safe

from sb_sync.dashboard.sections.permissions.queries import Column, Row
from sb_sync.maintenance.rights import PULL, PUSH

__all__ = ["BoxMaker", "RowMarkup", "Section", "group_by_app"]

# In place of the row's number; it stands in no other part of the markup.
ROW = "\x01"
KINDS = ((PUSH, "push"), (PULL, "pull"))
ALL, SOME, NONE, NOT_GIVEN = "all", "some", "none", "not given"
STATES = {ALL: " checked", SOME: " data-some", NONE: "", NOT_GIVEN: " disabled"}


class RowMarkup:
    """A row with its boxes."""

    def __init__(self, row: Row, number: int, cells: SafeString, totals: SafeString) -> None:
        """Take the row, its number and what was made of it."""
        self.row, self.number, self.cells, self.totals = row, number, cells, totals
        self.rights = "".join(map(str, row.rights))


class Section:
    """The rows of one app, with the boxes that stand for all of them."""

    def __init__(
        self, app_label: str, number: int, rows: List[RowMarkup], cells: SafeString, totals: SafeString
    ) -> None:
        """Take what was made."""
        self.app_label, self.number, self.rows, self.cells, self.totals = app_label, number, rows, cells, totals


class BoxMaker:
    """Makes the boxes of rows under the same columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Make every string that a row may need."""
        self.columns = columns
        self._cells: List[Dict[Tuple[int, bool], str]] = [
            {
                (rights, is_filtered): _make_cell(index, column, rights, is_filtered=is_filtered)
                for rights in range((PUSH | PULL) + 1)
                for is_filtered in (False, True)
            }
            for index, column in enumerate(columns)
        ]

    def make_cells(self, row: Row, number: int) -> SafeString:
        """Return the cells of a row, one for each column with a box for each right."""
        made = [
            cells[rights, index in row.filtered] for index, (cells, rights) in enumerate(zip(self._cells, row.rights))
        ]
        return mark_safe("".join(made).replace(ROW, f"m{number}"))  # noqa: S308 - numbers and constants

    def make_row_totals(self, rows: Sequence[Row], name: str) -> SafeString:
        """Return the boxes that stand for all columns of rows; `name` is the id of what they are called."""
        return _make_totals(
            f"{name} all",
            [(row.rights[index], column.most) for row in rows for index, column in enumerate(self.columns)],
        )

    def make_column_totals(self, rows: Sequence[Row], name: str) -> List[SafeString]:
        """Return for each column the boxes that stand for all rows."""
        return [
            _make_totals(f"{name} g{index}", [(row.rights[index], column.most) for row in rows])
            for index, column in enumerate(self.columns)
        ]


def group_by_app(rows: Sequence[Row], maker: BoxMaker) -> Iterator[Section]:
    """Yield the sections of rows that are sorted by app."""
    apps: Dict[str, List[Row]] = {}
    for row in rows:
        apps.setdefault(row.app_label, []).append(row)
    number = 0
    for position, (app_label, members) in enumerate(apps.items()):
        made = []
        for row in members:
            totals = maker.make_row_totals([row], f"m{number}")
            made.append(RowMarkup(row, number, maker.make_cells(row, number), totals))
            number += 1
        cells = mark_safe("".join(f"<td>{cell}" for cell in maker.make_column_totals(members, f"a{position}")))  # noqa: S308
        yield Section(app_label, position, made, cells, maker.make_row_totals(members, f"a{position}"))


def _make_cell(index: int, column: Column, rights: int, *, is_filtered: bool) -> str:
    boxes = "".join(
        _make_box(
            kind,
            f"{ROW} g{index} {kind}{' filtered' if is_filtered else ''}",
            ALL if rights & right else NONE if column.most & right else NOT_GIVEN,
        )
        for right, kind in KINDS
    )
    return f"<td{' class=f' if is_filtered else ''}>{boxes}"


def _make_totals(names: str, found: Sequence[Tuple[int, int]]) -> SafeString:
    """Return two boxes for many cells, given as (rights, most rights)."""
    boxes = (_make_box(kind, f"{names} {kind}", _sum_up(right, found)) for right, kind in KINDS)
    return mark_safe("".join(boxes))  # noqa: S308 - numbers and constants


def _sum_up(right: int, found: Sequence[Tuple[int, int]]) -> str:
    """Return whether all cells that can have a right have it, some or none."""
    granted = sum(bool(rights & right) for rights, _ in found)
    possible = sum(bool((rights | most) & right) for rights, most in found)
    if not possible:
        return NOT_GIVEN
    return ALL if granted == possible else SOME if granted else NONE


def _make_box(kind: str, names: str, state: str) -> str:
    """Return a box; ids of the elements that name it are given in place of a label of its own."""
    return f'<input type=checkbox tabindex=-1 class={kind} aria-labelledby="{names}"{STATES[state]}>'
