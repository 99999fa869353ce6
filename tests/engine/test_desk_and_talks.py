"""Desks with real talks: queue, offer, transfer and manual call leave each agent's part in the history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from acd.agents import Agent, AgentState, AgentStatus
from acd.talks import talk as asks
from acd.talks.talk import Target, TargetKind
from calls.control import ChannelEnded, LegAnswered, LegRinging, PhoneChanged
from calls.events import CallEventKind as Kind
from engine.desk.desks import Desks
from engine.desk.refusals import DeskRefused
from engine.desk.view import DeskPart
from engine.flows import FlowShelf
from engine.placing.manual_placing import ManualPlacing
from engine.placing.outbound import Lines
from engine.queues import AgentLine
from engine.talks.lines import RING_SECONDS
from history.interaction import Channel, Interaction
from ivr.reading.loader import load_flow
from tests.engine.desk_stage import SETTINGS, MemoryRegisters
from tests.engine.queue_stage import FLOW, ORDERS
from tests.engine.stage import CALLER, UNKNOWN, Stage


class TalkingDesks:
    """Anna and Jan at browsers, on a stage with a switchboard and talks as they are."""

    def __init__(self, folder: Path) -> None:
        shelf = FlowShelf(
            {"front": load_flow(FLOW, "front.yaml")},
            {"100": "front"},
            unknown=load_flow(UNKNOWN, "unknown.yaml"),
            region="PL",
        )
        agents = [AgentLine(Agent(name), browser=True) for name in ("anna", "jan")]
        self.stage = Stage(folder, shelf=shelf, queues=[ORDERS], agents=agents)
        stage = self.stage
        self.registers = MemoryRegisters(stage.ledger)
        manual = ManualPlacing(stage.exchange, stage.switchboard, stage.gate, Lines(trunk="trunk"))

        async def refresh() -> None:
            """Everybody is known."""

        self.desks = Desks(
            stage.exchange,
            stage.switchboard,
            stage.control,  # type: ignore[arg-type]
            stage.ledger,  # type: ignore[arg-type]
            self.registers,
            self.registers,  # type: ignore[arg-type]
            SETTINGS,
            manual=manual,
            refresh=refresh,
        )

    async def here(self, *agents: str) -> None:
        for agent in agents:
            await self.desks.sign_in(agent, f"page of {agent}")
            self.stage.control.tell(PhoneChanged(agent, True))
            await self.desks.set_status(agent, AgentStatus.AVAILABLE)

    async def leg(self, count: int = 1) -> str:
        """The leg that was rung last, once so many were."""
        await self.stage.until(lambda: len(self.stage.control.asked("ring_phone")) >= count)
        return str(self.stage.control.asked("ring_phone")[-1][0])

    async def answered(self, leg: str) -> None:
        self.stage.control.tell(LegRinging(leg), LegAnswered(leg))
        await asyncio.sleep(0.5)

    def talks(self) -> dict[str | None, Interaction]:
        rows = [row for row in self.stage.ledger.interactions if row.channel is Channel.TALK]
        assert len({row.agent for row in rows}) == len(rows)
        return {row.agent: row for row in rows}


@pytest.fixture
async def center(tmp_path: Path) -> AsyncIterator[TalkingDesks]:
    center = TalkingDesks(tmp_path)
    await center.desks.start()
    yield center
    await center.stage.switchboard.close()
    await center.desks.close()


async def test_the_page_is_told_of_a_talk_once_there_is_one(center: TalkingDesks) -> None:
    """The agent's state changes before: the notes and the timeline that were fetched then know no talk."""
    await center.here("anna")
    async with center.desks.watch("anna", "page of anna") as news:
        await center.stage.arrive()
        leg = await center.leg()
        talks: list[bool] = []

        async def fetch() -> None:
            while True:
                if await news.get() is DeskPart.STATE:
                    talks.append((await center.desks.view("anna")).talk is not None)

        page = asyncio.create_task(fetch())
        await center.answered(leg)
        page.cancel()
        assert talks[-1]


