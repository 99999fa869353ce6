"""A person whom we call, until they answer or it is known that they do not."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from calls.control import (
    CallControl,
    CallControlError,
    ChannelEnded,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEventKind
from calls.legs import LegRole, LegState
from calls.outcome import Outcome, outcome_of_unanswered
from engine.call_log import CallLog
from engine.ports import Clock

# What a call that we place names its channel by: the call is found from it, and it from the call.
CALLEE = "callee"
# A network may take so long until it rings there: not of the time that a person has to answer.
SETUP_SECONDS = 10
# Asterisk ends the ringing itself; a channel of which nothing was told so long after it is given up.
OVERDUE_SECONDS = 10.0


def callee_channel(call_id: str) -> str:
    return f"{call_id}.{CALLEE}"


def is_callee(channel_id: str) -> bool:
    """Whether we placed this channel to call a person (not to connect one with somebody)."""
    return channel_id.endswith(f".{CALLEE}")


@dataclass(frozen=True, slots=True)
class Ring:
    """Whom to ring and how. `number` and `caller_id` as they are dialled; `trunk` None: the first.

    `ring_seconds` from the moment in which it rings there.
    """

    number: str
    caller_id: str
    ring_seconds: int
    trunk: str | None = None


class NotAnswered(Exception):
    """The person did not answer; `cause` is Q.850, None when no network told one."""

    def __init__(self, outcome: Outcome, cause: int | None) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome
        self.cause = cause


class Ringing:
    """One call's. `place` is called once in its life, by the engine that decided to call; never again."""

    def __init__(self, ring: Ring, log: CallLog, control: CallControl, clock: Clock) -> None:
        self.channel_id = callee_channel(log.id)
        self._ring = ring
        self._control = control
        self._log = log
        self._clock = clock
        self._given_up = False

    async def place(self) -> None:
        """Ring. Raises NotAnswered when it could not even be tried, ControlLost when that is not known.

        Who gives up while it is being asked for finds no channel yet: `until_answered` ends it then.
        """
        if self._given_up:
            raise NotAnswered(Outcome.FAILED, None)
        ring = self._ring
        try:
            await self._control.originate(
                self.channel_id,
                ring.number,
                caller_id=ring.caller_id,
                ring_seconds=ring.ring_seconds + SETUP_SECONDS,
                call_id=self._log.id,
                trunk=ring.trunk,
            )
        except RequestRefused as refused:
            detail = {"what": "originate", "detail": str(refused)}
            await self._log.write(CallEventKind.TROUBLE, detail)
            raise NotAnswered(Outcome.FAILED, None) from refused

    async def until_answered(self, told: asyncio.Queue[Any]) -> None:
        """Follow what is told of the channel. Raises NotAnswered."""
        if self._given_up:
            await self.give_up()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds_left()) as limit:
                while not await self._answered(await told.get()):
                    limit.reschedule(loop.time() + self._seconds_left())
        except TimeoutError:
            await self.give_up()
            raise NotAnswered(Outcome.NO_ANSWER, None) from None

    async def give_up(self) -> None:
        """Ring no longer. The channel's end follows, if there is a channel."""
        self._given_up = True
        with contextlib.suppress(CallControlError):  # it has ended by itself, or with Asterisk
            await self._control.hang_up(self.channel_id)

    def _seconds_left(self) -> float:
        call, longest = self._log.call, float(self._ring.ring_seconds)
        since = call.ringing_at
        if since is None:
            since, longest = call.started_at, longest + SETUP_SECONDS + OVERDUE_SECONDS
        return max(0.0, longest - (self._clock.now() - since).total_seconds())

    async def _answered(self, event: object) -> bool:
        match event:
            case LegRinging(channel_id=id) if id == self.channel_id and self._log.call.ringing_at is None:
                await self._log.write(
                    CallEventKind.LEG_CHANGED,
                    {
                        "leg": id,
                        "role": LegRole.CUSTOMER.value,
                        "state": LegState.RINGING.value,
                        "cause": None,
                    },
                )
            case LegAnswered(channel_id=id) if id == self.channel_id:
                return True
            case ChannelEnded(channel_id=id, cause=cause) if id == self.channel_id:
                raise NotAnswered(self._outcome(cause), cause)
            case _:
                pass  # of nobody whom we wait for
        return False

    def _outcome(self, cause: int) -> Outcome:
        """Asterisk gives no cause of its own when the time to ring is over."""
        if cause == 0 and self._log.call.ringing_at is not None:
            return Outcome.NO_ANSWER
        return outcome_of_unanswered(cause)
