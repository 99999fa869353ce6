"""The floor: all seats, and for each demand the agents who may serve it, as bits of one number.

Each seat has a bit. Agents who become idle move to the back: of some free agents the one with the lowest bit
is idle for longest. What skills, queues and freedom say of all agents are numbers of as many bits, so that
"free, in this queue, with these skills at these levels" is a few ANDs, however many agents there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from acd.agents import Agent
from acd.queues import Queue
from acd.seats import Seat
from acd.work import WorkKind

Wanted = tuple[tuple[str, int], ...]

TOP_LEVEL = 5
EVERYBODY = -1
_NEVER = datetime.min.replace(tzinfo=UTC)
KINDS = tuple(WorkKind)


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """A queue's name, and the skills that are wanted there, each with its lowest level.

    Those who demand the same share one of these: it is known by identity, which is quicker than by its parts.
    """

    queue: str
    wanted: Wanted = ()
    kind: WorkKind = WorkKind.CALL


class Floor:
    """`seats` by name. After each change of a seat, `refresh` is to be told."""

    def __init__(self) -> None:
        self.seats: dict[str, Seat] = {}
        self.free: dict[WorkKind, int] = dict.fromkeys(KINDS, 0)
        self.signed_in = 0
        self.available = 0
        self.by_name: list[Seat] = []
        self.staffing = 0  # goes up as agents come and go
        self.freed = 0  # goes up as agents become free
        self._at: list[Seat] = []
        self._members: dict[str, int] = {}
        self._skilled: dict[str, list[int]] = {}
        self._queues: Mapping[str, Queue] = {}

    def set_up(self, queues: Mapping[str, Queue], agents: Iterable[Agent]) -> list[Seat]:
        """Another configuration. An agent whom it does not name stays, `leaving`, while at work.

        Returns the seats that are no more, or are leaving.
        """
        self._queues = queues
        named = {agent.name: agent for agent in agents}
        for agent in named.values():
            seat = self.seats.setdefault(agent.name, Seat(agent))
            seat.agent, seat.leaving = agent, False
        gone = [seat for name, seat in self.seats.items() if name not in named]
        for seat in gone:
            seat.leaving = True
            if not seat.parts:
                del self.seats[seat.agent.name]
        self._arrange()
        return gone

    def remove(self, seat: Seat) -> None:
        """One who was leaving, and has."""
        if self.seats.get(seat.agent.name) is seat:
            del self.seats[seat.agent.name]
            self._arrange()

    def refresh(self, seat: Seat) -> None:
        """What the masks say of this seat."""
        before = bool(self.signed_in & seat.bit), bool(self.available & seat.bit)
        if seat.idle_since != seat.placed:
            self.to_back(seat)
        bit = seat.bit
        for kind in KINDS:
            if seat.free_for(kind):
                if not self.free[kind] & bit:
                    self.free[kind] |= bit
                    self.freed += 1
            elif self.free[kind] & bit:
                self.free[kind] ^= bit
        self.signed_in = self.signed_in | bit if seat.signed_in else self.signed_in & ~bit
        self.available = self.available | bit if seat.available else self.available & ~bit
        if before != (seat.signed_in, seat.available):
            self.staffing += 1

    def to_back(self, seat: Seat) -> None:
        """The agent's turn comes after that of all others."""
        if len(self._at) >= 1.5 * len(self.seats) + 64:
            self._arrange()
            return
        for kind in KINDS:
            self.free[kind] &= ~seat.bit
        self.signed_in &= ~seat.bit
        self.available &= ~seat.bit
        self._place(seat)

    def able(self, demand: Demand) -> int:
        """The agents who may serve it, whatever they are at; bits of nobody may be among them."""
        able = self._members.get(demand.queue, EVERYBODY)
        for skill, level in demand.wanted:
            levels = self._skilled.get(skill)
            if levels is None or level > TOP_LEVEL:
                return 0
            able &= levels[level]
        return able

    def staff(self, demand: Demand) -> tuple[int, int]:
        """How many of them are signed in, and how many of these available."""
        able = self.able(demand)
        return (able & self.signed_in).bit_count(), (able & self.available).bit_count()

    def seat_of(self, length: int) -> Seat:
        """The seat whose bit has that length."""
        return self._at[length - 1]

    def positions(self, mask: int) -> Iterator[tuple[int, Seat]]:
        """The seats of these bits with the numbers of the bits; those idle for longest first."""
        for position, digit in enumerate(bin(mask)[:1:-1]):
            if digit == "1":
                yield position, self._at[position]

    def members(self, queue: str) -> list[Seat]:
        """All agents of a queue, by name."""
        members = self._members.get(queue, EVERYBODY)
        return self.by_name if members == EVERYBODY else [s for s in self.by_name if s.bit & members]

    def _arrange(self) -> None:
        """Make all masks anew."""
        self.by_name = sorted(self.seats.values(), key=lambda seat: seat.agent.name)
        in_turn = sorted(self.by_name, key=lambda seat: (seat.idle_since or _NEVER, seat.bit.bit_length()))
        members: dict[str, list[int]] = {q.name: [] for q in self._queues.values() if q.agents}
        skilled: dict[str, list[list[int]]] = {}
        for position, seat in enumerate(in_turn):
            seat.bit, seat.placed = 1 << position, seat.idle_since
            for queue, positions in members.items():
                if seat.agent.name in self._queues[queue].agents:
                    positions.append(position)
            for skill, level in seat.agent.skills.items():
                levels = skilled.get(skill)
                if levels is None:
                    levels = skilled[skill] = [[] for _ in range(TOP_LEVEL + 1)]
                for lower in range(1, min(level, TOP_LEVEL) + 1):
                    levels[lower].append(position)
        self._at = in_turn
        self._members = {queue: mask_of(positions) for queue, positions in members.items()}
        self._skilled = {skill: [mask_of(p) for p in levels] for skill, levels in skilled.items()}
        seats = tuple(enumerate(in_turn))
        for kind in KINDS:
            self.free[kind] = mask_of(position for position, seat in seats if seat.free_for(kind))
        self.signed_in = mask_of(position for position, seat in seats if seat.signed_in)
        self.available = mask_of(position for position, seat in seats if seat.available)
        self.staffing += 1
        self.freed += 1

    def _place(self, seat: Seat) -> None:
        bit = 1 << len(self._at)
        seat.bit, seat.placed = bit, seat.idle_since
        self._at.append(seat)
        for queue in self._members:
            if self._queues[queue].has_member(seat.agent.name):
                self._members[queue] |= bit
        for skill, level in seat.agent.skills.items():
            levels = self._skilled[skill]
            for lower in range(1, min(level, TOP_LEVEL) + 1):
                levels[lower] |= bit


def mask_of(positions: Iterable[int]) -> int:
    """The number with these bits."""
    octets = bytearray()
    for position in positions:
        at = position >> 3
        if at >= len(octets):
            octets.extend(bytes(at + 1 - len(octets)))
        octets[at] |= 1 << (position & 7)
    return int.from_bytes(octets, "little")
