"""What happens elsewhere, read from what is published, told to the cascades that it ends.

What was read is noted behind the telling, and telling twice tells once: nothing is missed by a restart.
"""

from __future__ import annotations

from typing import Protocol

from engine.lookout import Lookout
from engine.registers.cascades import Cascades
from engine.registers.publications import PublicationLog, Told
from history.publication import Kind

READER = "cascades"
BATCH = 200
LOOK_SECONDS = 2.0
AWAY_SECONDS = 5.0
# Told with a state: the event is named by it, as "debt.paid".
_BY_STATE = frozenset({Kind.DEBT_CHANGED, Kind.PROMISE_CHANGED, Kind.CALLBACK_CHANGED})
KINDS = frozenset({*_BY_STATE, Kind.CALLBACK_REQUESTED, Kind.MESSAGE_RECEIVED})


class Reading(Protocol):
    """Implemented by the register of followups."""

    async def read_up_to(self, reader: str) -> int | None: ...

    async def keep(self, reader: str, was: int | None, number: int, made: tuple[()]) -> int | None: ...


class CascadeEvents:
    def __init__(self, cascades: Cascades, told: PublicationLog, reading: Reading) -> None:
        self._cascades = cascades
        self._told = told
        self._reading = reading
        self.lookout = Lookout(
            "events that end cascades", self.look, every_seconds=LOOK_SECONDS, away_seconds=AWAY_SECONDS
        )

    async def look(self) -> bool:
        """One batch. True: there may be more."""
        was, until = await self._reading.read_up_to(READER), await self._told.settled()
        if was is None or (until > was and not await self._cascades.awaited()):
            await self._reading.keep(READER, was, until, ())
            return False
        if until <= was:
            return False
        batch = await self._told.between(was, until, limit=BATCH, kinds=KINDS)
        for one in batch:
            contact_id = one.data.get("contact_id")
            if isinstance(contact_id, str):
                await self._cascades.happened(contact_id, event_of(one), key=one.id)
        number = batch[-1].number if len(batch) == BATCH else until
        await self._reading.keep(READER, was, number, ())
        return number < until


def event_of(told: Told) -> str:
    """As cascades name it in `stops_on`: debt.paid, promise.kept, message.received."""
    state = told.data.get("state")
    if told.kind in _BY_STATE and isinstance(state, str):
        return f"{told.kind.partition('.')[0]}.{state}"
    return told.kind
