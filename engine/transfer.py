"""A caller being connected to another number: ring it, bridge both, come back when that talk has ended."""

from __future__ import annotations

import contextlib

from calls.control import (
    CallControl,
    CallControlError,
    ChannelEnded,
    ChannelGone,
    LegAnswered,
    LegRinging,
    RequestRefused,
)
from calls.events import CallEventKind
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


class TransferInProgress:
    """One Transfer command on one caller's channel. Its leg's id is chosen here."""

    def __init__(
        self,
        command: Transfer,
        call_id: str,
        channel_id: str,
        *,
        control: CallControl,
        log: CallLog,
        clock: Clock,
    ) -> None:
        self._command = command
        self._call_id = call_id
        self._channel_id = channel_id
        self._control = control
        self._log = log
        self._clock = clock
        self._bridge = f"{call_id}.talk.{command.work_id}"
        self._answered_at: float | None = None
        self.leg = Leg(f"{call_id}.leg.{command.work_id}", LegRole.TARGET)

    @classmethod
    def adopted(
        cls, work_id: int, call_id: str, channel_id: str, *, control: CallControl, log: CallLog, clock: Clock
    ) -> TransferInProgress:
        """One that an earlier engine had connected: both are talking. Its numbers are in the log already."""
        transfer = cls(Transfer(work_id, ""), call_id, channel_id, control=control, log=log, clock=clock)
        transfer.leg = Leg(transfer.leg.channel_id, LegRole.TARGET, LegState.UP)
        transfer._answered_at = clock.monotonic()
        return transfer

    @property
    def talking(self) -> bool:
        """Whether two people are connected, so that no dead-man may take the caller back."""
        return self._answered_at is not None

    async def start(self, caller_id: str) -> Finished | None:
        """Ring the number. Finished when it could not even be tried."""
        await self._log.write(
            CallEventKind.TRANSFER_STARTED, {"number": self._command.number, "leg": self.leg.channel_id}
        )
        await self._control.music(self._channel_id, on=True)
        try:
            await self._control.originate(
                self.leg.channel_id,
                self._command.number,
                caller_id=self._command.caller_id or caller_id,
                ring_seconds=self._command.ring_seconds,
                call_id=self._call_id,
            )
        except RequestRefused as refused:
            await self._log.write(CallEventKind.TROUBLE, {"what": "transfer", "detail": str(refused)})
            return await self._finished(Outcome.FAILED)
        return None

    async def follow(self, event: LegRinging | LegAnswered | ChannelEnded) -> Finished | None:
        """The leg has moved on. Finished when the transfer is over, whichever way."""
        match event:
            case LegRinging() if self.leg.state is LegState.NEW:
                await self._move(LegState.RINGING)
            case LegAnswered() if self.leg.state in (LegState.NEW, LegState.RINGING):
                await self._move(LegState.UP)
                await self._connect()
            case ChannelEnded(cause=cause) if self.leg.state is not LegState.ENDED:
                talked = self.talking
                await self._move(LegState.ENDED, cause)
                outcome = Outcome.COMPLETED if talked else outcome_of_unanswered(cause)
                return await self._finished(outcome)
            case _:
                pass  # a repeated report
        return None

    async def abandon(self) -> None:
        """The caller is gone: end the other leg and write what came of it."""
        if self.leg.state is not LegState.ENDED:
            outcome = Outcome.COMPLETED if self.talking else Outcome.ABANDONED
            await self._move(LegState.ENDED)
            with contextlib.suppress(ChannelGone):  # it ended by itself
                await self._control.hang_up(self.leg.channel_id)
            await self._finished(outcome, caller_stays=False)

    async def _connect(self) -> None:
        self._answered_at = self._clock.monotonic()
        await self._control.music(self._channel_id, on=False)
        await self._control.bridge(self._bridge, [self._channel_id, self.leg.channel_id])
        await self._control.guard(self._channel_id, 0)

    async def _finished(self, outcome: Outcome, *, caller_stays: bool = True) -> Finished:
        seconds = 0.0 if self._answered_at is None else self._clock.monotonic() - self._answered_at
        await self._log.write(
            CallEventKind.TRANSFER_ENDED,
            {"number": self._command.number, "outcome": outcome.value, "seconds": round(seconds, 1)},
        )
        try:
            if self.talking:
                await self._control.destroy_bridge(self._bridge)
            elif caller_stays:
                await self._control.music(self._channel_id, on=False)
        except CallControlError as failure:
            if caller_stays and not isinstance(failure, ChannelGone):
                await self._log.write(CallEventKind.TROUBLE, {"what": "transfer", "detail": str(failure)})
        self._answered_at = None
        return Finished(self._command.work_id, STEP_OUTCOMES.get(outcome, "failed"))

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
