"""The telephones of a talk: rung, followed in the call's log, and ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from acd.talks.commands import Ring
from acd.talks.phases import Talk
from acd.talks.talk import TargetKind
from calls.control import ChannelGone, RequestRefused
from calls.events import CallEventKind
from calls.legs import Leg, LegRole, LegState
from calls.talk_control import TalkControl
from engine.call_log import CallLog
from engine.ports import Clock
from engine.queues import Queues
from engine.recording.recorder import TalkRecorder
from engine.talks.agent_ringing import WHY, ring_agent, showable
from engine.talks.targets import dialled

# Who is asked for advice, or gets a call, is rung for so long.
RING_SECONDS = 25
# Asterisk ends the ringing itself; a leg of which nothing was told so long after it is given up.
OVERDUE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Overdue:
    """A leg has rung for too long, and nothing was told of it."""

    leg: str


async def no_open_line(leg: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class TalkMeans:
    """What a call's talks are performed with. `flows`: whether there is such a flow; `region`: of numbers.

    `back`: has a leg that is an agent's open line go back into quiet, and tells whether it is one.
    `known_agent`: whom a queue asks first, "" for any.
    """

    call_id: str
    control: TalkControl
    queues: Queues
    log: CallLog
    clock: Clock
    recorder: TalkRecorder
    flows: Callable[[str], bool]
    region: str
    tell: Callable[[Overdue], None]
    back: Callable[[str], Awaitable[bool]] = no_open_line
    known_agent: str = ""


class TalkLines:
    """All legs of one call's talk but the customer's. `gone` is told of each that is ended here."""

    def __init__(self, talk: Talk, means: TalkMeans, gone: Callable[[str], None]) -> None:
        self._means = means
        self._gone = gone
        self._known: dict[str, Leg] = {}
        self._unended: set[str] = set()  # Asterisk could not be told
        self._timers: list[asyncio.TimerHandle] = []
        if talk.agent_leg:
            self._known[talk.agent_leg] = Leg(talk.agent_leg, LegRole.AGENT, LegState.UP)
        if (other := talk.other) is not None:
            role = LegRole.AGENT if other.agent else LegRole.TARGET
            self._known[other.leg] = Leg(other.leg, role, LegState.UP if other.up else LegState.NEW)

    @property
    def unended(self) -> tuple[str, ...]:
        return tuple(sorted(self._unended))

    def state(self, leg: str) -> LegState | None:
        known = self._known.get(leg)
        return None if known is None else known.state

    def alive(self, leg: str) -> bool:
        return self.state(leg) not in (None, LegState.ENDED)

    async def ring(self, ring: Ring) -> str | None:
        """Returns the leg if it cannot be rung. Raises ControlLost."""
        means, target = self._means, ring.target
        role = LegRole.AGENT if target.kind is TargetKind.AGENT else LegRole.TARGET
        self._known[ring.leg] = Leg(ring.leg, role)
        person = means.log.call.person
        try:
            if target.kind is TargetKind.AGENT:
                await ring_agent(
                    means.control,
                    means.queues,
                    target.name,
                    ring.leg,
                    caller_id=person,
                    ring_seconds=RING_SECONDS,
                    call_id=means.call_id,
                    headers={WHY: "transfer" if ring.blind else "consult"},
                )
            else:
                await means.control.originate(
                    ring.leg,
                    dialled(target, means.region),
                    caller_id=showable(person),
                    ring_seconds=RING_SECONDS,
                    call_id=means.call_id,
                )
        except (RequestRefused, ChannelGone) as refused:
            detail = {"what": "talk", "detail": str(refused)}
            await means.log.write(CallEventKind.TROUBLE, detail)
            await self.moved(ring.leg, LegState.ENDED)
            return ring.leg
        loop = asyncio.get_running_loop()
        overdue = Overdue(ring.leg)
        self._timers.append(loop.call_later(RING_SECONDS + OVERDUE_SECONDS, means.tell, overdue))
        return None

    async def end(self, leg: str) -> None:
        """Idempotent. Raises ControlLost; then it is among the `unended`."""
        if leg in self._known:
            if not self.alive(leg) and leg not in self._unended:
                return
            if self.alive(leg):
                await self.moved(leg, LegState.ENDED)
        self._gone(leg)
        self._unended.add(leg)
        with contextlib.suppress(ChannelGone, RequestRefused):  # it ended by itself
            if not await self._means.back(leg):
                await self._means.control.hang_up(leg)
        self._unended.discard(leg)

    async def moved(self, leg: str, state: LegState, cause: int | None = None) -> None:
        known = self._known[leg] = self._known[leg].moved(state, cause)
        data = {"leg": leg, "role": known.role.value, "state": known.state.value, "cause": cause}
        await self._means.log.write(CallEventKind.LEG_CHANGED, data)

    def stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
