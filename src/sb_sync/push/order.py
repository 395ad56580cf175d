"""An order of turns in which nothing comes before what it needs: waves of records that do not touch each other.

Knows records by their place in the array only. What they touch is told as accesses to resources; `accesses` says so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from typing import AbstractSet, Dict, FrozenSet, Hashable, Iterable, List, NamedTuple, Optional, Set, Tuple

__all__ = ["Access", "Mode", "Order", "Turn", "find_order"]

# Beyond this many rounds of breaking circles, every one that is left is broken at once.
MAX_ROUNDS = 30
# Of chains longer than this, references that can be set in a second turn are.
DEEP = 12


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
    """What one record does to one resource.

    `field` names the reference, where it can be set in a second turn; `is_patient` says that nothing but the time of
    it would differ, so that it may also be to shorten a chain.
    """

    resource: Hashable
    mode: Mode
    field: Optional[str] = None
    is_patient: bool = False


@dataclass(frozen=True)
class Turn:
    """One turn of a record.

    `put_off` names what a first turn leaves out and a second one sets; `is_eased` says that a chain is shortened so.
    """

    place: int
    put_off: FrozenSet[str] = frozenset()
    is_second: bool = False
    is_eased: bool = False


#: Waves of turns: those of one wave do not touch each other, each wave needs the ones before it.
Order = List[List[Turn]]


def find_order(accesses: List[List[Access]], present: Set[Hashable], stiff: AbstractSet[int] = frozenset()) -> Order:
    """Return the waves in which records are applied.

    The result is that of the order of the array, but for two things: a record that reads what a later one makes
    comes after it, and so does one that is guarded by what a later one takes. `present` holds the resources that are
    there at the beginning. No chain is shortened at the places in `stiff`, and at those that come after them.
    """
    graph = _Graph(len(accesses))
    events: Dict[Hashable, List[Tuple[int, Access]]] = defaultdict(list)
    for place, own in enumerate(accesses):
        for access in own:
            events[access.resource].append((place, access))
    for resource, happened in events.items():
        if any(access.mode is not Mode.READ for _place, access in happened):
            _connect(graph, happened, is_present=resource in present)
    return graph.level(stiff)


#: What a waiting record waits for, by what it does.
SATISFIED = {Mode.PUT: Mode.READ, Mode.TAKE: Mode.GUARDED}


def _connect(graph: _Graph, events: List[Tuple[int, Access]], *, is_present: bool) -> None:
    """Draw the edges that one resource asks for."""
    writer: Optional[int] = None
    readers: List[int] = []
    waiting: Dict[Mode, List[Tuple[int, Access]]] = {Mode.READ: [], Mode.GUARDED: []}
    last_put = max((place for place, access in events if access.mode is Mode.PUT), default=-1)
    last_take = max((place for place, access in events if access.mode is Mode.TAKE), default=-1)
    has_stood = is_present
    for place, access in events:
        is_read = access.mode in waiting
        if writer is not None:
            graph.add(writer, place, _need_of(access, is_there=has_stood))
        if is_read:
            waits = last_take > place if access.mode is Mode.GUARDED else not is_present and last_put >= place
            if waits:
                waiting[access.mode].append((place, access))
            else:
                readers.append(place)
            continue
        for reader in readers:
            graph.add(reader, place)
        readers = []
        satisfied = SATISFIED.get(access.mode)
        if satisfied is not None:
            for waiter, wanted in waiting[satisfied]:
                graph.add_reversed(place, waiter, _need_of(wanted))
                readers.append(waiter)
            waiting[satisfied] = []
        writer = place
        is_present = access.mode is Mode.PUT or (is_present and access.mode is not Mode.TAKE)
        has_stood = has_stood and access.mode is not Mode.TAKE


class _Need(NamedTuple):
    """A reason to come later that can be given up: a reference. `is_there` says that its row was there before."""

    field: Optional[str]
    is_patient: bool
    is_there: bool


def _need_of(access: Access, *, is_there: bool = False) -> Optional[_Need]:
    """Return the reason that an access is, None for one that cannot be given up."""
    return _Need(access.field, access.is_patient, is_there) if access.mode is Mode.READ else None


Edge = Tuple[int, int]


@dataclass
class _Graph:
    """Turns and what comes before what. Nodes from `size` on are second turns."""

    size: int
    #: Edges with all reasons there are for them.
    after: Dict[int, Dict[int, Set[Optional[_Need]]]] = field(default_factory=lambda: defaultdict(dict))
    put_off: Dict[int, Set[str]] = field(default_factory=lambda: defaultdict(set))
    second: Dict[int, int] = field(default_factory=dict)
    #: Edges from second turns to what came after the first; given up where they would close a circle.
    soft: Set[Edge] = field(default_factory=set)
    #: References of records to themselves.
    loops: Dict[int, Set[str]] = field(default_factory=lambda: defaultdict(set))
    #: Records with a second turn that no circle asked for.
    eased: Set[int] = field(default_factory=set)

    def add(self, before: int, after: int, need: Optional[_Need] = None) -> None:
        """Draw an edge."""
        if before != after:
            self.after[before].setdefault(after, set()).add(need)

    def add_reversed(self, maker: int, reader: int, need: Optional[_Need]) -> None:
        """Draw an edge from a later record to an earlier one; to itself means a second turn."""
        self.add(maker, reader, need)
        if maker == reader and need is not None and need.field is not None:
            self.loops[reader].add(need.field)

    def level(self, stiff: AbstractSet[int]) -> Order:
        """Return the nodes in waves, breaking circles as they are met and shortening long chains."""
        for reader, names in self.loops.items():
            self._put_off(reader, reader, names)
        levels = self._break_circles()
        if max(levels.values(), default=0) > DEEP and self._ease(levels, self._find_behind(stiff)):
            levels = self._find_levels()
        return self._make_waves(levels)

    def _break_circles(self) -> Dict[int, int]:
        """Take edges out until no circle is left; return how deep each node lies."""
        rounds = 0
        while True:
            levels = self._find_levels()
            left = [node for node in self._nodes() if node not in levels]
            if not left:
                return levels
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
        inside = [(node, other) for node in sorted(circle) for other in self.after.get(node, ()) if other in circle]
        against = [edge for edge in inside if self._is_reversed(edge)]
        free = [edge for edge in against if all(need and need.field for need in self._reasons(edge))]
        if free:
            for maker, reader in free:
                self._put_off(maker, reader, self._give_up((maker, reader)), circle)
            return
        # What refers to a row that was there before need not wait for its change.
        idle = [edge for edge in inside if all(need and need.is_there for need in self._reasons(edge))]
        for edge in idle or (against if is_last else against[:1]):
            self._give_up(edge)
        if is_last or not (idle or against):
            for edge in [each for each in inside if each in self.soft]:
                self.soft.discard(edge)
                self._give_up(edge)

    def _is_reversed(self, edge: Edge) -> bool:
        """Tell whether an edge leads from a later record to an earlier one."""
        return self.size > edge[0] > edge[1]

    def _reasons(self, edge: Edge) -> Set[Optional[_Need]]:
        return self.after[edge[0]][edge[1]]

    def _give_up(self, edge: Edge) -> Set[str]:
        """Take an edge out; return the references it stood for."""
        return {need.field for need in self.after[edge[0]].pop(edge[1]) if need is not None and need.field is not None}

    def _put_off(self, maker: int, reader: int, names: Set[str], circle: AbstractSet[int] = frozenset()) -> None:
        """Give a record a second turn, after what it refers to and before what came after its first."""
        self.put_off[reader].update(names)
        if reader not in self.second:
            self.second[reader] = self.size + len(self.second)
            node = self.second[reader]
            for follower in self.after.get(reader, ()):
                # A second turn that waits for this record waits for its row alone.
                if reader < follower < self.size and follower not in circle:
                    self.add(node, follower)
                    self.soft.add((node, follower))
            self.add(reader, node)
        self.add(maker, self.second[reader])

    def _ease(self, levels: Dict[int, int], stiff: Set[int]) -> bool:
        """Put off the references that make chains long; tell whether there are any."""
        eased = [
            (maker, reader)
            for maker, following in self.after.items()
            if maker < self.size and levels[maker] >= DEEP
            for reader, needs in following.items()
            if reader not in stiff and all(need and need.field and need.is_patient for need in needs)
        ]
        given_up = [(maker, reader, self._give_up((maker, reader))) for maker, reader in eased]
        for maker, reader, names in given_up:
            self._put_off(maker, reader, names)
            self.eased.add(reader)
        return bool(eased)

    def _find_behind(self, nodes: AbstractSet[int]) -> Set[int]:
        """Return nodes with all that come after them."""
        behind = set(nodes)
        frontier = list(nodes)
        while frontier:
            following = [other for other in self.after.get(frontier.pop(), ()) if other not in behind]
            behind.update(following)
            frontier.extend(following)
        return behind

    def _make_waves(self, levels: Dict[int, int]) -> Order:
        """Return the turns by level, in the order of the array within each."""
        waves: Order = [[] for _ in range(max(levels.values(), default=-1) + 1)]
        places = {node: place for place, node in self.second.items()}
        for node in sorted(levels):
            place = places.get(node, node)
            put_off = frozenset(self.put_off.get(place, ()))
            turn = Turn(place, put_off, is_second=node in places, is_eased=place in self.eased)
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
