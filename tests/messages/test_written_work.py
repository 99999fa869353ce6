"""Written work: offered by the queues to open desks, answered, passed on, closed; also behind a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from acd.agents import Agent, AgentState, AgentStatus
from acd.events import AgentTaken, StatusChanged, TalkEnded
from acd.queues import Queue
from compliance.facts import Channel
from engine.clock import TimeOrderedIds
from engine.desk.refusals import DeskRefused
from engine.desk.settings import DeskSettings, QueueDesk
from engine.desk.view import SmsTemplate
from engine.desk.written_beside import of_calls
from engine.desk.written_work import WrittenDesk, WrittenWork
from engine.queues import AgentLine, Queues
from engine.registers.actor import Actor, ActorKind
from engine.registers.agents import AgentEventKind
from engine.registers.timeline import TimelineFilter
from messaging.dialogue import DialogueRules
from messaging.provider import Incoming
from messaging.states import MessageState
from store.store import Store
from tests.conftest import HandClock
from tests.patience import patient

ANNA = "+48600000001"
OURS = "+48220000010"
LEAD = Actor(ActorKind.PERSON, "p-ewa")
SETTINGS = DeskSettings(
    "PL",
    templates={"thanks": SmsTemplate("thanks", {"en": "Thanks {name}, says {agent}."})},
    queues={"billing": QueueDesk(disposition_required=True)},
)


@dataclass
class Center:
    store: Store
    clock: HandClock
    queues: Queues
    work: WrittenWork
    told: list[str] = field(default_factory=list)

    async def comes(self, text: str = "Where is it?", of: str = ANNA) -> None:
        queue = self.store.message_queue("w1")
        external = f"x{self.clock.now().timestamp()}-{of}-{text}"
        incoming = Incoming("one", Channel.SMS, of, OURS, text, self.clock.now(), external)
        await queue.take(incoming, opted_out=False)
        self.work.nudge()

    def here(self, *agents: str) -> None:
        for agent in agents:
            self.queues.desk_present(agent, True)
            self.queues.tell(StatusChanged(agent, AgentStatus.AVAILABLE))

    async def desk(self, agent: str, done: Callable[[WrittenDesk], bool]) -> WrittenDesk:
        async with asyncio.timeout(patient(10)):
            while not done(desk := await self.work.desk(agent)):  # noqa: ASYNC110 - what is shown is asked for
                await asyncio.sleep(0.02)
        return desk

    async def offered(self, agent: str) -> str:
        desk = await self.desk(agent, lambda one: any(item.offer for item in one.items))
        return next(item.row.dialogue.id for item in desk.items if item.offer)


Opened = Callable[..., Awaitable[Center]]


@pytest.fixture
async def opened(tmp_path, make_store, clock: HandClock) -> AsyncIterator[Opened]:  # type: ignore[no-untyped-def]
    centers: list[Center] = []
    store = make_store(f"sqlite:///{tmp_path}/infolinia.db")
    await store.start()

    async def open_it(node: str = "here") -> Center:
        agents = [AgentLine(Agent(name), browser=True) for name in ("anna", "jan")]
        queues = Queues([Queue("orders", wrap_up_seconds=30), Queue("billing")], agents, clock=clock)
        told: list[str] = []
        work = WrittenWork(
            store.dialogues,
            queues,
            clock,
            TimeOrderedIds(clock),
            node=node,
            route=lambda message: "orders",
            rules=DialogueRules,
            settings=lambda: SETTINGS,
            tell=told.append,
        )
        work.start()
        centers.append(Center(store, clock, queues, work, told))
        return centers[-1]

    yield open_it
    for center in centers:
        await center.work.close()
        center.queues.close()


async def test_it_is_offered_taken_answered_and_closed(opened: Opened) -> None:
    center = await opened()
    center.here("anna")
    await center.comes()
    key = await center.offered("anna")
    center.clock.pass_seconds(5)
    await center.work.take("anna", key)
    view = center.queues.agent_view("anna")
    assert view is not None
    assert view.state is AgentState.TALKING
    assert of_calls(view).state is AgentState.IDLE
    (item,) = (await center.work.desk("anna")).items
    assert item.held
    assert item.answers == (("thanks", "Thanks {name}, says anna."),)
    with pytest.raises(DeskRefused, match="not known"):
        await center.work.answer("anna", key, "Thanks {name}.")
    center.clock.pass_seconds(25)
    await center.work.answer("anna", key, "On its way.")
    view = center.queues.agent_view("anna")
    assert view is not None
    assert view.state is AgentState.IDLE
    desk = await center.work.desk("anna")
    assert (desk.day.answers, desk.day.first_seconds) == (1, 30.0)
    assert [one.text for one in desk.items[0].messages] == ["Where is it?", "On its way."]
    sent = desk.items[0].messages[-1]
    assert (sent.state, sent.ours, sent.agent) == (MessageState.QUEUED, OURS, "anna")
    assert sent.requested_at is not None
    await center.work.end("anna", key, "sale")
    assert (await center.work.desk("anna")).items == ()


async def test_what_is_taken_twice_at_once_stays_in_hand(opened: Opened) -> None:
    center = await opened()
    center.here("anna")
    await center.comes()
    key = await center.offered("anna")
    done = await asyncio.gather(*(center.work.take("anna", key) for _ in "12"), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["DeskRefused", "NoneType"]
    assert (await center.store.dialogues.get(key)).agent == "anna"
    assert await center.store.dialogues.owed("there") == []


async def test_another_message_goes_to_the_agent_who_answered(opened: Opened) -> None:
    center = await opened()
    center.here("anna", "jan")
    await center.comes()
    agents = [one for one in ("anna", "jan") if (await _offers(center, one))]
    while not agents:
        await asyncio.sleep(0.02)
        agents = [one for one in ("anna", "jan") if (await _offers(center, one))]
    (first,) = agents
    key = await center.offered(first)
    await center.work.take(first, key)
    await center.work.answer(first, key, "On its way.")
    center.clock.pass_seconds(60)
    await center.comes("And when?")
    assert await center.offered(first) == key


async def test_what_is_declined_goes_to_another_and_what_is_passed_on_too(opened: Opened) -> None:
    center = await opened()
    center.here("anna")
    await center.comes()
    key = await center.offered("anna")
    center.here("jan")
    center.work.decline("anna", key)
    assert await center.offered("jan") == key
    with pytest.raises(DeskRefused):
        await center.work.take("anna", key)
    await center.work.take("jan", key)
    center.clock.pass_seconds(60)  # Anna's pause after what she let go is over
    center.queues.tell(StatusChanged("anna", AgentStatus.AVAILABLE))
    with pytest.raises(DeskRefused, match="queue"):
        await center.work.pass_on("jan", key, to=None, queue="nowhere")
    await center.work.pass_on("jan", key, to="anna", queue=None)
    assert await center.offered("anna") == key
    await center.work.take("anna", key)
    await center.work.pass_on("anna", key, to=None, queue="billing")
    await center.desk("anna", lambda desk: not any(one.held for one in desk.items))
    assert (await center.store.dialogues.get(key)).queue == "billing"


async def test_a_queue_may_want_an_outcome(opened: Opened) -> None:
    center = await opened()
    center.here("anna")
    await center.comes()
    key = await center.offered("anna")
    await center.work.take("anna", key)
    await center.work.pass_on("anna", key, to="anna", queue="billing")
    assert await center.offered("anna") == key
    await center.work.take("anna", key)
    with pytest.raises(DeskRefused, match="outcome"):
        await center.work.end("anna", key, "")
    with pytest.raises(DeskRefused, match="no outcome"):
        await center.work.end("anna", key, "nonsense")
    await center.work.end("anna", key, "sale")
    assert not (await center.store.dialogues.get(key)).is_open


async def test_nobody_who_is_on_a_call_is_offered_it_and_the_call_goes_first(opened: Opened) -> None:
    center = await opened()
    center.here("anna")
    center.queues.tell(AgentTaken("c1", "anna"))
    await center.comes()
    async with asyncio.timeout(patient(10)):
        while not (await center.store.dialogues.counts())[1]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert not await _offers(center, "anna")
    center.queues.tell(TalkEnded("c1", "anna"))
    assert await center.offered("anna")


async def test_who_leaves_gives_back_what_they_have_in_hand(opened: Opened) -> None:
    center = await opened()
    center.here("anna")
    await center.comes()
    key = await center.offered("anna")
    await center.work.take("anna", key)
    center.here("jan")
    center.queues.tell(StatusChanged("anna", AgentStatus.OFFLINE))
    assert await center.offered("jan") == key
    view = center.queues.agent_view("anna")
    assert view is not None
    assert view.status is AgentStatus.OFFLINE


async def test_after_a_restart_what_is_owed_is_offered_again(opened: Opened) -> None:
    before = await opened()
    before.here("anna")
    await before.comes()
    key = await before.offered("anna")
    await before.work.take("anna", key)
    await before.work.close()
    after = await opened()
    after.here("anna")
    assert await after.offered("anna") == key


async def test_two_engines_do_not_both_have_it_in_hand(opened: Opened) -> None:
    here, there = await opened("here"), await opened("there")
    here.here("anna")
    there.here("jan")
    await here.comes()
    there.work.nudge()
    key = await here.offered("anna")
    assert await there.offered("jan") == key
    await here.work.take("anna", key)
    with pytest.raises(DeskRefused):
        await there.work.take("jan", key)
    there.work.nudge()
    await there.desk("jan", lambda desk: not desk.items)


async def test_a_supervisor_takes_it_over_and_it_stands_in_the_audit_log(opened: Opened) -> None:
    center = await opened()
    center.here("anna")
    await center.comes()
    key = await center.offered("anna")
    await center.work.take("anna", key)
    await center.work.take_over("ewa", key, actor=LEAD, why="a complaint")
    with pytest.raises(DeskRefused):
        await center.work.answer("anna", key, "On its way.")
    await center.work.answer("ewa", key, "I am sorry.")
    assert (await center.work.desk("anna")).items == ()
    view = center.queues.agent_view("anna")
    assert view is not None
    assert view.state is AgentState.IDLE


async def test_what_an_agent_forgets_goes_back_to_its_queue_and_is_told(opened: Opened) -> None:
    center = await opened()
    center.here("anna")
    await center.comes()
    key = await center.offered("anna")
    await center.work.take("anna", key)
    center.clock.pass_seconds(14 * 60)
    center.work.touched("anna", key)  # typing is a deed, too
    center.clock.pass_seconds(14 * 60)
    center.work.nudge()
    desk = await center.desk("anna", lambda one: any(item.held for item in one.items))
    assert desk.returned == 0
    center.clock.pass_seconds(61)
    center.here("jan")
    center.work.nudge()
    assert (await center.desk("anna", lambda one: one.returned == 1)).returned == 1
    assert "anna" in center.told
    assert (await center.store.dialogues.get(key)).agent is None
    assert await center.offered("jan") == key
    (event,) = await center.store.agents.events("anna", limit=10)
    assert (event.kind, event.data["work"], event.data["seconds"]) == (AgentEventKind.GIVEN_BACK, key, 901.0)


async def test_a_dialogue_that_is_closed_is_a_row_of_the_history_and_its_answers_of_the_agents_log(
    opened: Opened,
) -> None:
    center = await opened()
    center.here("anna")
    await center.comes()
    key = await center.offered("anna")
    await center.work.take("anna", key)
    center.clock.pass_seconds(30)
    await center.work.answer("anna", key, "Here it is.")
    await center.comes("And the other one?")
    await center.offered("anna")
    await center.work.take("anna", key)
    center.clock.pass_seconds(10)
    await center.work.answer("anna", key, "Tomorrow.")
    await center.work.end("anna", key, "sale")
    answered = [
        (one.data["seconds"], one.data["first"], one.data["channel"])
        for one in await center.store.agents.events("anna", limit=10)
        if one.kind is AgentEventKind.ANSWERED
    ]
    assert answered == [(10.0, False, "sms"), (30.0, True, "sms")]
    dialogue = await center.store.dialogues.get(key)
    assert dialogue.contact_id is not None
    rows = (await center.store.history.timeline.of(dialogue.contact_id, TimelineFilter())).items
    row = next(one for one in rows if one.subject_id == key)
    assert (row.agent, row.disposition, row.outcome, row.at) == ("anna", "sale", "completed", row.at)
    assert row.data == {
        "kind": "dialogue",
        "opened_at": dialogue.opened_at.isoformat(),
        "queue": "orders",
        "answers": 2,
        "first_answer_seconds": 30.0,
        "answer_seconds": 20.0,
    }


async def _offers(center: Center, agent: str) -> list[str]:
    return [one.row.dialogue.id for one in (await center.work.desk(agent)).items if one.offer]
