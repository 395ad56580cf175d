"""An order of turns in which nothing comes before what it needs: waves of records that do not touch each other.

Knows records by their place in the array only. What they touch is told as accesses to resources; `accesses` says so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from typing import AbstractSet, Dict, FrozenSet, Hashable, Iterable, List, Optional, Set, Tuple

__all__ = ["Access", "Mode", "Order", "Turn", "find_order"]

# Beyond this many rounds of breaking circles, every one that is left is broken at once.
MAX_ROUNDS = 30


class Mode(Enum):
    """What a record does to a resource."""

    #: Needs it to stand as it is.
    READ = "read"
    #: Makes it where it is not there, else changes it.
    PUT = "put"
    #: Removes it.
    TAKE = "take"
    #: Changes it.
    TOUCH = "touch"
    #: Is refused while it stands; one that a later record takes does not count.
    GUARDED = "guarded"


@dataclass(frozen=True)
class Access:
    """What one record does to one resource. `field` names the reference, where it can be set in a second turn."""

    resource: Hashable
    mode: Mode
    field: Optional[str] = None


@dataclass(frozen=True)
class Turn:
    """One turn of a record. `put_off` names what a first turn leaves out and a second one sets."""

    place: int
    put_off: FrozenSet[str] = frozenset()
    is_second: bool = False


#: Waves of turns: those of one wave do not touch each other, each wave needs the ones before it.
Order = List[List[Turn]]


def find_order(accesses: List[List[Access]], present: Set[Hashable]) -> Order:
    """Return the waves in which records are applied.

    The result is that of the order of the array, but for two things: a record that reads what a later one makes
    comes after it, and so does one that is guarded by what a later one takes. `present` holds the resources that are
    there at the beginning.
    """
    graph = _Graph(len(accesses))
    events: Dict[Hashable, List[Tuple[int, Access]]] = defaultdict(list)
    for place, own in enumerate(accesses):
        for access in own:
            events[access.resource].append((place, access))
    for resource, happened in events.items():
        if any(access.mode is not Mode.READ for _place, access in happened):
            _connect(graph, happened, is_present=resource in present)
    return graph.level()


def _connect(graph: _Graph, events: List[Tuple[int, Access]], *, is_present: bool) -> None:
    """Draw the edges that one resource asks for."""
    writer: Optional[int] = None
    readers: List[int] = []
    waiting: List[Tuple[int, Access]] = []
    puts = [place for place, access in events if access.mode is Mode.PUT]
    takes = [place for place, access in events if access.mode is Mode.TAKE]
    last_put, last_take = max(puts, default=-1), max(takes, default=-1)
    for place, access in events:
        is_read = access.mode in (Mode.READ, Mode.GUARDED)
        if writer is not None:
            graph.add(writer, place)
        if is_read:
            waits = last_take > place if access.mode is Mode.GUARDED else not is_present and last_put >= place
            if waits:
                waiting.append((place, access))
            else:
                readers.append(place)
            continue
        for reader in readers:
            graph.add(reader, place)
        readers = []
        satisfied = Mode.READ if access.mode is Mode.PUT else Mode.GUARDED if access.mode is Mode.TAKE else None
        for waiter, wanted in [each for each in waiting if each[1].mode is satisfied]:
            graph.add_reversed(place, waiter, wanted.field)
            readers.append(waiter)
        waiting = [each for each in waiting if each[1].mode is not satisfied]
        writer = place
        is_present = access.mode is Mode.PUT or (is_present and access.mode is not Mode.TAKE)


@dataclass
class _Graph:
    """Turns and what comes before what. Nodes from `size` on are second turns."""

    size: int
    after: Dict[int, Set[int]] = field(default_factory=lambda: defaultdict(set))
    #: Edges against the order of the array: (maker, reader) with the references they stand for.
    reversed: Dict[Tuple[int, int], Set[Optional[str]]] = field(default_factory=lambda: defaultdict(set))
    put_off: Dict[int, Set[str]] = field(default_factory=lambda: defaultdict(set))
    second: Dict[int, int] = field(default_factory=dict)
    #: Edges from second turns to what came after the first; given up where they would close a circle.
    soft: Set[Tuple[int, int]] = field(default_factory=set)
    #: References of records to themselves.
    loops: Dict[int, Set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, before: int, after: int) -> None:
        """Draw an edge."""
        if before != after:
            self.after[before].add(after)

    def add_reversed(self, maker: int, reader: int, name: Optional[str]) -> None:
        """Draw an edge from a later record to an earlier one; to itself means a second turn."""
        if maker != reader:
            self.after[maker].add(reader)
            self.reversed[maker, reader].add(name)
        elif name is not None:
            self.loops[reader].add(name)

    def level(self) -> Order:
        """Return the nodes in waves, breaking circles as they are met."""
        for reader, names in self.loops.items():
            self._put_off(reader, reader, names)
        rounds = 0
        while True:
            levels = self._find_levels()
            left = [node for node in self._nodes() if node not in levels]
            if not left:
                return self._make_waves(levels)
            rounds += 1
            for circle in self._find_circles(left):
                self._break(circle, is_last=rounds >= MAX_ROUNDS)

    def _nodes(self) -> List[int]:
        return [*range(self.size), *self.second.values()]

    def _find_levels(self) -> Dict[int, int]:
        """Return how deep each node lies; nodes on or behind a circle are missing."""
        waiting: Dict[int, int] = defaultdict(int)
        for following in self.after.values():
            for node in following:
                waiting[node] += 1
        levels = {node: 0 for node in self._nodes() if not waiting[node]}
        ready = list(levels)
        for node in ready:
            for other in self.after.get(node, ()):
                waiting[other] -= 1
                if not waiting[other]:
                    ready.append(other)
                    levels[other] = 0
        for node in ready:
            for other in self.after.get(node, ()):
                if other in levels:
                    levels[other] = max(levels[other], levels[node] + 1)
        return levels

    def _find_circles(self, nodes: Iterable[int]) -> List[Set[int]]:
        """Return the strongly connected sets of nodes (Tarjan's algorithm, without recursion)."""
        inside = set(nodes)
        numbers: Dict[int, int] = {}
        low: Dict[int, int] = {}
        stack: List[int] = []
        on_stack: Set[int] = set()
        circles: List[Set[int]] = []
        for start in sorted(inside):
            if start in numbers:
                continue
            work = [(start, iter(sorted(self.after.get(start, ()))))]
            numbers[start] = low[start] = len(numbers)
            stack.append(start)
            on_stack.add(start)
            while work:
                node, following = work[-1]
                other = next((each for each in following if each in inside), None)
                if other is None:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[node])
                    if low[node] == numbers[node]:
                        circles.append(_pop_until(stack, on_stack, node))
                elif other not in numbers:
                    numbers[other] = low[other] = len(numbers)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(sorted(self.after.get(other, ())))))
                elif other in on_stack:
                    low[node] = min(low[node], numbers[other])
        return [circle for circle in circles if len(circle) > 1]

    def _break(self, circle: Set[int], *, is_last: bool) -> None:
        """Take edges out of a circle: put references off to a second turn, else leave them to fail."""
        against = [edge for edge in self.reversed if edge[0] in circle and edge[1] in circle]
        free = [edge for edge in against if None not in self.reversed[edge]]
        if free:
            for maker, reader in free:
                names = self.reversed.pop((maker, reader))
                self.after[maker].discard(reader)
                self._put_off(maker, reader, {name for name in names if name is not None}, circle)
            return
        for edge in against if is_last else against[:1]:
            del self.reversed[edge]
            self.after[edge[0]].discard(edge[1])
        if is_last or not against:
            for edge in [each for each in self.soft if each[0] in circle and each[1] in circle]:
                self.soft.discard(edge)
                self.after[edge[0]].discard(edge[1])

    def _put_off(self, maker: int, reader: int, names: Set[str], circle: AbstractSet[int] = frozenset()) -> None:
        """Give a record a second turn, after what it refers to and before what came after its first."""
        self.put_off[reader].update(names)
        if reader not in self.second:
            self.second[reader] = self.size + len(self.second)
            node = self.second[reader]
            for follower in [each for each in self.after[reader] if (reader, each) not in self.reversed]:
                if follower not in circle:
                    self.add(node, follower)
                    self.soft.add((node, follower))
            self.add(reader, node)
        self.add(maker, self.second[reader])

    def _make_waves(self, levels: Dict[int, int]) -> Order:
        """Return the turns by level, in the order of the array within each."""
        waves: Order = [[] for _ in range(max(levels.values(), default=-1) + 1)]
        places = {node: place for place, node in self.second.items()}
        for node in sorted(levels):
            place = places.get(node, node)
            turn = Turn(place, frozenset(self.put_off.get(place, ())), is_second=node in places)
            waves[levels[node]].append(turn)
        return waves


def _pop_until(stack: List[int], on_stack: Set[int], node: int) -> Set[int]:
    """Take the nodes of one circle off the stack."""
    circle: Set[int] = set()
    while True:
        top = stack.pop()
        on_stack.discard(top)
        circle.add(top)
        if top == node:
            return circle
