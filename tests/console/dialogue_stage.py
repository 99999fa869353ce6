"""Dialogues behind a staged desk: real queues and store, the sending worker, a provider of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from acd.agents import Agent, AgentStatus
from acd.events import StatusChanged
from acd.queues import Queue
from engine.clock import TimeOrderedIds
from engine.desk.settings import DeskSettings, QueueDesk
from engine.desk.view import DeskPart, SmsTemplate
from engine.desk.written_work import WrittenWork
from engine.followup.routing import Carrier
from engine.followup.sending import MessageSending, SendingLimits
from engine.queues import AgentLine, Queues
from messaging.dialogue import DialogueRules
from messaging.provider import Incoming
from messaging.states import MessageState
from store.store import Store
from tests.conftest import HandClock
from tests.console.desk_stage import StagedDesks
from tests.console.stage import Stage
from tests.messages.carrying import HandProvider, OpenGate

ANNA = "+48600000001"
OURS = "+48220000010"
# An offer of the queue lasts as long as the test's patience.
QUEUES = [Queue("deliveries", ring_seconds=120), Queue("payments", ring_seconds=120)]
LIMITS = SendingLimits(look_seconds=0.05, tidy_seconds=0.5)


@dataclass
class Dialogues:
    store: Store
    clock: HandClock
    queues: Queues
    work: WrittenWork
    provider: HandProvider
    heard: int = 0

    async def comes(self, text: str, number: str = ANNA) -> None:
        self.heard += 1
        assert self.provider.listeners is not None
        incoming = Incoming(
            "one", self.provider.channel, number, OURS, text, self.clock.now(), f"x{self.heard}"
        )
        await self.provider.listeners.incoming(incoming)

    async def delivered(self) -> None:
        """The last that was sent has arrived."""
        reference = f"one-{self.provider.taken[-1].message_id}"
        await self.provider.tell(reference, MessageState.DELIVERED, self.clock.now())

    def here(self, agent: str = "anna") -> None:
        self.queues.desk_present(agent, True)
        self.queues.tell(StatusChanged(agent, AgentStatus.AVAILABLE))


@asynccontextmanager
async def staged_dialogues(
    stage: Stage, desks: StagedDesks, store: Store, clock: HandClock
) -> AsyncIterator[Dialogues]:
    desks.settings = DeskSettings(
        "PL",
        templates={"on_its_way": SmsTemplate("on_its_way", {"en": "It is on its way, says {agent}."})},
        queues={queue.name: QueueDesk() for queue in QUEUES},
    )
    lines = [AgentLine(Agent(name), browser=True) for name in ("anna", "jan")]
    queues, provider = Queues(QUEUES, lines, clock=clock), HandProvider()

    def tell(agent: str) -> None:
        for news in desks.pages.values():
            news.tell(DeskPart.WRITTEN)

    work = WrittenWork(
        store.dialogues,
        queues,
        clock,
        TimeOrderedIds(clock),
        node="here",
        route=lambda message: "deliveries",
        rules=DialogueRules,
        settings=lambda: desks.settings,
        tell=tell,
        shown=lambda agent: desks.names().get(agent, agent),
    )
    sending = MessageSending(
        store.message_queue("w1"),
        [Carrier(provider)],
        OpenGate(clock),
        clock,
        moved=work.message_moved,
        received=lambda message: work.nudge(),
        limits=LIMITS,
    )
    await sending.start()
    work.start()
    stage.written = work
    try:
        yield Dialogues(store, clock, queues, work, provider)
    finally:
        await work.close()
        await sending.close()
        queues.close()
