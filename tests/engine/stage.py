"""A hotline of fakes on virtual time, with one short flow behind number 100."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from acd.queues import Queue
from calls.control import CallArrived, ChannelEnded, ChannelSnapshot, ControlRestored, KeyPressed
from calls.events import CallEvent, CallEventKind
from calls.talk_control import TalkControl
from engine.conversation import Conversation
from engine.dialling.agents import CampaignAgents
from engine.dialling.crew import CampaignMeans, LineBook, NoOpenLines
from engine.dialling.verdicts import NoDetection, Verdicts
from engine.errands import Desk
from engine.exchange import Exchange
from engine.flows import FlowShelf
from engine.health import Health
from engine.live import LiveCalls
from engine.placing.own_calls import OwnCallRules
from engine.queues import AgentLine, Queues
from engine.recovery import Recovery
from engine.switchboard import Switchboard
from history.interaction import Channel, Interaction
from ivr.reading.loader import load_flow
from ivr.surroundings import NOWHERE, Surroundings
from tests.engine.fake_desk import CountedIds, FakeGate, FakeServices, KnownCodes
from tests.engine.fake_network import FakeControl, FakeNetworkLog
from tests.engine.fake_speech import FakeRecognizer, FakeSynthesizer
from tests.engine.fake_store import FakeRecordings, MemoryLedger
from tests.virtual_time import VirtualClock

FLOW = """
flow: front
languages: [en]
always: {agent: agent, trouble: agent}
start: hello
steps:
  hello: {say: {text: {en: "Welcome."}, interrupt: false}, next: what}
  what:
    menu:
      prompt: {en: "Order, message or agent?"}
      choices:
        1: {hear: {en: [order]}, next: number}
        9: {hear: {en: [message]}, next: message}
        0: {hear: {en: [agent]}, next: agent}
      attempts: 2
    otherwise: goodbye
  number:
    ask: {into: order, digits: 2, prompt: {en: "Which number?"}}
    next: order
    otherwise: goodbye
  order: {say: {text: {en: "Order {order|digits} is here."}, interrupt: false}, next: goodbye}
  message:
    voicemail: {box: front, prompt: {en: "Leave a message."}, longest: 2m}
    next: thanks
    empty: goodbye
  thanks: {say: {text: {en: "Thank you."}, interrupt: false}, next: bye}
  agent:
    transfer: {to: "200", ring: 25s, prompt: {en: "Connecting."}}
    next: goodbye
    busy: engaged
    no_answer: engaged
    refused: engaged
    failed: engaged
  engaged: {say: {text: {en: "Nobody answers."}, interrupt: false}, next: message}
  goodbye: {say: {text: {en: "Goodbye."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
UNKNOWN = """
flow: unknown
languages: [en]
always: {agent: bye, trouble: bye}
start: sorry
steps:
  sorry: {say: {text: {en: "No such number."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
QUESTION = "Order, message or agent?"
CALLER = "+48220000011"
NODE = "here"


def load_shelf(front: str = FLOW) -> FlowShelf:
    flow = load_flow(front, "front.yaml")
    unknown = load_flow(UNKNOWN, "unknown.yaml")
    return FlowShelf({"front": flow}, {"100": "front"}, unknown=unknown, region="PL")


class Stage:
    """One engine. Another one made with `after` shares its memory and its network: a restart."""

    def __init__(
        self,
        folder: Path,
        *,
        after: Stage | None = None,
        shelf: FlowShelf | None = None,
        queues: Sequence[Queue] = (),
        agents: Sequence[AgentLine] = (),
        surroundings: Surroundings = NOWHERE,
        network: TalkControl | None = None,
        own_calls: OwnCallRules | None = None,
        verdicts: Verdicts | None = None,
    ) -> None:
        """`network`: a real Asterisk in place of `control`; it tells its events to the switchboard."""
        self.folder = folder
        self.control = FakeControl()
        self.ledger: MemoryLedger = after.ledger if after else MemoryLedger()
        self.network_log: FakeNetworkLog = after.network_log if after else FakeNetworkLog()
        self.recordings: FakeRecordings = after.recordings if after else FakeRecordings()
        self.recognizer = FakeRecognizer("en")
        self.synthesizer = FakeSynthesizer(folder)
        self.services = FakeServices()
        self.live = LiveCalls()
        self.health = Health(self.live)
        self.gate = FakeGate()
        self.clock = VirtualClock()
        self.exchange = Exchange(
            control=network or self.control,
            ledger=self.ledger,
            recognizer=self.recognizer,
            synthesizer=self.synthesizer,
            recordings=self.recordings,
            desk=Desk(
                ledger=self.ledger,
                profiles=self.ledger,
                services=self.services,
                codes=KnownCodes(),
                clock=self.clock,
                ids=CountedIds("row of next" if after else "row"),
                region="PL",
                gate=self.gate,
            ),
            queues=Queues(queues, agents, clock=self.clock),
            flows=shelf or load_shelf(),
            clock=self.clock,
            ids=CountedIds("next" if after else "id"),
            live=self.live,
            health=self.health,
            node=NODE,
            region="PL",
            surroundings=surroundings,
            own_calls=lambda: own_calls or OwnCallRules(),
            campaigns=lambda: CampaignMeans(self.crew, verdicts or NoDetection(), self.lines),
        )
        self.crew = CampaignAgents(self.exchange.queues)
        self.lines: LineBook = NoOpenLines()
        self.switchboard = Switchboard(self.exchange)
        self.control.listener = self.switchboard.on_network_event
        self.recovery = Recovery(self.exchange, self.switchboard, self.ledger, self.network_log)
        self.switchboard.start()

    async def crash(self) -> None:
        """The engine dies: nothing more is written, asked or heard by it."""
        self.control.listener = lambda event: None
        board = self.switchboard
        tasks = [*board._tasks.values(), *board._background]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        board._calls.clear()
        board._tasks.clear()

    async def connect(self, *channels: ChannelSnapshot, restarted: bool = False) -> None:
        """Asterisk is (again) connected, and what was under way is recovered."""
        self.control.lost = False
        self.control.tell(ControlRestored(channels, restarted))
        await self.recovery.after_connecting()

    # --- what happens -------------------------------------------------------------------------------------

    async def arrive(self, channel_id: str = "caller", dialled: str = "100") -> str:
        """A call comes and is answered; returns its id."""
        before = set(self.ledger.log)
        self.control.tell(CallArrived(channel_id, channel_id, CALLER, dialled, "trunk"))
        await self.until(lambda: bool(set(self.ledger.log) - before))
        return (set(self.ledger.log) - before).pop()

    async def in_menu(self, channel_id: str = "caller") -> str:
        """A caller who is being asked, and listened to."""
        asked = self.control.words().count(QUESTION)
        call_id = await self.arrive(channel_id)
        await self.until(lambda: self.control.words().count(QUESTION) > asked)
        return call_id

    async def in_transfer(self, channel_id: str = "caller") -> tuple[str, str]:
        """A caller for whom an agent's phone is about to ring: (call id, leg)."""
        call_id = await self.in_menu(channel_id)
        self.press("0", channel_id)
        return call_id, await self._next_of("originate", 0)

    async def recording(self, channel_id: str = "caller") -> tuple[str, str]:
        """A caller who speaks after the beep: (call id, recording id)."""
        call_id = await self.in_menu(channel_id)
        self.press("9", channel_id)
        return call_id, await self._next_of("record", 1)

    async def _next_of(self, request: str, argument: int) -> str:
        before = len(self.control.asked(request))
        await self.until(lambda: len(self.control.asked(request)) > before)
        return str(self.control.asked(request)[-1][argument])

    def press(self, keys: str, channel_id: str = "caller") -> None:
        for key in keys:
            self.control.tell(KeyPressed(channel_id, key))

    def hang_up(self, channel_id: str = "caller", cause: int = 16) -> None:
        self.control.tell(ChannelEnded(channel_id, cause))

    async def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Until it is so; the limit is of virtual time."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + seconds
        while not condition():
            if loop.time() >= limit:
                written = {call: self.ledger.kinds(call)[-6:] for call in self.ledger.log}
                raise AssertionError(
                    f"not so within {seconds:g} s; asked: {self.control.requests[-8:]}, "
                    f"said: {self.control.said}, written: {written}"
                )
            await asyncio.sleep(0.01)

    async def over(self, call_id: str, seconds: float = 60.0) -> Interaction:
        """Until the call has ended everywhere; returns its own row of the history."""
        await self.until(lambda: self.live.get(call_id) is None and not self.serves(call_id), seconds)
        rows = [row for row in self.ledger.interactions if row.subject_id == call_id]
        (row,) = [row for row in rows if row.channel in (Channel.CALL, Channel.VOICEMAIL)]
        return row

    # --- what is seen -------------------------------------------------------------------------------------

    def serves(self, call_id: str) -> bool:
        return self.switchboard.serves(call_id)

    def events(self, call_id: str) -> list[CallEvent]:
        return self.ledger.log[call_id]

    def one(self, call_id: str, kind: CallEventKind) -> CallEvent:
        (event,) = [event for event in self.ledger.log[call_id] if event.kind is kind]
        return event

    def inbound(self, call_id: str) -> Conversation:
        return self.switchboard._calls[call_id]
