"""An order in which records can be applied chunk after chunk: which go together, and what comes before what.

A plain push sees all of its records at once, a chunk only its own. So a record waits for a later one that makes a row
to which it refers, and a deletion for later ones of rows that could protect its own; records that need each other stay
in one chunk. Behind one that waits, what may take or free a unique value keeps its order, as does all else.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import AbstractSet, Any, Dict, List, Optional, Sequence, Set, Tuple

from sb_sync.push.jobs.names import Name, Uses, find_referring

__all__ = ["find_awaited", "find_groups"]

#: For each record the places of those that must be applied before it, or together with it.
Needs = List[List[int]]
READ, PUT, TAKE = range(3)


def find_awaited(uses: Sequence[Uses]) -> Set[Name]:
    """Return the names that a record refers to before the first one that has it, if any has."""
    read: Set[Name] = set()
    written: Set[Name] = set()
    awaited: Set[Name] = set()
    for each in uses:
        read.update(name for name in each.others if name not in written)
        awaited.update(read.intersection(each.own))
        written.update(each.own)
    return awaited


def find_groups(uses: Sequence[Uses], present: AbstractSet[Name] = frozenset()) -> List[List[int]]:
    """Return the places of all records in groups: each group needs nothing but itself and those before it.

    `present` holds those of the awaited names whose rows are there already: nobody waits for them.
    """
    needs: Needs = [[] for _ in uses]
    events: Dict[Name, List[Tuple[int, int]]] = defaultdict(list)
    deletions: Dict[Any, List[int]] = defaultdict(list)
    for place, each in enumerate(uses):
        for name in each.others:
            events[name].append((place, READ))
        for name in each.own:
            events[name].append((place, PUT if each.deleted is None else TAKE))
        if each.deleted is not None:
            deletions[each.deleted].append(place)
    for name, happened in events.items():
        if len(happened) > 1:
            _connect(needs, happened, is_present=name in present)
    _guard(needs, deletions)
    _keep_values(needs, uses)
    return _sort(needs, _Walk(needs).groups)


def _sort(needs: Needs, groups: Sequence[List[int]]) -> List[List[int]]:
    """Return the groups in the order of the array, each behind those that it needs; they come in one of their needs."""
    number_of = {place: number for number, group in enumerate(groups) for place in group}
    turns: List[int] = []
    for group in groups:
        needed = [turns[number_of[other]] for place in group for other in needs[place] if number_of[other] < len(turns)]
        turns.append(max([*group, *needed]))
    return [groups[number] for number in sorted(range(len(groups)), key=lambda number: (turns[number], number))]


def _connect(needs: Needs, happened: Sequence[Tuple[int, int]], *, is_present: bool) -> None:
    """Note what is needed because of one row: whoever reads it needs it as it is at that place, or as it is made."""
    writer: Optional[int] = None
    readers: List[int] = []
    for place, kind in happened:
        if kind == READ:
            if writer is not None:
                needs[place].append(writer)
            readers.append(place)
            continue
        if writer is None and kind == PUT and not is_present:
            # It is not there before: those that read it wait for this.
            for reader in readers:
                needs[reader].append(place)
        else:
            needs[place].extend(readers if writer is None else [writer, *readers])
            readers = []
        writer = place


def _guard(needs: Needs, deletions: Dict[Any, List[int]]) -> None:
    """Note that a deletion needs the later ones of rows that could protect its own."""
    for model, places in deletions.items():
        for referring in find_referring(model).intersection(deletions):
            last = deletions[referring][-1]
            for place in places:
                if place < last:
                    needs[place].append(last)
    for places in deletions.values():
        for before, after in zip(places, places[1:]):
            needs[after].append(before)


def _keep_values(needs: Needs, uses: Sequence[Uses]) -> None:
    """Note that what a record takes of unique values depends on all that earlier ones took and freed.

    Which values these are is not known: a deletion frees those of its own row, and of all that may go with it. Before
    the first record that waits for a later one nothing moves, and nothing has to be noted.
    """
    first = next((place for place, needed in enumerate(needs) if any(other > place for other in needed)), len(uses))
    bounded = {each.bounded for each in uses if each.bounded is not None}
    last: Dict[Any, int] = {}
    freed: Dict[Any, List[int]] = defaultdict(list)
    for place in range(first, len(uses)):
        each = uses[place]
        if each.deleted is not None:
            for model in bounded.intersection((each.deleted, *find_referring(each.deleted))):
                freed[model].append(place)
                needs[place].extend([last[model]] if model in last else [])
        elif each.bounded is not None:
            needs[place].extend(freed.pop(each.bounded, []))
            needs[place].extend([last[each.bounded]] if each.bounded in last else [])
            last[each.bounded] = place


@dataclass
class _Frame:
    """A record on the way down, and how many of those that it needs were looked at."""

    place: int
    looked: int = 0


class _Walk:
    """Tarjan's algorithm, without recursion: `groups` are those that need each other, in the order of their needs."""

    def __init__(self, needs: Needs) -> None:
        self.groups: List[List[int]] = []
        self._needs = needs
        self._number: Dict[int, int] = {}
        self._lowest: Dict[int, int] = {}
        self._open: List[int] = []
        self._is_open = [False] * len(needs)
        for place in range(len(needs)):
            if place not in self._number:
                self._descend(place)

    def _descend(self, start: int) -> None:
        way = [self._enter(start)]
        while way:
            frame = way[-1]
            needed = self._needs[frame.place]
            if frame.looked < len(needed):
                other = needed[frame.looked]
                frame.looked += 1
                if other not in self._number:
                    way.append(self._enter(other))
                elif self._is_open[other]:
                    self._lowest[frame.place] = min(self._lowest[frame.place], self._number[other])
                continue
            way.pop()
            if way:
                above = way[-1].place
                self._lowest[above] = min(self._lowest[above], self._lowest[frame.place])
            if self._lowest[frame.place] == self._number[frame.place]:
                self._close(frame.place)

    def _enter(self, place: int) -> _Frame:
        self._number[place] = self._lowest[place] = len(self._number)
        self._open.append(place)
        self._is_open[place] = True
        return _Frame(place)

    def _close(self, place: int) -> None:
        """Take a whole group off what is open."""
        group: List[int] = []
        while not group or group[-1] != place:
            group.append(self._open.pop())
            self._is_open[group[-1]] = False
        self.groups.append(sorted(group))
