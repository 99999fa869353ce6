"""What calls that we place have in common: how they are told of things, given up, handed on, and ended."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any

from acd.talks.commands import Over
from acd.talks.talk import TalkView
from calls.control import CallControlError
from calls.events import CallEventKind
from calls.legs import LegRole, LegState
from calls.outcome import Outcome, outcome_of_unanswered
from engine.call_log import CallLog
from engine.conversation import Conversation
from engine.placing.own_calls import flow_after
from engine.placing.ringing import callee_channel
from engine.talks.lines import TalkMeans
from engine.talks.talking import TalkInProgress
from ivr.flow import Flow


class PlacedCall(ABC):
    """A call to a person for whom there is an agent.

    `go_on` makes the conversation, in this flow, of a person who is left without an agent; `language`: that
    of our own flows. `lost_calls`: the queue in which one waits whose agent was lost, "" or None: in none.
    """

    def __init__(
        self,
        call_log: CallLog,
        means: Callable[[Callable[[Any], None]], TalkMeans],
        *,
        flow_named: Callable[[str], Flow | None],
        go_on: Callable[[Flow], Conversation],
        language: str,
        lost_calls: str | None,
    ) -> None:
        self.id = call_log.id
        self.channel_id = callee_channel(call_log.id)
        self.log = call_log
        self.turn = asyncio.Lock()
        self._means = means(self.tell)
        self._flow_named = flow_named
        self._go_on = go_on
        self._language = language
        self._lost_calls = lost_calls
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._answered = False
        self._talk: TalkInProgress | None = None
        self._left: Over | None = None  # how an earlier engine's talk was over, of which nothing has come
        self._successor: Conversation | None = None
        self._ended_by = "caller"
        self._outcome: Outcome | None = None
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def talk(self) -> TalkView | None:
        return None if self._talk is None else self._talk.view

    @property
    def placed(self) -> bool:
        return True

    def tell(self, item: object) -> None:
        self._inbox.put_nowait(item)

    async def lost(self, at: datetime | None) -> None:
        self._outcome = Outcome.LOST
        await self._give_up()
        await self.log.end("network", Outcome.LOST, at=at)

    async def rescue(self, fault: Exception) -> None:
        await self._give_up()
        await self.log.write(CallEventKind.TROUBLE, {"what": "fault", "detail": repr(fault)})
        await self.log.end("fault", Outcome.FAILED)

    async def cut_off(self) -> None:
        self._outcome = Outcome.LOST
        await self.hang_up("engine")

    @abstractmethod
    async def hang_up(self, by: str) -> None: ...

    # --- for each kind ------------------------------------------------------------------------------------

    @abstractmethod
    async def _give_up(self, cause: int = 16) -> None:
        """Everybody leaves. Never fails."""

    def _unanswered(self, cause: int) -> Outcome:
        """Of a call that ended with this cause before anybody answered."""
        return outcome_of_unanswered(cause)

    async def _person_gone(self, cause: int) -> None:
        await self._give_up(cause)
        outcome = Outcome.COMPLETED if self._answered else self._unanswered(cause)
        by = self._ended_by if self._answered or self._ended_by != "caller" else "network"
        await self._end(by, outcome, cause)

    async def _over_before(self, over: Over, up: frozenset[str] | None) -> None:
        """An earlier engine's talk was over, and legs of it may live."""
        for leg in sorted(one for one in up or () if one.startswith(f"{self.id}.leg.")):
            await self._hang_up(leg)
        await self._over(over)

    async def _over(self, over: Over | None) -> None:
        """Nobody of ours is on the line any more."""
        if over is None:
            return
        self._talk = None
        flow = self._flow_after(over) if self._answered else None
        if flow is None:
            await self._hang_up(self.channel_id)
            await self._end("agent", Outcome.COMPLETED if self._answered else Outcome.ABANDONED)
            return
        with contextlib.suppress(CallControlError):  # it plays none, or has ended
            await self._means.control.music(self.channel_id, on=False)
        self._successor = self._go_on(flow)

    def _flow_after(self, over: Over) -> Flow | None:
        """What goes on with the person; None: they are left."""
        lost_calls = self._lost_calls if self._lost_calls in self._means.queues else None
        return flow_after(over, self._language, self._flow_named, lost_calls)

    async def _end(self, by: str, outcome: Outcome, cause: int | None = None) -> None:
        self._stop()
        await self.log.end(by, self._outcome or outcome, cause)

    async def _hang_up(self, channel_id: str) -> None:
        with contextlib.suppress(CallControlError):  # it ended by itself, or with Asterisk
            if channel_id:
                await self._means.control.hang_up(channel_id)

    async def _moved(self, leg: str, role: LegRole, state: LegState, cause: int | None = None) -> None:
        await self.log.write(CallEventKind.LEG_CHANGED, leg_data(leg, role, state, cause))

    def _after(self, seconds: float, item: object) -> None:
        """It is told so much later, unless the call is over by then."""
        self._timers.append(asyncio.get_running_loop().call_later(seconds, self.tell, item))

    def _stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


def leg_data(leg: str, role: LegRole, state: LegState, cause: int | None = None) -> dict[str, object]:
    """The data of the event that tells how a leg has changed."""
    return {"leg": leg, "role": role.value, "state": state.value, "cause": cause}
