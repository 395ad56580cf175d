"""What deletions reach. Rows that one reached as a whole are not walked through again for those around or below it."""

from __future__ import annotations

from collections import defaultdict
from typing import Dict, Hashable, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from sb_sync.push.cascades import Effect
from sb_sync.push.order import Access, Mode

__all__ = ["Found", "Reach"]

# A deletion below another one is walked for itself as long as it reaches no more rows than these.
FEW = 16

Reached = Dict[Hashable, Set[Effect]]
Referrers = Mapping[Hashable, Sequence[Tuple[Hashable, Effect]]]


class Found(NamedTuple):
    """The rows that a deletion reaches, with what becomes of them, and the covers whose rows it reaches besides."""

    rows: Reached
    covers: List[int]
    is_below: bool


class Reach:
    """Knows the covers: what one deletion reached, named by its place in the array.

    A deletion that meets a row which an earlier one took, with nothing below touched since, stops there: it touches
    that one's cover as a whole, and what it covered is its own from then on. So a chain of rows is walked once, however
    many of its rows are deleted. Whoever touches a covered row comes after the last deletion that covers it.
    """

    def __init__(self, stored: Referrers, made: Referrers) -> None:
        """Take the rows that refer to rows: those that are stored, and those that this push makes (they grow)."""
        self._referrers = (stored, made)
        #: The cover of each resource, and of each row that was taken with all below it.
        self._cover: Dict[Hashable, int] = {}
        self._whole: Dict[Hashable, int] = {}
        self._wider: Dict[int, int] = {}
        self._touched: Set[int] = set()
        self._guards: Set[Hashable] = set()
        #: What the deletions of a cover read.
        self._reads: Dict[int, Set[Hashable]] = defaultdict(set)

    def find(self, roots: Sequence[Hashable]) -> Found:
        """Return what deleting a row reaches; `roots` are the resources that stand for it."""
        outer = {self._untouched_cover(root) for root in roots}
        around = outer.pop() if len(outer) == 1 else None
        rows: Reached = {root: {Effect.TAKEN} for root in roots}
        covers: Dict[int, None] = {}
        frontier = list(roots)
        while frontier:
            if around is not None and len(rows) > FEW:
                return Found({root: {Effect.TAKEN} for root in roots}, [around], is_below=True)
            parent = frontier.pop()
            cover = None if parent in roots else self._untouched_cover(parent)
            if cover is not None and cover != around:
                covers[cover] = None
                continue
            for row, effect in self._referrers_of(parent):
                effects = rows.setdefault(row, set())
                if effect is Effect.TAKEN and effect not in effects:
                    frontier.append(row)
                effects.add(effect)
        return Found(rows, list(covers), is_below=False)

    def touch(self, access: Access, *, but: Sequence[int] = ()) -> Optional[int]:
        """Note that a resource is touched; return the cover to come after, None where there is none but those left out.

        What removes a row that guards comes before the deletions which that row would refuse.
        """
        cover = self._cover.get(access.resource)
        widest = None if cover is None else self._find_widest(cover)
        if widest is None or widest in but:
            return None
        self._touched.add(widest)
        return None if access.mode is Mode.TAKE and access.resource in self._guards else widest

    def cover(self, place: int, found: Found, accesses: Iterable[Access]) -> None:
        """Note what the deletion at a place reached, and that the covers it met are within its own."""
        if found.is_below:
            return
        for cover in found.covers:
            self._wider[cover] = place
            self._reads[place] |= self._reads[cover]
        for access in accesses:
            if access.mode is Mode.READ:
                self._reads[place].add(access.resource)
                continue
            self._cover[access.resource] = place
            if access.mode is Mode.GUARDED:
                self._guards.add(access.resource)
        self._whole.update((row, place) for row, effects in found.rows.items() if Effect.TAKEN in effects)

    def reads_of(self, cover: int) -> Set[Hashable]:
        """Return what the deletions of a cover read."""
        return self._reads[cover]

    def _referrers_of(self, row: Hashable) -> Iterable[Tuple[Hashable, Effect]]:
        for referrers in self._referrers:
            yield from referrers.get(row, ())

    def _untouched_cover(self, row: Hashable) -> Optional[int]:
        """Return the cover with which a row and all below it were taken, unless something touched it since."""
        cover = self._whole.get(row)
        if cover is None:
            return None
        widest = self._find_widest(cover)
        return None if widest in self._touched or cover in self._touched else widest

    def _find_widest(self, cover: int) -> int:
        """Return the cover that holds a cover and lies in no other, shortening the way for the next time."""
        way: List[int] = []
        while cover in self._wider:
            way.append(cover)
            cover = self._wider[cover]
        self._wider.update(dict.fromkeys(way, cover))
        return cover
