"""The switchboard: takes what the network tells, in order, and leads it to the call it belongs to.

Ids carry their call: a leg, playback or recording of call C is named `C.leg.1`, `C.say.3`, `C.message.2`, so
an event finds its call without a register.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import structlog

from calls import control as network
from calls.call import Call
from calls.control import CallArrived, CallControl, CallControlError, ControlLost
from calls.events import CallEvent, CallEventKind
from calls.numbers import parse_number
from calls.outcome import Outcome
from engine.call_log import CallLog
from engine.flows import FlowShelf
from engine.health import Health
from engine.inbound import InboundCall
from engine.live import LiveCalls
from engine.ports import Clock, Ids, Ledger, Recognizer, Recordings, Synthesizer
from engine.voice import CallVoice
from ivr.dialogue import Dialogue, StateRejected
from ivr.flow import Flow

# The dialplan takes a caller back unless this is renewed: asterisk-conf sets the same for a new call.
# A new call is renewed at the second round after it came, so two rounds must be well within it.
DEADMAN_SECONDS = 15
DEADMAN_RENEWED_SECONDS = 5.0
# Calls of an Asterisk that has not come back after this long are over.
ASTERISK_AWAY_SECONDS = 60.0
# At the engine's end, its calls have this long to be written.
CLOSING_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Everything the switchboard works with, wired by the composition root."""

    control: CallControl
    ledger: Ledger
    recognizer: Recognizer
    synthesizer: Synthesizer
    recordings: Recordings
    flows: FlowShelf
    clock: Clock
    ids: Ids
    live: LiveCalls
    health: Health
    node: str
    region: str