async def test_an_attended_transfer_leaves_a_row_for_each_agent(center: TalkingDesks) -> None:
    desks, stage = center.desks, center.stage
    await center.here("anna")
    async with desks.watch("anna", "page of anna") as news:
        call_id = await stage.arrive()
        anna = await center.leg()
        view = await desks.view("anna")
        assert view.offer is not None
        assert view.offer.number == CALLER
        await center.answered(anna)
        told = {news.get_nowait() for _ in range(news.qsize())}
        assert {DeskPart.OFFER, DeskPart.TALK, DeskPart.STATE} <= told
        await center.here("jan")
        async with desks.watch("jan", "page of jan"):
            await desks.act("anna", asks.Hold())
            assert (await desks.view("anna")).state is AgentState.HOLD
            await asyncio.sleep(10)
            await desks.act("anna", asks.Resume())
            with pytest.raises(DeskRefused) as refused:
                await desks.act("anna", asks.CompleteTransfer())
            assert (refused.value.why, refused.value.values["doing"]) == ("phase", "CompleteTransfer")
            await desks.act("anna", asks.Consult(Target(TargetKind.AGENT, "jan")))
            jan = await center.leg(2)
            view = await desks.view("jan")
            assert (view.state, view.offer and view.offer.number) == (AgentState.OFFERED, CALLER)
            assert view.offer is not None
            assert view.offer.deadline == view.offer.since + timedelta(seconds=RING_SECONDS)
            await center.answered(jan)
            await asyncio.sleep(20)
            await desks.act("anna", asks.CompleteTransfer())
            await asyncio.sleep(1)
            assert (await desks.view("anna")).state is AgentState.WRAP_UP
            assert (await desks.view("jan")).state is AgentState.TALKING
            await desks.save_note("anna", call_id, "Jan knows more.", 1)
            await desks.dispose("anna", call_id, "transferred")
            await desks.finish_wrap_up("anna")
            await asyncio.sleep(1)
            assert center.talks()["anna"].outcome == "transferred"
            assert Kind.WRAPPED_UP in stage.ledger.kinds(call_id)  # while the call goes on
            await desks.save_note("jan", call_id, "It is solved.", 1)
            await asyncio.sleep(30)
            stage.hang_up()
            await stage.over(call_id)
            await desks.dispose("jan", call_id, "sale")
            await desks.finish_wrap_up("jan")
            await asyncio.sleep(1)
    talks = center.talks()
    assert (talks["anna"].note, talks["jan"].note) == ("Jan knows more.", "It is solved.")
    assert talks["anna"].data["held_seconds"] == pytest.approx(30, abs=2)  # and while advice was asked
    assert talks["jan"].duration_seconds == pytest.approx(31, abs=2)
    assert talks["jan"].disposition == "sale"
    assert stage.ledger.parts == {}
    assert stage.ledger.kinds(call_id)[-1] is Kind.WRAPPED_UP
    seqs = [event.seq for event in stage.ledger.log[call_id]]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_who_gives_advice_alone_leaves_no_row(center: TalkingDesks) -> None:
    desks, stage = center.desks, center.stage
    await center.here("anna")
    call_id = await stage.arrive()
    await center.answered(await center.leg())
    await center.here("jan")
    async with desks.watch("anna", "page of anna"), desks.watch("jan", "page of jan"):
        await desks.act("anna", asks.Consult(Target(TargetKind.AGENT, "jan")))
        await center.answered(await center.leg(2))
        await desks.act("anna", asks.CancelConsult())
        await asyncio.sleep(1)
        assert (await desks.view("jan")).state is AgentState.IDLE
        stage.hang_up()
        await stage.over(call_id)
        await asyncio.sleep(12)
    assert list(center.talks()) == ["anna"]
    assert stage.ledger.parts == {}


async def test_a_lost_agent_leaves_a_row_that_says_so(center: TalkingDesks) -> None:
    stage = center.stage
    await center.here("anna")
    call_id = await stage.arrive()
    leg = await center.leg()
    await center.answered(leg)
    await asyncio.sleep(5)
    stage.control.tell(ChannelEnded(leg, 41))
    await stage.until(lambda: Kind.AGENT_LOST in stage.ledger.kinds(call_id))
    stage.hang_up()
    await stage.over(call_id)
    await asyncio.sleep(40)
    assert center.talks()["anna"].outcome == "lost"


async def test_a_manual_call_is_an_agents_own_work(center: TalkingDesks) -> None:
    desks, stage = center.desks, center.stage
    await center.here("anna")
    async with desks.watch("anna", "page of anna"):
        call_id = await desks.dial("anna", "600000012")
        (asked,) = stage.gate.asked
        assert (asked.mode, asked.channel, asked.subject) == ("manual", "call", f"call:{call_id}")
        await center.answered(await center.leg())
        await stage.until(lambda: bool(stage.control.asked("originate")))
        customer = str(stage.control.asked("originate")[-1][0])
        await center.answered(customer)
        view = await desks.view("anna")
        assert view.state is AgentState.TALKING
        assert view.popup is not None
        assert (view.popup.direction, view.popup.number) == ("outbound", "+48600000012")
        await asyncio.sleep(30)
        await desks.save_note("anna", call_id, "Called back.", 1)
        await desks.act("anna", asks.HangUp())
        await stage.over(call_id)
        if (await desks.view("anna")).state is AgentState.WRAP_UP:
            await desks.finish_wrap_up("anna")
        await asyncio.sleep(1)
        row = center.talks()["anna"]
        assert (row.direction, row.note, row.outcome) == ("outbound", "Called back.", "completed")
        assert row.duration_seconds == pytest.approx(30.5, abs=1)
        assert (await desks.view("anna")).day.outbound == 1
