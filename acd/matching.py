"""One round of matching: which of those who wait get which of the free agents.

Work is served in turn: it gets an agent unless that would leave somebody before it without one. Where an
agent whom it could have is taken by work before it, that work moves to another agent who can serve it as
well: a generalist is not spent on what a specialist can do, when it costs nobody. So as many are served as
can be, the first in turn among them. (These are the augmenting paths of bipartite matching, between demands.)
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from acd.abilities import Demand, mask_of
from acd.agents import AgentStatus
from acd.floor import Floor
from acd.queues import Queue, Strategy
from acd.seats import Seat
from acd.waiting import Place
from acd.work import WorkKind

# So many pairs of demands are compared in a round at the most, in search of agents to be moved.
MOST_COMPARISONS = 10_000


@dataclass(frozen=True, slots=True)
class Reserve:
    """So many of these agents are kept free from work of queues of lower priority."""

    priority: int
    agents: int
    kept: int


@dataclass(slots=True)
class Want:
    """Work of one demand and kind in this round. `able`: the agents free for it as the round began.

    `staff`: whoever may serve it, free or not. `held`: those it has got. `vain`: there is nobody for it, and
    will be nobody in this round. `group`: of the agents whom the strategy prefers, those before are gone.
    `named`: as `able`, in the order of names.
    """

    demand: Demand
    staff: int
    able: int
    queue: Queue
    reserves: tuple[Reserve, ...]
    held: int = 0
    vain: bool = False
    group: int = 0
    named: int | None = None


@dataclass(slots=True)
class Round:
    """`last_offered`: queue -> the agent to whom it offered last."""

    floor: Floor
    now: datetime
    last_offered: Mapping[str, str]
    reserves: tuple[Reserve, ...] = ()
    _open: int = 0  # agents who are not given away in this round
    _awaited: int = 0  # agents who get nothing else, so that their present work comes to an end
    _engaged: dict[WorkKind, int] = field(default_factory=dict)
    _wants: dict[Demand, Want] = field(default_factory=dict)
    _given: dict[int, Place] = field(default_factory=dict)  # by the length of the agent's bit
    _groups: dict[Strategy, list[int]] = field(default_factory=dict)
    _by_name: dict[WorkKind, int] = field(default_factory=dict)  # who is free, in the order of names
    _open_by_name: int = 0
    _next_in_circle: dict[str, int] = field(default_factory=dict)  # queue -> rank
    _comparisons: int = 0

    def __post_init__(self) -> None:
        self._open = (1 << self.floor.size) - 1  # no negative number: those are slow
        self._open_by_name = (1 << len(self.floor.by_name)) - 1

    def match(self, in_turn: Iterable[Place]) -> list[tuple[Place, Seat]]:
        """Who is offered to whom, in turn."""
        wants, given = self._wants, self._given
        for place in in_turn:
            if place.offered_to:
                continue
            want = wants.get(place.demand)
            if want is None:
                want = wants[place.demand] = self._want(place)
            if want.vain:
                self._await(want)
                continue
            if place.preferred_until is not None and (seat := self._preferred(place, want)) is not None:
                if seat.bit & want.able & self._open:
                    self._take(seat.bit)
                    given[seat.bit.bit_length()] = place
                continue
            spare = want.able & self._open
            if want.reserves:
                spare = self._unreserved(want, spare)
            if spare:
                bit = spare & -spare
                if want.queue.strategy is not Strategy.LONGEST_IDLE:
                    bit = self._chosen(want, spare)
                self._take(bit)
            elif want.reserves or not (bit := self._moved(want)):
                want.vain = True
                self._await(want)
                continue
            want.held |= bit
            given[bit.bit_length()] = place
        found = [(place, length) for length, place in given.items()]
        found.sort(key=lambda pair: pair[0].turn)
        return [(place, self.floor.seat_of(length)) for place, length in found]

    @property
    def untouched(self) -> int:
        """A mask of the agents who have got nothing."""
        return self._open | self._awaited

    def _want(self, place: Place) -> Want:
        staff = self.floor.able(place.demand)
        able = staff & self.floor.free[place.demand.kind]
        priority = place.queue.priority
        reserves = tuple(reserve for reserve in self.reserves if reserve.priority > priority)
        return Want(place.demand, staff, able, place.queue, reserves, vain=not able)

    def _take(self, bit: int) -> None:
        """This agent gets nothing more."""
        self._open ^= bit
        if self._by_name:
            self._open_by_name ^= 1 << self.floor.seat_of(bit.bit_length()).rank

    def _await(self, want: Want) -> None:
        """Keep one agent, who is free for this when the present work is done, from what is later in turn.

        Or else an agent with chats might get one after the other, and a call that goes alone would starve.
        """
        kind, floor = want.demand.kind, self.floor
        engaged = self._engaged.get(kind)
        if engaged is None:
            others = 0
            for other, free in floor.free.items():
                others |= free if other is not kind else 0
            found = floor.positions(others & ~floor.free[kind])
            engaged = mask_of((at for at, seat in found if _ends_for(seat, kind)), floor.size)
            self._engaged[kind] = engaged
        if engaged and (agents := floor.able(want.demand) & engaged & self._open):
            self._take(agents & -agents)
            self._awaited |= agents & -agents

    def _preferred(self, place: Place, want: Want) -> Seat | None:
        """The agent for whom this one waits."""
        assert place.preferred_until is not None
        seat = self.floor.seats.get(place.work.preferred)
        if seat is None or place.preferred_until <= self.now or not seat.available:
            return None
        if seat.status is not AgentStatus.AVAILABLE or not want.staff & seat.bit:
            return None
        return seat

    def _unreserved(self, want: Want, spare: int) -> int:
        for reserve in want.reserves:
            if (reserve.agents & self._open).bit_count() <= reserve.kept:
                spare &= ~reserve.agents
        return spare

    # --- whose turn it is ---------------------------------------------------------------------------------

    def _chosen(self, want: Want, spare: int) -> int:
        """The bit of the agent whom the queue's strategy prefers."""
        strategy = want.queue.strategy
        if strategy is Strategy.ROUND_ROBIN:
            return self._next_by_name(want, spare)
        groups = self._groups.get(strategy)
        if groups is None:
            groups = self._groups[strategy] = self._grouped(strategy)
        # Who is spare for it only become fewer: a group that is used up stays so.
        while not (preferred := groups[want.group] & spare):
            want.group += 1
        return preferred & -preferred

    def _grouped(self, strategy: Strategy) -> list[int]:
        """The agents who are free for anything, in groups of equals; those with the least first."""
        free = 0
        for mask in self.floor.free.values():
            free |= mask
        groups: dict[int, list[int]] = defaultdict(list)
        if strategy is Strategy.FEWEST_CALLS:
            today = self.now.date()
            for position, seat in self.floor.positions(free):
                groups[seat.handled_on(today)].append(position)
        else:
            now = self.now
            for position, seat in self.floor.positions(free):
                groups[seat.occupancy_percent(now)].append(position)
        return [mask_of(groups[measure], self.floor.size) for measure in sorted(groups)]

    def _next_by_name(self, want: Want, spare: int) -> int:
        """The next one behind that to whom the queue offered last."""
        floor, queue = self.floor, want.queue.name
        if want.named is None:
            want.named = floor.named.of(want.demand) & self._free_by_name(want.demand.kind)
        named = want.named & self._open_by_name
        if want.reserves:
            named &= mask_of((seat.rank for _, seat in floor.positions(spare)), len(floor.by_name))
        first = self._next_in_circle.get(queue)
        if first is None:
            last = self.last_offered.get(queue, "")
            first = bisect_right(floor.by_name, last, key=lambda seat: seat.agent.name)
        if behind := named >> first:
            rank = first + (behind & -behind).bit_length() - 1
        else:
            rank = (named & -named).bit_length() - 1
        self._next_in_circle[queue] = rank + 1
        return floor.by_name[rank].bit

    def _free_by_name(self, kind: WorkKind) -> int:
        free = self._by_name.get(kind)
        if free is None:
            spare = self.floor.positions(self.floor.free[kind] & self._open)
            free = self._by_name[kind] = mask_of([seat.rank for _, seat in spare], len(self.floor.by_name))
        return free

    # --- who is moved -------------------------------------------------------------------------------------

    def _moved(self, root: Want) -> int:
        """The bit of an agent who was given to other work, which has another agent now. 0: there is none.

        When the search fails, it would fail for all whom it came by, and for the rest of this round.
        """
        came: dict[int, tuple[Want, int]] = {}  # id of a want -> who asks it for an agent, and for which
        to_ask = deque([root])
        asked = [root]
        wants = [want for want in self._wants.values() if want.held and not want.vain]
        while to_ask:
            asking = to_ask.popleft()
            for want in wants:
                if want is root or id(want) in came:
                    continue
                self._comparisons += 1
                both = asking.able & want.held
                if not both:
                    continue
                came[id(want)] = asking, both & -both
                spare = self._unreserved(want, want.able & self._open)
                if spare:
                    return self._passed_on(want, self._chosen_of(want, spare), came, root)
                to_ask.append(want)
                asked.append(want)
            if self._comparisons > MOST_COMPARISONS:
                return 0
        for want in asked:
            want.vain = True
        return 0

    def _chosen_of(self, want: Want, spare: int) -> int:
        if want.queue.strategy is Strategy.LONGEST_IDLE:
            return spare & -spare
        return self._chosen(want, spare)

    def _passed_on(self, want: Want, spare: int, came: Mapping[int, tuple[Want, int]], root: Want) -> int:
        """Give `spare` to work of `want`, whose agent goes to who asked for it, and so on up to the root."""
        self._take(spare)
        while True:
            asking, bit = came[id(want)]
            self._given[spare.bit_length()] = self._given.pop(bit.bit_length())
            want.held ^= bit | spare
            if asking is root:
                return bit
            want, spare = asking, bit


def _ends_for(seat: Seat, kind: WorkKind) -> bool:
    """Whether only other work keeps such work, which goes alone, from the agent."""
    return kind in seat.agent.alone and bool(seat.parts) and seat.would_be_free_for(kind)
