"""The switchboard: takes what the network tells, in order, and leads it to the call it belongs to.

Ids carry their call: a leg, playback or recording of call C is named `C.leg.1`, `C.say.3`, `C.message.2`, so
an event finds its call without a register.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial

import structlog

from acd.talks.talk import Action, ActionRefused, PartyRole, PartyState, PartyView, TalkView
from calls import control as network
from calls.control import CallArrived, CallControlError, ControlLost
from calls.events import CallEvent, CallEventKind
from calls.numbers import parse_number
from calls.outcome import Outcome
from engine.adoption import arrived_of, dialogue_of, ring_of
from engine.call_in_progress import CallInProgress, Successor
from engine.call_log import CallLog
from engine.call_making import CallMaker
from engine.conversation import Conversation
from engine.deadmen import Deadmen
from engine.dialling.campaign_call import CampaignCall
from engine.dialling.campaign_dial import CampaignDial, at_agent, campaign_dial_of
from engine.exchange import Exchange
from engine.placing.manual_call import ManualCall, ManualDial, manual_dial_of
from engine.placing.ringing import Ring, callee_channel, is_callee
from engine.talks.talking import LATE, Asked
from engine.transfer import call_of_leg
from ivr.dialogue import Dialogue
from ivr.flow import Flow

# Calls of an Asterisk that has not come back after this long are over.
ASTERISK_AWAY_SECONDS = 60.0
# A request that Asterisk did not answer, on a connection that lives: the call is taken up again after this.
ADRIFT_SECONDS = 1.0
# What an agent asks for is done by then, or refused.
ACTION_SECONDS = 5.0
# At the engine's end, its calls have this long to be written.
CLOSING_SECONDS = 5.0

Work = Callable[[], Awaitable[Successor | None]]

log = structlog.get_logger(__name__)


class Switchboard:
    """Calls in progress by id and by the caller's channel."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._maker = CallMaker(exchange, self._run)
        self._calls: dict[str, CallInProgress] = {}
        self._by_channel: dict[str, CallInProgress] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._connected = True  # no call comes before the first connection
        self._closing = False
        self._away: asyncio.TimerHandle | None = None
        self._dropped_at: datetime | None = None
        self._up: frozenset[str] = frozenset()
        self._unclaimed: list[network.ChannelSnapshot] = []
        self._deadmen = Deadmen(exchange.control, self._calls.values, lambda: self._connected, self._run)

    def on_network_event(self, event: network.NetworkEvent) -> None:
        """The CallControl's listener. Never blocks, never raises for an event it does not know."""
        match event:
            case CallArrived(channel_id=id):
                self._deadmen.arrived(id)
                self._arrived(event)
            case network.KeyPressed(channel_id=id) | network.ChannelEnded(channel_id=id):
                self._lead(id, event)
            case network.LegRinging(channel_id=id) | network.LegAnswered(channel_id=id):
                self._lead(id, event)
            case network.PlaybackEnded(playback_id=id) | network.RecordingEnded(recording_id=id):
                self._lead(id, event)
            case network.PhoneChanged():
                self._exchange.queues.phone_changed(event)
            case network.ControlDropped():
                self._control_dropped()
            case network.ControlRestored():
                self._control_restored(event)

    def start(self) -> None:
        """Begin to renew the dead-men of the calls in progress."""
        self._run(self._deadmen.keep())

    async def close(self) -> None:
        """Hang up what is still here and wait, within a limit, until it is written."""
        self._closing = True
        if self._away is not None:
            self._away.cancel()
        self._exchange.queues.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await asyncio.gather(*(call.cut_off() for call in self._calls.values()))
                await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        left = [*self._tasks.values(), *self._background]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CLOSING_SECONDS)
        for call in tuple(self._calls.values()):
            await call.log.end("engine", Outcome.LOST)
            self._forget(call)

    def serves(self, call_id: str) -> bool:
        return call_id in self._calls

    def served(self) -> frozenset[str]:
        """The ids of the calls in progress."""
        return frozenset(self._calls)

    @property
    def connected(self) -> bool:
        """Whether Asterisk can be asked for anything."""
        return self._connected and not self._closing

    @property
    def placed(self) -> int:
        """How many calls in progress are such as we placed."""
        return sum(call.placed for call in self._calls.values())

    async def hang_up(self, call_id: str, by: str) -> bool:
        """End a call from outside of its flow. False when it is not in progress here."""
        call = self._calls.get(call_id)
        if call is not None:
            await call.hang_up(by)
        return call is not None

    async def act(self, call_id: str, agent: str, action: Action) -> None:
        """Do what an agent asks for in a talk, in the call's own task. Raises ActionRefused.

        Supervisors' Join and Leave name the agent who leads the talk.
        """
        call = self._calls.get(call_id)
        if call is None:
            raise ActionRefused("call_over", "This call is over.")
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        call.tell(Asked(agent, action, answer))
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                await answer
        except TimeoutError:
            raise ActionRefused("late", LATE) from None

    def talk_of(self, call_id: str) -> TalkView | None:
        """The talk that a call is in; None when an agent is not on the line."""
        call = self._calls.get(call_id)
        return None if call is None else call.talk

    def asking(self, call_id: str, agent: str) -> tuple[TalkView, PartyView] | None:
        """The call's talk, and this agent's party in it, while their telephone rings for it."""
        talk = self.talk_of(call_id)
        for party in () if talk is None else talk.parties:
            if (party.role, party.name) == (PartyRole.CONSULTED, agent) and talk is not None:
                return (talk, party) if party.state is PartyState.RINGING else None
        return None

    def log_of(self, call_id: str) -> CallLog | None:
        """The log of a call in progress here, for what is done about it from outside."""
        call = self._calls.get(call_id)
        return None if call is None else call.log

    def place(self, call_log: CallLog, flow: Flow, dialogue: Dialogue, ring: Ring) -> None:
        """Ring a person and, when they answer, lead them through the flow. Its first event is written."""
        call = self._maker.conversation(call_log, callee_channel(call_log.call.id), flow, dialogue, ring=ring)
        self._begin(call, call.run)

    def dial(self, call_log: CallLog, dial: ManualDial | CampaignDial) -> None:
        """Connect an agent with a customer whom they, or a campaign, call. Its first event is written."""
        call = self._dialled(call_log, dial)
        self._begin(call, call.run)

    def _dialled(self, call_log: CallLog, dial: ManualDial | CampaignDial) -> ManualCall | CampaignCall:
        made = self._maker
        return made.manual(call_log, dial) if isinstance(dial, ManualDial) else made.campaign(call_log, dial)

    def take_unclaimed(self) -> list[network.ChannelSnapshot]:
        """Channels found alive at the last connection that belong to no call here; each is given once."""
        unclaimed, self._unclaimed = self._unclaimed, []
        return [channel for channel in unclaimed if channel.channel_id not in self._by_channel]

    def adopt(self, snapshot: network.ChannelSnapshot, events: Sequence[CallEvent]) -> bool:
        """Go on with a call that an earlier engine had begun. False when its flow is no longer loaded."""
        exchange = self._exchange
        dial = manual_dial_of(events[0].data) or campaign_dial_of(events[0].data)
        led = any(event.kind is CallEventKind.FLOW_STARTED for event in events)
        if dial is not None and (not led or (isinstance(dial, CampaignDial) and at_agent(dial, events))):
            self._adopt_dialled(dial, events)
            return True
        found = dialogue_of(events, exchange.flows, exchange.surroundings)
        if found is None:
            return False
        call_log = exchange.call_log(events[0].call_id)
        call_log.resume(events)
        ring = ring_of(events[0].data) if is_callee(snapshot.channel_id) else None
        call = self._maker.conversation(
            call_log,
            snapshot.channel_id,
            *found,
            ring=ring,
            wideband=snapshot.wideband,
            answered=snapshot.answered,
            hand_over=self._maker.handing_over(call_log, dial, found[0]),
        )
        call.adopt(events, self._up)
        self._begin(call, partial(call.resume, "the engine was restarted", self._up))
        self._deadmen.renew_at_once(call)
        return True

    def _adopt_dialled(self, dial: ManualDial | CampaignDial, events: Sequence[CallEvent]) -> None:
        call_log = self._exchange.call_log(events[0].call_id)
        call_log.resume(events)
        call = self._dialled(call_log, dial)
        call.adopt(events)
        self._begin(call, partial(call.resume, "the engine was restarted", self._up))
        self._deadmen.renew_at_once(call)

    def begin(self, snapshot: network.ChannelSnapshot, at: datetime | None) -> None:
        """A caller who arrived while we were away, at that time if it is known."""
        self._arrived(arrived_of(snapshot), at)
        if (call := self._by_channel.get(snapshot.channel_id)) is not None:
            self._deadmen.renew_at_once(call)

    def _arrived(self, arrived: CallArrived, at: datetime | None = None) -> None:
        if self._closing:
            return  # the dead-man leads the caller on
        known = self._by_channel.get(arrived.channel_id)
        if known is not None and not known.log.ended:
            known.forget_reports()
            self._begin(
                known, partial(known.resume, "the dialplan had taken the caller back", frozenset[str]())
            )
            return
        exchange = self._exchange
        call_log = exchange.call_log(exchange.ids.new())
        flow = exchange.flows.for_number(arrived.dialled) or exchange.flows.unknown
        # A flow knows the caller as the history does, however the carrier writes the number.
        caller = parse_number(arrived.caller, exchange.region).shown
        facts = {"caller": caller, "dialled": arrived.dialled}
        dialogue = Dialogue(flow, facts=facts, surroundings=exchange.surroundings)
        call = self._maker.conversation(
            call_log,
            arrived.channel_id,
            flow,
            dialogue,
            answered=arrived.answered,
            wideband=arrived.wideband,
        )
        self._begin(call, partial(self._serve_new, call, arrived, flow, at))

    async def _serve_new(
        self, call: Conversation, arrived: CallArrived, flow: Flow, at: datetime | None
    ) -> Successor | None:
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
                "wideband": arrived.wideband,
            },
            at=at,
        )
        if flow is exchange.flows.unknown:
            detail = f"no flow serves {arrived.dialled!r}: add it to `numbers` in the configuration"
            await call.log.write(CallEventKind.TROUBLE, {"what": "unknown number", "detail": detail})
            log.warning("unknown number dialled", dialled=arrived.dialled, trunk=arrived.trunk)
        return await call.run()

    def _begin(self, call: CallInProgress, work: Work) -> None:
        """Do `work` for the call from now on, in place of whatever is being done for it."""
        if (before := self._tasks.get(call.id)) is not None:
            before.cancel()
        self._lead_to(call)
        self._tasks[call.id] = asyncio.get_running_loop().create_task(self._serve(call, work))

    def _lead_to(self, call: CallInProgress) -> None:
        self._calls[call.id] = self._by_channel[call.channel_id] = call

    async def _serve(self, call: CallInProgress, work: Work) -> None:
        async with call.turn:  # what was done before has let go of the call
            while True:
                try:
                    successor = await work()
                    if successor is not None:
                        successor.turn = call.turn
                        call, work = successor, successor.take_over
                        self._lead_to(call)
                        continue
                except ControlLost as lost:
                    log.warning("a call is adrift", call=call.id, why=str(lost))
                    await asyncio.sleep(ADRIFT_SECONDS)
                    if not self._connected:
                        return  # until Asterisk is back, or given up
                    work = partial(call.resume, "Asterisk did not answer in time")
                    continue
                except Exception as fault:
                    log.exception("a call failed", call=call.id)
                    await self._rescue(call, fault)
                break
            self._forget(call)

    async def _rescue(self, call: CallInProgress, fault: Exception) -> None:
        try:
            await call.rescue(fault)
        except Exception:
            log.exception("a call that failed could not be handed over", call=call.id)

    def _forget(self, call: CallInProgress) -> None:
        self._exchange.queues.leave(call.id)
        self._calls.pop(call.id, None)
        self._tasks.pop(call.id, None)
        if self._by_channel.get(call.channel_id) is call:
            del self._by_channel[call.channel_id]

    def _lead(self, id: str, event: network.NetworkEvent) -> None:
        of_line = self._exchange.campaigns().lines.hear(event)
        call = self._by_channel.get(id) or self._calls.get(of_line or id.partition(".")[0])
        if call is not None:
            call.tell(event)
        elif of_line is None and isinstance(event, network.LegAnswered):
            # In the moment in which its caller hung up.
            self._run(self._hang_up(id))

    async def _hang_up(self, channel_id: str) -> None:
        with contextlib.suppress(CallControlError):
            await self._exchange.control.hang_up(channel_id)

    def _control_dropped(self) -> None:
        self._connected = False
        self._dropped_at = self._exchange.clock.now()
        self._exchange.health.set("asterisk", False, "The connection to Asterisk was lost. Reconnecting.")
        if self._away is None:
            loop = asyncio.get_running_loop()
            self._away = loop.call_later(ASTERISK_AWAY_SECONDS, self._give_up)

    def _control_restored(self, restored: network.ControlRestored) -> None:
        self._connected = True
        self._exchange.health.set("asterisk", True, "Connected")
        if self._away is not None:
            self._away.cancel()
            self._away = None
        alive = {channel.channel_id for channel in restored.channels}
        lines = self._exchange.campaigns().lines
        lines.restored(alive)
        self._up = frozenset(c.channel_id for c in restored.channels if c.answered)
        self._unclaimed = [
            channel
            for channel in restored.channels
            if channel.channel_id not in self._by_channel
            and channel.channel_id not in lines
            and call_of_leg(channel.channel_id) not in self._calls
        ]
        for call in tuple(self._calls.values()):
            if call.channel_id in alive:
                why = "the connection to Asterisk was cut"
                self._begin(call, partial(call.resume, why, self._up))
            else:
                self._begin(call, partial(call.lost, self._dropped_at))

    def _give_up(self) -> None:
        self._away = None
        for call in tuple(self._calls.values()):
            self._begin(call, partial(call.lost, self._dropped_at))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background_done)

    def _background_done(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("background work failed", exc_info=fault)
