"""Who may serve what: of a row of seats, as numbers with a bit for each, in the row's order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from acd.queues import Queue
from acd.seats import Seat
from acd.work import WorkKind

Wanted = tuple[tuple[str, int], ...]

TOP_LEVEL = 5
EVERYBODY = -1
_ONE = ord("1")


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """A queue's name, and the skills that are wanted there, each with its lowest level.

    Those who demand the same share one of these: it is known by identity, which is quicker than by its parts.
    """

    queue: str
    wanted: Wanted = ()
    kind: WorkKind = WorkKind.CALL


class Abilities:
    """The agents of a row by queue, and by skill and level."""

    def __init__(self, row: Sequence[Seat], queues: Mapping[str, Queue]) -> None:
        self._queues = queues
        members: dict[str, list[int]] = {q.name: [] for q in queues.values() if q.agents}
        skilled: dict[str, list[list[int]]] = {}
        for position, seat in enumerate(row):
            for queue, positions in members.items():
                if seat.agent.name in queues[queue].agents:
                    positions.append(position)
            for skill, level in seat.agent.skills.items():
                levels = skilled.get(skill)
                if levels is None:
                    levels = skilled[skill] = [[] for _ in range(TOP_LEVEL + 1)]
                for lower in range(1, min(level, TOP_LEVEL) + 1):
                    levels[lower].append(position)
        size = len(row)
        self._members = {queue: mask_of(positions, size) for queue, positions in members.items()}
        self._skilled = {skill: [mask_of(p, size) for p in levels] for skill, levels in skilled.items()}

    def of(self, demand: Demand) -> int:
        """The agents who may serve it, whatever they are at; of a queue without names, bits of nobody too."""
        able = self._members.get(demand.queue, EVERYBODY)
        for skill, level in demand.wanted:
            levels = self._skilled.get(skill)
            if levels is None or level > TOP_LEVEL:
                return 0
            able &= levels[level]
        return able

    def put(self, seat: Seat, bit: int) -> None:
        """One of the row stands there, too: what was their bit before is nobody's."""
        for queue in self._members:
            if self._queues[queue].has_member(seat.agent.name):
                self._members[queue] |= bit
        for skill, level in seat.agent.skills.items():
            levels = self._skilled[skill]
            for lower in range(1, min(level, TOP_LEVEL) + 1):
                levels[lower] |= bit


def mask_of(positions: Iterable[int], size: int) -> int:
    """The number with these bits, of `size` at the most."""
    digits = bytearray(b"0") * (size or 1)
    for position in positions:
        digits[~position] = _ONE
    return int(digits, 2)