class Switchboard:
    """Calls in progress by id and by the caller's channel."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._calls: dict[str, InboundCall] = {}
        self._by_channel: dict[str, InboundCall] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._away: asyncio.TimerHandle | None = None
        self._dropped_at: datetime | None = None
        self._alive: frozenset[str] = frozenset()
        self._unclaimed: list[network.ChannelSnapshot] = []
        self._just_arrived: set[str] = set()  # channels whose dead-man the dialplan has just set

    def on_network_event(self, event: network.NetworkEvent) -> None:
        """The CallControl's listener. Never blocks, never raises for an event it does not know."""
        match event:
            case CallArrived(channel_id=id):
                self._just_arrived.add(id)
                self._arrived(event)
            case network.KeyPressed(channel_id=id) | network.ChannelEnded(channel_id=id):
                self._lead(id, event)
            case network.LegRinging(channel_id=id) | network.LegAnswered(channel_id=id):
                self._lead(id, event)
            case network.PlaybackEnded(playback_id=id) | network.RecordingEnded(recording_id=id):
                self._lead(id, event)
            case network.ControlDropped():
                self._control_dropped()
            case network.ControlRestored():
                self._control_restored(event)

    def start(self) -> None:
        """Begin to renew the dead-men of the calls in progress."""
        self._run(self._renew_deadmen())

    async def close(self) -> None:
        """Hang up what is still here and wait, within a limit, until it is written."""
        for call in list(self._calls.values()):
            with contextlib.suppress(CallControlError):  # a caller who is gone already, or Asterisk
                await self._exchange.control.hang_up(call.channel_id)
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=CLOSING_SECONDS)
        for task in [*self._tasks.values(), *self._background]:
            task.cancel()
        for call in list(self._calls.values()):
            await call.log.end("engine", Outcome.LOST)

    def serves(self, call_id: str) -> bool:
        return call_id in self._calls

    def take_unclaimed(self) -> list[network.ChannelSnapshot]:
        """Channels found alive at the last connection that belong to no call here; each is given once."""
        unclaimed, self._unclaimed = self._unclaimed, []
        return unclaimed

    def adopt(self, snapshot: network.ChannelSnapshot, call: Call, events: Sequence[CallEvent]) -> bool:
        """Go on with a call that an earlier engine had begun. False when its flow is no longer loaded."""
        flow = self._exchange.flows.by_version(call.flow or "", call.flow_version or "")
        if flow is None:
            return False
        arrived = _arrived_of(snapshot)
        call_log = self._log(call.id)
        call_log.resume(events)
        states = [event.data["state"] for event in events if "state" in event.data]
        if not states:
            return False
        try:
            facts = {"caller": call.caller, "dialled": call.dialled}
            dialogue = Dialogue.restore(flow, cast("dict[str, object]", states[-1]), facts=facts)
        except StateRejected as rejected:
            log.warning("a call cannot go on where it was", call=call.id, why=str(rejected))
            return False
        inbound = self._inbound(call.id, arrived, flow, dialogue, call_log)
        self._begin(inbound, inbound.resume("the engine was restarted", self._alive))
        return True

    def begin(self, snapshot: network.ChannelSnapshot) -> None:
        """A caller who arrived while we were away."""
        self._arrived(_arrived_of(snapshot))

    def _arrived(self, arrived: CallArrived) -> None:
        if (known := self._by_channel.get(arrived.channel_id)) is not None:
            self._run(self._go_on(known, "the dialplan had taken the caller back"))
            return
        exchange = self._exchange
        call_id = exchange.ids.new()
        flow = exchange.flows.for_number(arrived.dialled) or exchange.flows.unknown
        dialogue = Dialogue(flow, facts={"caller": arrived.caller, "dialled": arrived.dialled})
        call = self._inbound(call_id, arrived, flow, dialogue, self._log(call_id))
        self._begin(call, self._serve_new(call, arrived, flow))

    async def _serve_new(self, call: InboundCall, arrived: CallArrived, flow: Flow) -> None:
        exchange = self._exchange
        await call.log.write(
            CallEventKind.RECEIVED,
            {
                "direction": "inbound",
                "caller": parse_number(arrived.caller, exchange.region).shown,
                "dialled": arrived.dialled,
                "trunk": arrived.trunk,
                "network_id": arrived.network_id,
                "node": exchange.node,
            },
        )
        if flow is exchange.flows.unknown:
            detail = f"no flow serves {arrived.dialled!r}: add it to `numbers` in the configuration"
            await call.log.write(CallEventKind.TROUBLE, {"what": "unknown number", "detail": detail})
            log.warning("unknown number dialled", dialled=arrived.dialled, trunk=arrived.trunk)
        await call.run()

    def _inbound(
        self, call_id: str, arrived: CallArrived, flow: Flow, dialogue: Dialogue, call_log: CallLog
    ) -> InboundCall:
        exchange = self._exchange

        def trouble(what: str, detail: str) -> None:
            log.warning("trouble in a call", call=call_id, what=what, detail=detail)
            self._run(call_log.write(CallEventKind.TROUBLE, {"what": what, "detail": detail}))

        voice = CallVoice(
            call_id,
            arrived.channel_id,
            wideband=arrived.wideband,
            control=exchange.control,
            recognizer=exchange.recognizer,
            synthesizer=exchange.synthesizer,
            tell=lambda event: inbound.tell(event),
            trouble=trouble,
        )
        inbound = InboundCall(
            call_id,
            arrived,
            dialogue,
            log=call_log,
            voice=voice,
            control=exchange.control,
            recordings=exchange.recordings,
            clock=exchange.clock,
            final_outcome=Outcome.UNKNOWN_NUMBER if flow is exchange.flows.unknown else None,
        )
        return inbound

    def _log(self, call_id: str) -> CallLog:
        exchange = self._exchange
        return CallLog(
            call_id,
            ledger=exchange.ledger,
            clock=exchange.clock,
            ids=exchange.ids,
            live=exchange.live,
            region=exchange.region,
        )

    def _begin(self, call: InboundCall, work: Coroutine[None, None, None]) -> None:
        self._calls[call.id] = self._by_channel[call.channel_id] = call
        self._tasks[call.id] = asyncio.get_running_loop().create_task(self._serve(call, work))

    async def _serve(self, call: InboundCall, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except ControlLost:
            log.warning("a call is adrift until Asterisk is back", call=call.id)
            return
        except Exception as fault:
            log.exception("a call failed", call=call.id)
            await self._rescue(call, fault)
        self._forget(call)

    async def _rescue(self, call: InboundCall, fault: Exception) -> None:
        """Our own fault never means silence: the dialplan takes a message."""
        await call.log.write(CallEventKind.TROUBLE, {"what": "fault", "detail": repr(fault)})
        with contextlib.suppress(CallControlError):  # the caller may be gone as well
            await self._exchange.control.leave(call.channel_id, "voicemail")
        await call.log.end("fault", Outcome.FAILED)

    def _forget(self, call: InboundCall) -> None:
        self._calls.pop(call.id, None)
        self._tasks.pop(call.id, None)
        if self._by_channel.get(call.channel_id) is call:
            del self._by_channel[call.channel_id]

    def _lead(self, id: str, event: network.NetworkEvent) -> None:
        call = self._by_channel.get(id) or self._calls.get(id.partition(".")[0])
        if call is not None:
            call.tell(event)

    def _control_dropped(self) -> None:
        self._dropped_at = self._exchange.clock.now()
        self._exchange.health.set("asterisk", False, "The connection to Asterisk was lost. Reconnecting.")
        if self._away is None:
            loop = asyncio.get_running_loop()
            self._away = loop.call_later(ASTERISK_AWAY_SECONDS, self._give_up)

    def _control_restored(self, restored: network.ControlRestored) -> None:
        self._exchange.health.set("asterisk", True, "Connected")
        if self._away is not None:
            self._away.cancel()
            self._away = None
        self._alive = frozenset(channel.channel_id for channel in restored.channels)
        alive = {} if restored.restarted else {channel.channel_id: channel for channel in restored.channels}
        for call in list(self._calls.values()):
            if alive.pop(call.channel_id, None) is None:
                self._run(self._lost(call))
            else:
                self._run(self._go_on(call, "the connection to Asterisk was cut"))
        self._unclaimed = list(alive.values())

    def _give_up(self) -> None:
        self._away = None
        for call in list(self._calls.values()):
            self._run(self._lost(call))

    async def _stopped(self, call: InboundCall) -> None:
        task = self._tasks.pop(call.id, None)
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _lost(self, call: InboundCall) -> None:
        """Asterisk died under the call: it ended when the connection did."""
        await self._stopped(call)
        await call.log.end("network", Outcome.LOST, at=self._dropped_at)
        self._forget(call)

    async def _go_on(self, call: InboundCall, why: str) -> None:
        """The caller is still there, but what was reported meanwhile is not known."""
        await self._stopped(call)
        self._begin(call, call.resume(why, self._alive))

    async def _renew_deadmen(self) -> None:
        while True:
            await asyncio.sleep(DEADMAN_RENEWED_SECONDS)
            just_arrived, self._just_arrived = self._just_arrived, set()
            for call in list(self._calls.values()):
                if not call.guarded or call.channel_id in just_arrived:
                    continue
                try:
                    await self._exchange.control.guard(call.channel_id, DEADMAN_SECONDS)
                except (network.ChannelGone, network.RequestRefused):
                    call.tell(network.ChannelEnded(call.channel_id, 0))  # its end was never told to us
                except ControlLost:
                    break  # told by ControlDropped

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background_done)

    def _background_done(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("background work failed", exc_info=fault)


def _arrived_of(snapshot: network.ChannelSnapshot) -> CallArrived:
    return CallArrived(
        snapshot.channel_id,
        snapshot.network_id,
        snapshot.caller,
        snapshot.dialled,
        trunk="",
        wideband=snapshot.wideband,
        answered=snapshot.answered,
        variables=snapshot.variables,
    )
