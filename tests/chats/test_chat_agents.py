"""From the flow to an agent and on: offers, talks, passing on, taking over, outcomes, and who is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from acd.agents import AgentState
from calls.events import CallEventKind
from engine.desk.refusals import DeskRefused
from engine.desk.settings import DeskSettings, QueueDesk
from engine.desk.view import SmsTemplate
from engine.desk.written_work import canned
from engine.ports import StoreUnavailable
from engine.registers.agents import AgentEventKind
from engine.registers.chats import ChatRow
from history.interaction import ContactPoint, PointKind
from messaging.chat import ChatPhase, LineKind
from tests.chats.stage import DESK, ChatStage, shipped

CONNECTED, LEFT = CallEventKind.AGENT_CONNECTED, CallEventKind.QUEUE_LEFT


async def test_an_agent_answers_and_ends_it(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.waiting()
    (item,) = await stage.desk.desk("anna")
    assert item.offer is not None
    assert [one.address for one in item.path] == ["https://shop.example.com/"]
    assert visitor.chat.phase is ChatPhase.WAITING
    await asyncio.sleep(5)
    await stage.desk.take("anna", visitor.id)
    await stage.desk.say("anna", visitor.id, "Good morning.", "a1")
    await stage.desk.say("anna", visitor.id, "Good morning.", "a1")
    stage.desk.typing("anna", visitor.id)
    await asyncio.sleep(1)
    assert (visitor.read[-2:], visitor.now.agent_shown) == (["joined", "Good morning."], "Anna")
    assert visitor.now.typing
    await visitor.say("Where is my parcel?")
    (item,) = await stage.desk.desk("anna")
    assert item.lines[-1].text == "Where is my parcel?"
    assert item.row.chat.owed_since is not None
    await stage.desk.end("anna", visitor.id, "sale")
    await asyncio.sleep(0.1)
    assert visitor.read[-1] == "A grade?", "the flow goes on behind the talk"
    await visitor.press("5")
    await asyncio.sleep(1)
    (row,) = stage.ledger.interactions
    assert (row.outcome, row.agent, row.disposition) == ("answered", "anna", "sale")
    assert (row.data["waited_seconds"], row.data["first_answer_seconds"]) == (5.1, 0.0)
    assert stage.ledger.of_kind(visitor.id, CONNECTED) == [
        {"queue": "orders", "agent": "anna", "waited_seconds": 5.1}
    ]
    assert [one["outcome"] for one in stage.ledger.of_kind(visitor.id, LEFT)] == ["next"]
    view = stage.queues.agent_view("anna")
    assert view is not None
    assert view.state is AgentState.IDLE, "who has said the outcome wraps nothing up"


async def test_no_answer_is_filled_with_the_browsers_own_id(stage: ChatStage) -> None:
    settings = DeskSettings("PL", templates={"call": SmsTemplate("call", {"en": "I call you: {number}."})})
    chat = (await stage.visitor("browser-1")).chat
    assert canned(settings, chat, None, "Anna") == (("call", "I call you: {number}."),)
    phoned = replace(chat, point=ContactPoint(PointKind.PHONE, "+48600000001"))
    assert canned(settings, phoned, None, "Anna") == (("call", "I call you: +48600000001."),)


async def test_a_slow_store_is_not_waited_for_once_for_each_chat(stage: ChatStage) -> None:
    for n in range(4):
        await stage.visitor(f"v{n}")

    async def slow(id: str) -> ChatRow:
        await asyncio.sleep(60)
        raise StoreUnavailable("The database is away.")

    rows, stage.store.row = stage.store.row, slow  # type: ignore[method-assign]
    began = stage.clock.now()
    assert len(await stage.desk.open_now()) == 4
    assert (stage.clock.now() - began).total_seconds() < 4
    asked: list[str] = []

    async def well(id: str) -> ChatRow:
        asked.append(id)
        return await rows(id)

    stage.store.row = well  # type: ignore[method-assign]
    await asyncio.sleep(6)
    await stage.desk.open_now()
    assert len(asked) == 4


async def test_an_offer_goes_on_until_somebody_takes_it(stage: ChatStage) -> None:
    stage.here("anna", "jan")
    visitor = await stage.waiting()
    first = stage.offered_to(visitor.id)
    stage.desk.decline(first, visitor.id)
    second = stage.offered_to(visitor.id)
    assert {first, second} == {"anna", "jan"}
    with pytest.raises(DeskRefused) as refused:
        await stage.desk.take(first, visitor.id)
    assert refused.value.why == "chat_gone"
    await asyncio.sleep(40)  # the second lets it pass, and the first is asked again
    await stage.desk.take(stage.offered_to(visitor.id), visitor.id)
    await asyncio.sleep(0.1)
    with pytest.raises(DeskRefused):
        await stage.desk.take("jan", visitor.id)
    assert visitor.chat.phase is ChatPhase.TALKING


async def test_an_agent_has_as_many_chats_as_they_may(stage: ChatStage) -> None:
    stage.here("anna")
    visitors = [await stage.talking("anna", f"v{n}") for n in range(3)]
    fourth = await stage.waiting("v4")
    assert (stage.offered_to(fourth.id), fourth.now.position) == ("", 1)
    assert len(await stage.desk.desk("anna")) == 3
    await stage.desk.end("anna", visitors[0].id, "")
    assert stage.offered_to(fourth.id) == "anna"


async def test_it_is_passed_to_a_queue_and_to_an_agent(stage: ChatStage) -> None:
    stage.here("anna", "jan")
    visitor = await stage.waiting()
    first = stage.offered_to(visitor.id)
    await stage.desk.take(first, visitor.id)
    await stage.desk.pass_on(first, visitor.id, to=None, queue="desk")
    await asyncio.sleep(0.1)
    assert stage.offered_to(visitor.id) == "jan", "who alone serves that queue"
    assert (visitor.read[-1], visitor.chat.phase) == ("moved", ChatPhase.WAITING)
    await stage.desk.take("jan", visitor.id)
    await stage.desk.pass_on("jan", visitor.id, to="anna", queue=None)
    await asyncio.sleep(0.1)
    assert (visitor.chat.agent, visitor.read[-2:]) == ("anna", ["moved", "joined"])
    with pytest.raises(DeskRefused) as refused:
        await stage.desk.say("jan", visitor.id, "I am still here.")
    assert refused.value.why == "chat_held"
    for to, queue in (("nobody", None), (None, "nowhere")):
        with pytest.raises(DeskRefused) as refused:
            await stage.desk.pass_on("anna", visitor.id, to=to, queue=queue)
        assert refused.value.why == "chat_target"
    await stage.desk.end("anna", visitor.id, "")
    await asyncio.sleep(0.1)
    assert visitor.read[-1] == "A grade?", "the flow's queue is over with the last of them"


async def test_who_goes_gives_the_visitor_back(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    stage.gone("anna")
    await asyncio.sleep(0.1)
    assert ["cut off" in one for one in visitor.read][-2:] == [False, True], "told once"
    assert (visitor.chat.phase, visitor.now.position) == (ChatPhase.WAITING, 1)
    stage.here("jan")
    await stage.desk.take("jan", visitor.id)
    await asyncio.sleep(0.1)
    assert (visitor.chat.agent, visitor.chat.phase) == ("jan", ChatPhase.TALKING)


async def test_who_is_given_back_to_a_queue_that_is_no_more_is_told_the_truth(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    stage.queues.reconfigure([DESK], stage.queues.lines().values())
    stage.gone("anna")
    await asyncio.sleep(0.1)
    assert visitor.chat.phase is ChatPhase.CLOSED
    said = [one for one in visitor.read if one.startswith("Sorry")]
    assert said == ["Sorry, nobody can answer now. Please try later, or leave your number."]


async def test_a_supervisor_takes_over_whoever_had_it(stage: ChatStage) -> None:
    stage.here("anna", "jan")
    led = await stage.visitor("v2")
    await stage.desk.take_over("jan", led.id)
    await asyncio.sleep(0.1)
    assert (led.chat.agent, led.chat.phase) == ("jan", ChatPhase.TALKING)
    await led.say("1")
    assert led.read[-1] == "joined", "the flow leads them no more"
    visitor = await stage.waiting()
    await stage.desk.take(taken := stage.offered_to(visitor.id), visitor.id)
    await stage.desk.take_over("jan" if taken == "anna" else "anna", visitor.id)
    assert visitor.id not in [one.row.chat.id for one in await stage.desk.desk(taken)]
    assert len(await stage.desk.open_now()) == 2
    await stage.desk.end("", led.id, "")
    await asyncio.sleep(0.1)
    assert (led.chat.ended_by, led.chat.outcome) == ("supervisor", "answered")


async def test_who_is_not_signed_in_takes_no_chat_over_to_lose_it_again(stage: ChatStage) -> None:
    led = await stage.visitor()
    with pytest.raises(DeskRefused, match="signed in"):
        await stage.desk.take_over("jan", led.id)
    assert led.chat.phase is ChatPhase.LED


async def test_the_outcome_may_be_said_when_the_visitor_has_ended_it(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    await stage.chats.end(visitor.id, visitor.secret)
    (item,) = await stage.desk.desk("anna")
    assert item.wrap_up_until is not None
    await stage.desk.end("anna", visitor.id, "sale")
    await asyncio.sleep(1)
    first, second = stage.ledger.interactions
    assert (first.disposition, second.disposition, second.corrects) == (None, "sale", first.id)
    assert not await stage.desk.desk("anna")
    assert stage.store.chats[visitor.id].disposition == "sale"
    with pytest.raises(DeskRefused) as refused:
        await stage.desk.say("anna", visitor.id, "Bye")
    assert refused.value.why == "chat_closed"


async def test_a_queue_that_is_full_closed_or_empty_is_told_to_the_flow(stage: ChatStage) -> None:
    alone = await stage.visitor("v0")
    await alone.press("9")
    assert alone.read[-3:-1] == ["Nobody is here.", "Goodbye."]
    await (shut := await stage.visitor("v1")).press("4")
    assert shut.read[-2:] == ["We are closed.", "How can we help?"]
    stage.here("anna")
    for n in range(2, 5):
        await stage.talking("anna", f"v{n}")
    waiting = [await stage.waiting(f"w{n}") for n in range(3)]
    assert [one.now.position for one in waiting] == [1, 2, 3]
    full = await stage.waiting("v9")
    assert full.read[-3:-1] == ["All are busy.", "Goodbye."]
    await asyncio.sleep(125)
    assert waiting[0].read[-3:-1] == ["Nobody is here.", "Goodbye."], "the longest wait is over"
    assert waiting[0].read.count("You are number one in the queue.") == 1, "nothing is said twice"
    assert waiting[0].chat.outcome == "abandoned"


async def test_who_waits_and_leaves_loses_the_place_after_a_while(stage: ChatStage) -> None:
    stage.here("anna")
    for n in range(3):
        await stage.talking("anna", f"v{n}")
    visitor = await stage.waiting("w")
    await visitor.leave()
    await asyncio.sleep(30)
    await visitor.come()
    await asyncio.sleep(20)
    assert visitor.chat.phase is ChatPhase.WAITING, "they came back in time"
    await visitor.leave()
    await asyncio.sleep(65)
    assert stage.store.chats[visitor.id].outcome == "abandoned"
    assert stage.ledger.of_kind(visitor.id, LEFT)[-1]["outcome"] == "abandoned"


async def test_who_leaves_in_a_talk_is_seen_to_be_gone_until_the_chat_is_idle(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    await visitor.leave()
    assert (await stage.desk.item(visitor.id)).present, "a page that is loaded anew is back soon"
    await asyncio.sleep(10)
    assert not (await stage.desk.item(visitor.id)).present
    await stage.desk.say("anna", visitor.id, "Are you there?")
    await asyncio.sleep(800)
    assert stage.store.chats[visitor.id].phase is ChatPhase.TALKING
    await asyncio.sleep(200)
    assert stage.store.chats[visitor.id].ended_by == "idle"


async def test_who_comes_back_is_offered_to_whom_they_know(stage: ChatStage) -> None:
    stage.here("anna", "jan")
    visitor = await stage.waiting()
    known = stage.offered_to(visitor.id)
    await stage.desk.take(known, visitor.id)
    await stage.chats.end(visitor.id, visitor.secret)
    await asyncio.sleep(60)
    again = await stage.waiting()
    assert stage.offered_to(again.id) == known


async def test_a_call_carries_the_chat_along(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    await stage.desk.offer_call("anna", visitor.id)
    assert await stage.chats.wants_call(visitor.id, visitor.secret, "600 000 001") == "+48600000001"
    (asked,) = stage.asked.requests
    assert (asked.note, asked.topic, asked.point.value) == (f"chat {visitor.id}", "web", "+48600000001")
    await asyncio.sleep(1)
    assert visitor.chat.contact_id == "contact of +48600000001"
    await stage.chats.calls(visitor.id, visitor.secret, "call7")
    assert stage.points[0][1].value == "call7"
    assert stage.carried.agent_of("call7") == "anna"
    await asyncio.sleep(0.1)
    calls = [(line.speaker, line.data.get("how")) for line in visitor.lines if line.kind is LineKind.CALL]
    assert calls == [("agent", None), ("visitor", "callback"), ("visitor", "browser")]


async def test_whether_a_person_could_answer(stage: ChatStage) -> None:
    assert not stage.chats.can_open("shop")
    stage.here("anna")
    assert stage.chats.can_open("shop")
    stage.queues.desk_present("anna", False)
    assert not stage.chats.can_open("shop")
    assert not stage.chats.can_open("nowhere")


async def test_a_shipped_flow_leads_to_the_queue(stage: ChatStage) -> None:
    from acd.agents import Agent

    other = ChatStage(flow=shipped("wholesaler"), agents=[Agent("anna", {"en": 3})])
    other.here("anna")
    visitor = await other.visitor()
    for _ in range(4):
        if visitor.chat.phase is ChatPhase.WAITING:
            break
        await visitor.say("agent")
    await other.desk.take("anna", visitor.id)
    await other.desk.end("anna", visitor.id, "")
    await asyncio.sleep(0.1)
    assert [one.label for one in visitor.now.buttons] == ["1", "2", "3", "4", "5"]
    await visitor.press("4")
    assert visitor.chat.phase is ChatPhase.CLOSED
    await other.close()


async def test_an_offer_that_is_let_go_is_a_missed_one(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.waiting()
    assert stage.offered_to(visitor.id) == "anna"
    await asyncio.sleep(25)
    missed = {"work": visitor.id, "queue": "orders", "outcome": "no_answer"}
    assert [(one.agent, one.kind, one.data) for one in stage.noted] == [
        ("anna", AgentEventKind.MISSED, missed)
    ]
    stage.here("anna")
    await asyncio.sleep(1)
    assert stage.offered_to(visitor.id) == "anna"
    stage.desk.decline("anna", visitor.id)
    await asyncio.sleep(1)
    assert [one.kind for one in stage.noted] == 2 * [AgentEventKind.MISSED]
    assert [one.id for one in stage.ledger.agent_events] == [one.id for one in stage.noted]


async def test_a_talk_is_one_of_the_agents_chats(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    await stage.desk.end("anna", visitor.id, "")
    assert [one.kind for one in stage.noted] == [AgentEventKind.CHATTED]


async def test_no_chat_ends_as_only_a_call_does(stage: ChatStage) -> None:
    stage.here("anna")
    visitor = await stage.talking()
    (item,) = await stage.desk.desk("anna")
    offered = {one.name for one in item.dispositions}
    assert {"sale", "callback", "abandoned"} <= offered
    assert not offered & {"no_answer", "busy", "machine", "disconnected"}
    with pytest.raises(DeskRefused, match="no outcome 'busy'"):
        await stage.desk.end("anna", visitor.id, "busy")
    calls = DeskSettings("PL", queues={"orders": QueueDesk(("busy", "machine"))})
    assert [one.name for one in calls.written_dispositions_of("orders")] == ["busy", "machine"]
