"""Who hears whom in a talk, as Asterisk has it: brought to where the talk wants it, step by step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from acd.talks.phases import Room
from calls.control import ChannelGone, RequestRefused
from calls.talk_control import TalkControl


class Rooms:
    """One call's: `main` holds the customer from the first talk to the last, another one those who confer.

    A channel that is gone is passed over: its ChannelEnded changes the talk. Every method may raise
    ControlLost; then `arrange` again does what is left.
    """

    def __init__(
        self,
        customer: str,
        main: str,
        *,
        control: TalkControl,
        trouble: Callable[[str], Awaitable[None]],
    ) -> None:
        self.main = main
        self._customer = customer
        self._control = control
        self._trouble = trouble
        self._here: set[str] = set()  # in `main`
        self._apart: set[str] = set()
        self._apart_id: str | None = None
        self._music = False
        self._ringback: str | None = None

    def found(self, room: Room, apart_id: str | None) -> None:
        """It is so already: an earlier engine, or who connected the first two, has done it."""
        self._here, self._apart = set(room.main), set(room.apart)
        self._apart_id = apart_id if room.apart else None
        self._music = room.music

    def doubt(self, room: Room, legs: frozenset[str]) -> None:
        """Whether the last steps were done is not known: `arrange` does them again."""
        self._music = not room.music
        # Who waits is taken out of the room by the others' leaving it; those who talk are put together anew.
        self._here = {self._customer, *(legs - room.main)} if room.music else set()
        self._apart, self._apart_id, self._ringback = set(), None, None

    def ended(self, leg: str) -> None:
        self._here.discard(leg)
        self._apart.discard(leg)
        if self._ringback == leg:
            self._ringback = None

    async def arrange(self, room: Room, agent_leg: str, apart_id: str) -> None:
        """`apart_id`: of the room in which some confer, should it have to be made."""
        if self._music and not room.music:
            await self._set_music(on=False)
        await self._set_ringback(agent_leg if room.ringback else None)
        for leg in sorted(self._here - room.main):
            if leg in room.apart or await self._out(leg, self.main):
                self._here.discard(leg)
        for leg in sorted(self._apart - room.apart):
            if self._apart_id and leg not in room.main:
                await self._out(leg, self._apart_id)
            self._apart.discard(leg)
        await self._gather_apart(room, apart_id)
        await self._gather_here(room)
        alone = self._here == {self._customer}
        if (room.music or alone) and not self._music:
            await self._set_music(on=True)
        if not room.music and self._customer in self._here and not alone:
            await self._done(self._control.guard(self._customer, 0))

    async def close(self, *, music: bool) -> None:
        """The customer is taken out; `music` goes on, or begins, for one who waits."""
        await self._set_ringback(None)
        if self._music and not music:
            await self._set_music(on=False)
        await self._destroy_apart()
        if self._here:
            await self._done(self._control.destroy_bridge(self.main))
            self._here.clear()
        if music and not self._music:
            await self._set_music(on=True)

    # --- inside -------------------------------------------------------------------------------------------

    async def _gather_apart(self, room: Room, apart_id: str) -> None:
        joining = sorted(room.apart - self._apart)
        if room.apart and self._apart_id is None:
            if await self._done(self._control.bridge(apart_id, sorted(room.apart))):
                self._apart_id, self._apart = apart_id, set(room.apart)
        elif self._apart_id is not None:
            for leg in joining:
                if await self._done(self._control.move(leg, self._apart_id)):
                    self._apart.add(leg)

    async def _gather_here(self, room: Room) -> None:
        joining = sorted(room.main - self._here)
        if joining and not self._here:
            if await self._done(self._control.bridge(self.main, sorted(room.main))):
                self._here = set(room.main)
        else:
            for leg in joining:
                if await self._done(self._control.move(leg, self.main)):
                    self._here.add(leg)
        if not room.apart:
            await self._destroy_apart()

    async def _destroy_apart(self) -> None:
        if self._apart_id is not None:
            await self._done(self._control.destroy_bridge(self._apart_id))
        self._apart_id = None
        self._apart.clear()

    async def _set_music(self, *, on: bool) -> None:
        await self._done(self._control.music(self._customer, on=on))
        self._music = on

    async def _set_ringback(self, leg: str | None) -> None:
        before, self._ringback = self._ringback, leg
        if before is not None and before != leg:
            await self._done(self._control.ringback(before, on=False))
        if leg is not None and before != leg:
            await self._done(self._control.ringback(leg, on=True))

    async def _out(self, leg: str, room_id: str) -> bool:
        """That it is not in there is as good, and usual after a break."""
        try:
            await self._control.take_out(leg, room_id)
        except ChannelGone:
            pass
        except RequestRefused as refused:
            await self._trouble(str(refused))
            return False
        return True

    async def _done(self, step: Awaitable[None]) -> bool:
        try:
            await step
        except ChannelGone:
            return False
        except RequestRefused as refused:
            await self._trouble(str(refused))
            return False
        return True
