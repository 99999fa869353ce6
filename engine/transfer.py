"""A caller being connected to another number: ring it, bridge both, come back when that talk has ended."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from calls.control import (
    CallControl,
    CallControlError,
    ChannelEnded,
    ChannelGone,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEvent, CallEventKind
from calls.legs import Leg, LegRole, LegState
from calls.outcome import Outcome, outcome_of_unanswered
from engine.call_log import CallLog
from engine.ports import Clock
from ivr.commands import Transfer
from ivr.events import Finished

# The network's word -> the outcome that a `transfer` step names.
STEP_OUTCOMES: dict[Outcome, str] = {
    Outcome.COMPLETED: "next",
    Outcome.BUSY: "busy",
    Outcome.NO_ANSWER: "no_answer",
    Outcome.REFUSED: "refused",
}

_OF_A_CALL = re.compile(r"(.+?)\.(?:leg|sup|snoop)\..+")


def call_of_leg(channel_id: str) -> str | None:
    """The id of the call that placed this channel; None for a channel that came from outside.

    A supervisor's line and their ear on a talk (engine.floor.supervision) are such channels too.
    """
    found = _OF_A_CALL.fullmatch(channel_id)
    return found[1] if found else None


class TransferInProgress:
    """One Transfer command on one caller's channel. `leg_id` (CALL.leg.N) is of its own."""

    def __init__(
        self,
        command: Transfer,
        leg_id: str,
        channel_id: str,
        *,
        control: CallControl,
        log: CallLog,
        clock: Clock,
    ) -> None:
        self.leg = Leg(leg_id, LegRole.TARGET)
        self.work_id = command.work_id
        self._command = command
        self._channel_id = channel_id
        self._control = control
        self._log = log
        self._clock = clock
        self._bridge = leg_id.replace(".leg.", ".talk.")
        self._bridged = False
        self._answered_at: float | None = None

    @classmethod
    def of_log(
        cls,
        events: Sequence[CallEvent],
        up: frozenset[str],
        work_id: int,
        channel_id: str,
        *,
        control: CallControl,
        log: CallLog,
        clock: Clock,
    ) -> TransferInProgress | None:
        """The transfer that an earlier engine began and did not see the end of; None when there is none.

        `up`: the channels that live and have answered. With its leg among them, two people talk.
        """
        started: CallEvent | None = None
        talking_since = clock.now()
        for event in events:
            if event.kind is CallEventKind.TRANSFER_STARTED:
                started = event
            elif event.kind is CallEventKind.TRANSFER_ENDED:
                started = None
            elif event.kind is CallEventKind.LEG_CHANGED and event.data["state"] == LegState.UP:
                talking_since = event.at
        if started is None:
            return None
        command = Transfer(work_id, str(started.data["number"]))
        leg_id = str(started.data["leg"])
        transfer = cls(command, leg_id, channel_id, control=control, log=log, clock=clock)
        if leg_id in up:
            transfer.leg = Leg(leg_id, LegRole.TARGET, LegState.UP)
            transfer._bridged = True
            transfer._answered_at = clock.monotonic() - (clock.now() - talking_since).total_seconds()
        return transfer

    @property
    def talking(self) -> bool:
        """Whether two people are connected, so that no dead-man may take the caller back."""
        return self._answered_at is not None

    def has(self, channel_id: str) -> bool:
        return self.leg.channel_id == channel_id

    async def start(self, call_id: str, *, caller_id: str) -> Finished | None:
        """Ring the number. Finished when it could not even be tried."""
        await self._log.write(
            CallEventKind.TRANSFER_STARTED, {"number": self._command.number, "leg": self.leg.channel_id}
        )
        try:
            await self._control.music(self._channel_id, on=True)
            await self._control.originate(
                self.leg.channel_id,
                self._command.number,
                caller_id=self._command.caller_id or caller_id,
                ring_seconds=self._command.ring_seconds,
                call_id=call_id,
            )
        except RequestRefused as refused:
            await self._trouble(refused)
            return await self._finished(Outcome.FAILED)
        return None

    async def follow(self, event: LegRinging | LegAnswered | ChannelEnded) -> Finished | None:
        """The leg has moved on. Finished when the transfer is over, whichever way."""
        match event:
            case LegRinging() if self.leg.state is LegState.NEW:
                await self._move(LegState.RINGING)
            case LegAnswered() if self.leg.state in (LegState.NEW, LegState.RINGING):
                await self._move(LegState.UP)
                return await self._connect()
            case ChannelEnded(cause=cause) if self.leg.state is not LegState.ENDED:
                await self._move(LegState.ENDED, cause)
                outcome = Outcome.COMPLETED if self.talking else outcome_of_unanswered(cause)
                return await self._finished(outcome)
            case _:
                pass  # a repeated report
        return None

    async def abandon(self, *, caller_stays: bool = False) -> None:
        """End the other leg and write what came of it. Never fails: what cannot be ended has ended."""
        if self.leg.state is not LegState.ENDED:
            outcome = Outcome.COMPLETED if self.talking else Outcome.ABANDONED
            await self._hang_up()
            await self._finished(outcome, caller_stays=caller_stays)

    async def _connect(self) -> Finished | None:
        try:
            await self._control.music(self._channel_id, on=False)
            self._bridged = True
            await self._control.bridge(self._bridge, [self._channel_id, self.leg.channel_id])
            self._answered_at = self._clock.monotonic()
            await self._control.guard(self._channel_id, 0)
        except ChannelGone:
            return None  # one of the two has hung up just now: its ChannelEnded says which
        except RequestRefused as refused:
            self._answered_at = None
            await self._trouble(refused)
            await self._hang_up()
            return await self._finished(Outcome.FAILED)
        return None

    async def _hang_up(self) -> None:
        await self._move(LegState.ENDED)
        with contextlib.suppress(CallControlError):  # it ended by itself, or with Asterisk
            await self._control.hang_up(self.leg.channel_id)

    async def _finished(self, outcome: Outcome, *, caller_stays: bool = True) -> Finished:
        talked, self._answered_at = self._answered_at, None
        seconds = 0.0 if talked is None else self._clock.monotonic() - talked
        await self._log.write(
            CallEventKind.TRANSFER_ENDED,
            {"number": self._command.number, "outcome": outcome.value, "seconds": round(seconds, 1)},
        )
        try:
            if self._bridged:
                await self._control.destroy_bridge(self._bridge)
            elif caller_stays:
                await self._control.music(self._channel_id, on=False)
        except ChannelGone:
            pass  # it ended by itself
        except CallControlError as failure:
            if caller_stays:
                await self._trouble(failure)
        return Finished(self.work_id, STEP_OUTCOMES.get(outcome, "failed"))

    async def _trouble(self, failure: CallControlError) -> None:
        await self._log.write(CallEventKind.TROUBLE, {"what": "transfer", "detail": str(failure)})

    async def _move(self, state: LegState, cause: int | None = None) -> None:
        self.leg = self.leg.moved(state, cause)
        await self._log.write(
            CallEventKind.LEG_CHANGED,
            {
                "leg": self.leg.channel_id,
                "role": self.leg.role.value,
                "state": self.leg.state.value,
                "cause": cause,
            },
        )
