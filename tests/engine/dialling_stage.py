"""An engine of fakes that runs campaigns: a public with fates by number, agents whose telephones answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from acd.agents import Agent
from acd.queues import Queue
from calls.control import ChannelEnded, LegAnswered, LegRinging
from compliance.facts import Mode
from compliance.pack import CampaignLimits
from dialer.campaign import AbandonPolicy, Campaign
from dialer.lead import Lead, LeadNumber, LeadState
from dialer.schedule import dialling
from engine.dialling.agents import CampaignAgents
from engine.dialling.dialler import Dialler
from engine.dialling.means import DiallingMeans
from engine.dialling.open_lines import OpenLines
from engine.flows import FlowShelf
from engine.placing.outbound import Lines
from engine.queues import AgentLine
from ivr.reading.loader import load_flow
from tests.dialer.leads_and_calls import campaign as campaign_of
from tests.engine.fake_campaigns import CampaignBooks, Register
from tests.engine.queue_stage import log_in
from tests.engine.stage import UNKNOWN, Stage
from tests.virtual_time import ANCHOR

OURS = "+48220000010"
NOBODY = """
flow: nobody-free
languages: [en]
always: {agent: bye, trouble: bye}
start: sorry
steps:
  sorry: {say: {text: {en: "Nobody is free."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
NEWS = """
flow: news
languages: [en]
always: {agent: bye, trouble: bye}
start: tell
steps:
  tell: {say: {text: {en: "Your parcel is here."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""


@dataclass(frozen=True)
class Fate:
    """Answered after so many seconds of ringing (0: none is told) and held so long, or ended with a cause."""

    rings: float = 2.0
    holds: float | None = 30.0  # None: not answered
    cause: int = 16


class Public:
    """`fates` by number; `usual` for all others. `dialled`: every number, in order."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.fates: Mapping[str, Fate] = {}
        self.usual = Fate()
        self.dialled: list[str] = []
        self.deaf = False
        self.agents_answer = True
        self._originate = stage.control.originate
        stage.control.originate = self._called  # type: ignore[method-assign]
        self._ring = stage.control.ring
        stage.control.ring = self._agent_rung  # type: ignore[method-assign]

    async def _called(self, channel: str, number: str, **more: Any) -> None:
        if not channel.endswith(".callee"):
            await self._originate(channel, number, **more)
            return
        self.dialled.append(number)
        await self._originate(channel, number, **more)
        if not self.deaf:
            self.play(channel, self.fates.get(number, self.usual))

    def play(self, channel: str, fate: Fate) -> None:
        if fate.rings:
            self._at(0.5, LegRinging(channel))
        if fate.holds is None:
            self._at(0.5 + fate.rings, ChannelEnded(channel, fate.cause))
            return
        self._at(0.5 + fate.rings, LegAnswered(channel))
        self._at(0.5 + fate.rings + fate.holds, ChannelEnded(channel, fate.cause))

    async def _agent_rung(self, channel: str, phone: str, **more: Any) -> None:
        await self._ring(channel, phone, **more)
        if not self.agents_answer:
            return
        self._at(0.05, LegRinging(channel))
        self._at(0.1, LegAnswered(channel))

    def _at(self, seconds: float, event: LegRinging | LegAnswered | ChannelEnded) -> None:
        def tell() -> None:
            if event.channel_id not in self.stage.control.gone:
                self.stage.control.tell(event)

        asyncio.get_running_loop().call_later(seconds, tell)


@dataclass
class Office:
    stage: Stage
    books: CampaignBooks
    public: Public
    means: DiallingMeans
    dialler: Dialler
    task: asyncio.Task[None] = field(init=False)

    def start(self) -> None:
        self.task = asyncio.get_running_loop().create_task(self.dialler.run())

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.dialler.close()

    async def crash(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        runs = list(self.dialler._runs.values())
        going_on = [t for run in runs for t in (run._placing, run._looking, *run._following.writing)]
        tasks = [task for task in going_on if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self.stage.crash()

    async def until(self, condition: Callable[[], bool], seconds: float = 600.0) -> None:
        """Until it is so; the limit is of virtual time."""
        limit = self.stage.clock.monotonic() + seconds
        while not condition():
            assert self.stage.clock.monotonic() < limit, (
                f"not so: {self.dialler.explain('autumn')}, {[x.reason for x in self.books.leads.values()]}"
            )
            await asyncio.sleep(0.2)

    async def pass_by(self, seconds: float) -> None:
        """Virtual time."""
        await asyncio.sleep(seconds)

    def put(self, campaign: Campaign, *numbers: str) -> None:
        self.books.campaigns[campaign.id] = campaign
        for count, number in enumerate(numbers, 1):
            name = f"{campaign.id}-{count}"
            at = self.stage.clock.now() - timedelta(minutes=1000 - count)
            self.books.leads[name] = Lead(
                name, campaign.id, f"contact-{name}", (LeadNumber(number),), at, state=LeadState.WAITING
            )

    def lead(self, count: int, campaign: str = "autumn") -> Lead:
        return self.books.leads[f"{campaign}-{count}"]

    def log_in(self, *agents: str) -> None:
        log_in(self.stage, *agents)


def office(
    folder: Path,
    *,
    after: Office | None = None,
    agents: tuple[str, ...] = ("anna", "jan"),
    limits: CampaignLimits | None = None,
    lines: int = 20,
    calls_per_second: float = 100,
    open_lines: bool = False,
) -> Office:
    flows = {
        name: load_flow(text, f"{name}.yaml") for name, text in (("nobody-free", NOBODY), ("news", NEWS))
    }
    stage = Stage(
        folder,
        after=None if after is None else after.stage,
        shelf=FlowShelf(flows, {}, unknown=load_flow(UNKNOWN, "unknown.yaml"), region="PL"),
        queues=[Queue("sales", wrap_up_seconds=5.0)],
        agents=[AgentLine(Agent(name)) for name in agents],
    )
    held = None
    if open_lines:
        held = OpenLines(stage.control, stage.exchange.queues, stage.clock, stage.exchange.ids, OURS)
        stage.lines = held
        stage.crew = CampaignAgents(stage.exchange.queues, held)
    books = CampaignBooks(stage.ledger, stage.clock, None if after is None else after.books)
    register: Any = Register
    any_callbacks: Any = books.callbacks
    means = DiallingMeans(
        exchange=stage.exchange,
        switchboard=stage.switchboard,
        gate=stage.gate,
        agents=stage.crew,
        campaigns=register(books, get=books.get_campaign),
        minutes=register(books, keep=books.keep_minutes),
        leads=register(books, get=books.get_lead),
        attempts=register(books),
        debts=register(books),
        callbacks=any_callbacks,
        queries=stage.ledger,
        lines=Lines(most=lines, calls_per_second=calls_per_second, trunk="carrier", caller_id=OURS),
        limits=lambda campaign: limits or CampaignLimits(),
        dialling=lambda campaign, now: dialling(campaign, None, now),
        open_lines=held,
        audit=register(books, add=books.note),
    )
    return Office(stage, books, Public(stage), means, Dialler(means))


def spring(**changed: Any) -> Campaign:
    """A campaign that runs now."""
    made = campaign_of(
        abandon=AbandonPolicy("nobody-free"), language="en", mode=Mode.PROGRESSIVE, started_at=ANCHOR
    )
    return replace(made, **{"calls_per_second": 50.0, **changed})


def numbers(count: int) -> tuple[str, ...]:
    return tuple(f"+486000000{n:02d}" for n in range(1, count + 1))
