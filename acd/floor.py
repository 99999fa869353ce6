"""The floor: all seats, and for each demand the agents who may serve it, as bits of one number.

Each seat has a bit. Agents who become idle move to the back: of some free agents the one with the lowest bit
is idle for longest. What skills, queues and freedom say of all agents are numbers of as many bits, so that
"free, in this queue, with these skills at these levels" is a few ANDs, however many agents there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import compress

from acd.abilities import Abilities, mask_of
from acd.abilities import Demand as Demand
from acd.agents import Agent
from acd.queues import Queue, Strategy
from acd.seats import Seat
from acd.work import WorkKind

_NEVER = datetime.min.replace(tzinfo=UTC)
_DIGITS = bytes.maketrans(b"01", b"\x00\x01")
KINDS = tuple(WorkKind)


class Floor:
    """`seats` by name. After each change of a seat, `refresh` is to be told.

    `by_name`, and `named`, their abilities in that order, are kept while a queue goes round by name.
    """

    def __init__(self) -> None:
        self.seats: dict[str, Seat] = {}
        self.free: dict[WorkKind, int] = dict.fromkeys(KINDS, 0)
        self.signed_in = 0
        self.available = 0
        self.by_name: list[Seat] = []
        self.staffing = 0  # goes up as agents come and go
        self.freed = 0  # goes up as agents become free
        self.named = Abilities((), {})
        self._at: list[Seat] = []
        self._abilities = Abilities((), {})
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
        self._name()
        return gone

    def remove(self, seat: Seat) -> None:
        """One who was leaving, and has."""
        if self.seats.get(seat.agent.name) is seat:
            del self.seats[seat.agent.name]
            self._arrange()
            self._name()

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
        return self._abilities.of(demand)

    def staff(self, demand: Demand) -> tuple[int, int]:
        """How many of them are signed in, and how many of these available."""
        able = self.able(demand)
        return (able & self.signed_in).bit_count(), (able & self.available).bit_count()

    def seat_of(self, length: int) -> Seat:
        """The seat whose bit has that length."""
        return self._at[length - 1]

    @property
    def size(self) -> int:
        """How many bits there are."""
        return len(self._at)

    def positions(self, mask: int) -> Iterator[tuple[int, Seat]]:
        """The seats of these bits with the numbers of the bits; those idle for longest first."""
        return compress(enumerate(self._at), f"{mask:b}"[::-1].encode().translate(_DIGITS))

    def _arrange(self) -> None:
        """Make all masks anew."""
        seats_by_name = sorted(self.seats.values(), key=lambda seat: seat.agent.name)
        in_turn = sorted(seats_by_name, key=lambda seat: (seat.idle_since or _NEVER, seat.bit.bit_length()))
        for position, seat in enumerate(in_turn):
            seat.bit, seat.placed = 1 << position, seat.idle_since
        self._at = in_turn
        self._abilities = Abilities(in_turn, self._queues)
        seats, size = tuple(enumerate(in_turn)), len(in_turn)
        for kind in KINDS:
            self.free[kind] = mask_of((position for position, seat in seats if seat.free_for(kind)), size)
        self.signed_in = mask_of((position for position, seat in seats if seat.signed_in), size)
        self.available = mask_of((position for position, seat in seats if seat.available), size)
        self.staffing += 1
        self.freed += 1

    def _name(self) -> None:
        """Rank the seats by name, if anybody asks for that."""
        if not any(queue.strategy is Strategy.ROUND_ROBIN for queue in self._queues.values()):
            self.by_name, self.named = [], Abilities((), {})
            return
        self.by_name = sorted(self.seats.values(), key=lambda seat: seat.agent.name)
        for rank, seat in enumerate(self.by_name):
            seat.rank = rank
        self.named = Abilities(self.by_name, self._queues)

    def _place(self, seat: Seat) -> None:
        bit = 1 << len(self._at)
        seat.bit, seat.placed = bit, seat.idle_since
        self._at.append(seat)
        self._abilities.put(seat, bit)
