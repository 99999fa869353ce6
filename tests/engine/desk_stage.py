"""A desk on a hotline of fakes: queues, ledger and clock as they are, calls and Asterisk by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from acd.agents import Agent, AgentStatus, MissedRule
from acd.events import AgentAnswered, Command, OfferCall, TalkEnded
from acd.queues import Queue
from acd.talks.talk import Action, ActionRefused, PartyView, TalkView
from acd.work import Waiting
from calls.control import PhoneChanged
from calls.events import CallEventKind
from engine.agent_days import day_of, standing_of
from engine.call_log import CallLog
from engine.desk.desks import Desks
from engine.desk.dialling import ManualOrder
from engine.desk.settings import DeskSettings, QueueDesk
from engine.desk.view import BreakChoice, SmsTemplate
from engine.ports import StoreUnavailable
from engine.queues import AgentLine
from engine.registers.actor import Actor
from engine.registers.agents import AgentDay, AgentEvent, AgentProfile, AgentStanding
from engine.registers.desk import CallPart, KnownCaller
from engine.registers.refusals import Refused
from history.interaction import ContactPoint
from tests.engine.fake_store import MemoryLedger
from tests.engine.stage import CALLER, NODE, Stage

ORDERS = Queue("orders", ring_seconds=20.0, wrap_up_seconds=30.0)
STRICT = Queue("strict", ring_seconds=20.0, wrap_up_seconds=30.0, disposition_required=True)
SETTINGS = DeskSettings(
    region="PL",
    breaks=(BreakChoice("lunch", 30, {"en": "Lunch"}),),
    templates={"time": SmsTemplate("time", {"en": "It comes at {hour}.", "pl": "Będzie o {hour}."})},
    queues={"orders": QueueDesk(), "strict": QueueDesk(disposition_required=True)},
)


class FakePhones:
    """The part of TalkControl that desks use. `fault` is raised by all requests; each takes `seconds`."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}
        self.fault: Exception | None = None
        self.seconds = 0.0

    async def admit_phone(self, phone: str, password: str) -> None:
        await asyncio.sleep(self.seconds)
        if self.fault is not None:
            raise self.fault
        self.passwords[phone] = password

    async def dismiss_phone(self, phone: str) -> None:
        await asyncio.sleep(self.seconds)
        if self.fault is not None:
            raise self.fault
        self.passwords.pop(phone, None)


class FakeBoard:
    """Of the switchboard what desks ask it."""

    def __init__(self) -> None:
        self.logs: dict[str, CallLog] = {}
        self.acts: list[tuple[str, str, Action]] = []
        self.refusal: ActionRefused | None = None
        self.asked: dict[str, tuple[TalkView, PartyView]] = {}  # agents whom a colleague rings

    def asking(self, call_id: str, agent: str) -> tuple[TalkView, PartyView] | None:
        return self.asked.get(agent)

    def log_of(self, call_id: str) -> CallLog | None:
        return self.logs.get(call_id)

    def talk_of(self, call_id: str) -> TalkView | None:
        return None

    async def act(self, call_id: str, agent: str, action: Action) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.acts.append((call_id, agent, action))


