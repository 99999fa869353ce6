"""Who was considered as an offer was made: who got it, and why others of the queue did not. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice

from acd.agents import AgentState, AgentStatus
from acd.floor import Demand, Floor
from acd.seats import Seat
from acd.work import WorkKind

# Named in the call's log; how many there were besides is told as a number.
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Considered:
    """`why`: "chosen"; "later" (free too, after the chosen one in the queue's turn); "skills", of which
    `lacks` is the first that is too low; a state ("talking") or a status ("break"); "paused" after a missed
    offer; "unreachable". `idle_seconds`: None for who is not free."""

    agent: str
    why: str
    idle_seconds: float | None = None
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """`others`: so many signed-in agents of the queue are not named."""

    strategy: str
    named: tuple[Considered, ...]
    others: int

    def as_logged(self) -> dict[str, object]:
        """The keys of the call's event."""
        named = [{k: v for k, v in asdict(one).items() if v not in (None, "")} for one in self.named]
        return {"strategy": self.strategy, "considered": named, "others": self.others}


def choice_of(floor: Floor, demand: Demand, strategy: str, agent: str, now: datetime) -> Choice:
    """As the floor is just behind the offer: the chosen one first, then who was free too, then the rest."""
    chosen = floor.seats[agent]
    members = floor.able(Demand(demand.queue)) & floor.signed_in & ~chosen.bit
    free = members & floor.able(demand) & floor.free[demand.kind]
    named = [_considered(chosen, "chosen", now)]
    named += islice((_considered(seat, "later", now) for seat in _seats(floor, free)), MOST_NAMED - 1)
    rest = (_passed_over(seat, demand) for seat in _seats(floor, members & ~free))
    named += islice(rest, MOST_NAMED - len(named))
    return Choice(strategy, tuple(named), members.bit_count() + 1 - len(named))


def _seats(floor: Floor, mask: int) -> Iterator[Seat]:
    while mask:
        lowest = mask & -mask
        yield floor.seat_of(lowest.bit_length())
        mask ^= lowest


def _considered(seat: Seat, why: str, now: datetime) -> Considered:
    idle = None if seat.idle_since is None else max(0.0, (now - seat.idle_since).total_seconds())
    return Considered(seat.agent.name, why, None if idle is None else round(idle, 1))


def _passed_over(seat: Seat, demand: Demand) -> Considered:
    name, state = seat.agent.name, seat.state
    for skill, level in demand.wanted:
        if seat.agent.skills.get(skill, 0) < level:
            return Considered(name, "skills", lacks=f"{skill} {level}")
    if state is not AgentState.IDLE:
        return Considered(name, state.value)
    if seat.status is not AgentStatus.AVAILABLE:
        return Considered(name, seat.status.value)
    if seat.skipped_until is not None:
        return Considered(name, "paused")
    if demand.kind is WorkKind.CALL and (seat.line_busy or not seat.reachable):
        return Considered(name, "unreachable")
    return Considered(name, "other_work")