class MemoryRegisters:
    """DeskRegister and AgentRegister over a MemoryLedger."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self.known = KnownCaller()
        self.asked: list[ContactPoint] = []
        self.disabled: set[str] = set()

    async def parts(self) -> Sequence[CallPart]:
        return list(self._ledger.parts.values())

    async def caller(self, point: ContactPoint, *, timeline: int) -> KnownCaller:
        if self._ledger.away:
            raise StoreUnavailable("The database is away.")
        self.asked.append(point)
        return self.known

    async def of_person(self, actor: Actor, person_id: str) -> AgentProfile:
        if self._ledger.away:
            raise StoreUnavailable("The database is away.")
        if person_id in self.disabled:
            raise Refused("This person is disabled.")
        return AgentProfile(person_id, person_id, person_id.title())

    async def standings(self) -> Sequence[AgentStanding]:
        found = []
        for agent in sorted({event.agent for event in self._ledger.agent_events}):
            last = {event.kind: event for event in self.events_of(agent)}
            standing = standing_of(last.values())
            if standing is not None:
                found.append(standing)
        return found

    async def day(self, name: str, since: datetime, now: datetime) -> AgentDay:
        if self._ledger.away:
            raise StoreUnavailable("The database is away.")
        return day_of([event for event in self.events_of(name) if event.at >= since], since, now)

    def events_of(self, agent: str) -> list[AgentEvent]:
        return [event for event in self._ledger.agent_events if event.agent == agent]


class FakeManual:
    def __init__(self) -> None:
        self.placed: list[ManualOrder] = []

    async def place(self, order: ManualOrder) -> None:
        self.placed.append(order)


class DeskStage:
    """One engine's desks. Another one made with `after` shares its memory: a restart."""

    def __init__(
        self, folder: Path, *, after: DeskStage | None = None, settings: DeskSettings = SETTINGS
    ) -> None:
        agents = [AgentLine(Agent(name, missed=MissedRule.STATUS), browser=True) for name in ("anna", "jan")]
        self.stage = Stage(
            folder,
            after=after.stage if after else None,
            queues=[ORDERS, STRICT],
            agents=[*agents, AgentLine(Agent("desk-phone"))],
        )
        self.ledger = self.stage.ledger
        self.queues = self.stage.exchange.queues
        self.phones = after.phones if after else FakePhones()
        self.board = FakeBoard()
        self.registers = MemoryRegisters(self.ledger)
        self.manual = FakeManual()
        self.names: dict[str, str] = {}  # as the register tells them
        self.commands: list[Command] = []
        self.desks = Desks(
            self.stage.exchange,
            self.board,  # type: ignore[arg-type]
            self.phones,  # type: ignore[arg-type]
            self.ledger,  # type: ignore[arg-type]
            self.registers,
            self.registers,  # type: ignore[arg-type]
            settings,
            manual=self.manual,
            refresh=self._refresh,
            names=lambda: self.names,
        )

    async def _refresh(self) -> None:
        """Everybody is known already."""

    async def start(self) -> DeskStage:
        await self.desks.start()
        return self

    async def close(self) -> None:
        """As an engine that stops."""
        await self.desks.close()
        await self.stage.switchboard.close()

    async def crash(self) -> None:
        """Nothing is written any more, and nobody is asked."""
        self.desks._following.close()
        self.desks._sittings.close()
        await self.close()

    async def here(self, agent: str, page: str = "page1", *, ready: bool = True) -> None:
        """Signed in, the telephone registered."""
        await self.desks.sign_in(agent, page)
        self.queues.phone_changed(PhoneChanged(agent, True))
        if ready:
            await self.desks.set_status(agent, AgentStatus.AVAILABLE)

    # --- calls --------------------------------------------------------------------------------------------

    async def call(self, call_id: str = "call1", caller: str = CALLER, **more: object) -> CallLog:
        """A caller in the hotline. `more`: of the call's first event."""
        log = self.stage.exchange.call_log(call_id)
        received = {
            "direction": "inbound",
            "caller": caller,
            "dialled": "100",
            "trunk": "trunk",
            "network_id": call_id,
            "node": NODE,
            **more,
        }
        await log.write(CallEventKind.RECEIVED, received)
        await log.write(CallEventKind.ANSWERED)
        self.board.logs[call_id] = log
        return log

    async def offered(
        self, call_id: str = "call1", queue: str = "orders", caller: str = CALLER, **more: object
    ) -> CallLog:
        """A call that rings at the agent who is free."""
        log = await self.call(call_id, caller, **more)
        await log.write(CallEventKind.QUEUED, {"queue": queue, "position": 1})
        now = self.stage.clock.now()
        self.queues.join(Waiting(call_id, queue, now), self.commands.append)
        offer = next(one for one in self.commands if isinstance(one, OfferCall) and one.work_id == call_id)
        told = {"queue": queue, "agent": offer.agent, "leg": f"{call_id}.leg.1"}
        await log.write(CallEventKind.AGENT_OFFERED, told)
        return log

    async def talks(
        self, call_id: str = "call1", queue: str = "orders", caller: str = CALLER, **more: object
    ) -> CallLog:
        """A call that an agent has answered."""
        log = await self.offered(call_id, queue, caller, **more)
        offer = next(one for one in self.commands if isinstance(one, OfferCall) and one.work_id == call_id)
        self.queues.tell(AgentAnswered(call_id, offer.agent))
        told = {"queue": queue, "agent": offer.agent, "waited_seconds": 1.0}
        await log.write(CallEventKind.AGENT_CONNECTED, told)
        return log

    async def hangs_up(self, agent: str, call_id: str = "call1") -> None:
        """The call is over; wrap-up begins."""
        self.queues.tell(TalkEnded(call_id, agent))
        self.queues.leave(call_id)
        log = self.board.logs.pop(call_id)
        await log.write(CallEventKind.ENDED, {"by": "caller", "cause": 16, "outcome": "completed"})

    async def settled(self) -> None:
        """What was set off is done."""
        await asyncio.sleep(1.0)
