"""What an agent arranges with the person on the line, in the talk and behind the call's end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from acd.agents import DEFAULT_CAPACITY, AgentStatus
from acd.events import AgentTaken
from acd.talks.talk import ActionRefused, Consult, Hold, Target, TargetKind, Transfer
from acd.work import WorkKind
from calls.events import CallEventKind as Kind
from compliance.decision import Decision
from engine.desk.desks import CallbackWish
from engine.desk.refusals import ContactForbidden, DeskRefused
from engine.registers.desk import KnownCaller
from history.callbacks import CallbackSource
from history.contact import Contact
from history.interaction import Channel
from history.permissions import Scope
from tests.engine.desk_stage import DeskStage
from tests.engine.stage import CALLER


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskStage]:
    stage = await DeskStage(tmp_path).start()
    await stage.here("anna")
    yield stage
    await stage.close()


async def test_a_callback_is_kept_with_its_window_also_in_wrap_up(desk: DeskStage) -> None:
    await desk.talks()
    begins = desk.stage.clock.now() + timedelta(days=1)
    wish = CallbackWish(begins, begins + timedelta(hours=1), mine=True, note="About the copy")
    await desk.hangs_up("anna")
    await desk.desks.schedule_callback("anna", "call1", wish)
    (request,) = desk.ledger.callbacks.values()
    assert (request.topic, request.source, request.person_chose) == (
        "agent-anna",
        CallbackSource.AGENT,
        True,
    )
    assert (request.window_from, request.note, request.point.value) == (begins, "About the copy", CALLER)
    assert desk.ledger.kinds("call1")[-2:] == [Kind.ENDED, Kind.CALLBACK_REQUESTED]
    await desk.settled()
    kept = next(iter(desk.ledger.parts.values()))
    assert kept.callback_id == request.id


async def test_a_callback_of_the_team_is_the_queues(desk: DeskStage) -> None:
    await desk.talks()
    await desk.desks.schedule_callback("anna", "call1", CallbackWish(None, None))
    (request,) = desk.ledger.callbacks.values()
    assert (request.topic, request.queue, request.person_chose) == ("orders", "orders", False)


async def test_a_window_that_is_over_is_refused_in_a_sentence(desk: DeskStage) -> None:
    await desk.talks()
    past = desk.stage.clock.now() - timedelta(days=1)
    with pytest.raises(DeskRefused, match="over already"):
        await desk.desks.schedule_callback("anna", "call1", CallbackWish(past, past + timedelta(hours=1)))
    assert desk.ledger.callbacks == {}


async def test_a_callback_is_kept_while_the_database_is_away(desk: DeskStage) -> None:
    await desk.talks()
    desk.ledger.away = True
    await desk.desks.schedule_callback("anna", "call1", CallbackWish(None, None))
    (request,) = desk.ledger.callbacks.values()  # on disk, until it is back
    assert request.call_id == "call1"
    assert Kind.CALLBACK_REQUESTED in desk.ledger.kinds("call1")


async def test_a_promise_is_on_the_timeline(desk: DeskStage) -> None:
    await desk.talks()
    await desk.desks.promise("anna", "call1", 12050, "PLN", date(2026, 3, 9), "F/1")
    (row,) = [row for row in desk.ledger.interactions if row.channel is Channel.PROMISE]
    assert (row.data["amount"], row.data["due"], row.currency) == ("120.50", "2026-03-09", "PLN")
    assert [job.topic for job in desk.ledger.jobs.values()] == ["promise"]
    with pytest.raises(DeskRefused, match="above nothing"):
        await desk.desks.promise("anna", "call1", 0, "PLN", date(2026, 3, 9))


async def test_do_not_call_is_of_the_number_and_its_person(desk: DeskStage) -> None:
    await desk.talks()
    await desk.desks.stop_contact("anna", "call1", frozenset({"call"}))
    scopes = {one.scope: one for one in desk.ledger.objections.values()}
    assert scopes.keys() == {Scope.NUMBER, Scope.PERSON}
    assert scopes[Scope.NUMBER].value == CALLER
    assert scopes[Scope.NUMBER].source == "agent:anna"
    assert scopes[Scope.NUMBER].channels == {"call"}
    await desk.settled()
    assert next(iter(desk.ledger.parts.values())).stopped


async def test_with_a_withheld_number_there_is_nobody_to_stop(desk: DeskStage) -> None:
    await desk.talks(caller="")
    with pytest.raises(DeskRefused, match="withheld"):
        await desk.desks.stop_contact("anna", "call1")
    with pytest.raises(DeskRefused, match="withheld: write one"):
        await desk.desks.schedule_callback("anna", "call1", CallbackWish(None, None))
    wish = CallbackWish(None, None, number="600000012")
    await desk.desks.schedule_callback("anna", "call1", wish)
    assert [one.point.value for one in desk.ledger.callbacks.values()] == ["+48600000012"]


async def test_a_message_goes_through_the_gate_with_its_places_filled(desk: DeskStage) -> None:
    now = desk.stage.clock.now()
    desk.registers.known = KnownCaller(Contact("c1", now, now, attributes={"hour": 12}))
    await desk.talks()
    # The page opens the desk, and with it who calls is read.
    await desk.desks.view("anna")
    await desk.settled()
    assert (await desk.desks.view("anna")).templates[0].text["en"] == "It comes at 12."
    assert await desk.desks.send_sms("anna", "call1", "time", "en") == "It comes at 12."
    (job,) = desk.ledger.jobs.values()
    assert (job.topic, job.payload["to"], job.payload["text"]) == ("sms", CALLER, "It comes at 12.")
    (asked,) = desk.stage.gate.asked
    assert (asked.channel, asked.mode, asked.purpose) == ("sms", "manual", "service")
    assert Kind.MESSAGE_QUEUED in desk.ledger.kinds("call1")


async def test_a_text_that_needs_what_is_not_known_is_not_sent(desk: DeskStage) -> None:
    await desk.talks()
    with pytest.raises(DeskRefused, match="not known here: hour"):
        await desk.desks.send_sms("anna", "call1", "time", "en")
    with pytest.raises(DeskRefused, match="no text 'time' in 'ru'"):
        await desk.desks.send_sms("anna", "call1", "time", "ru")
    assert desk.stage.gate.asked == []


async def test_what_the_gate_forbids_is_told_with_rule_and_moment(desk: DeskStage) -> None:
    now = desk.stage.clock.now()
    desk.registers.known = KnownCaller(Contact("c1", now, now, attributes={"hour": "12"}))
    await desk.talks()
    await desk.desks.view("anna")
    await desk.settled()
    later = now + timedelta(hours=10)
    desk.stage.gate.refusal = Decision(False, "pl/hours", "Not at this hour.", later, ())
    with pytest.raises(ContactForbidden, match="Not at this hour") as refused:
        await desk.desks.send_sms("anna", "call1", "time", "en")
    assert refused.value.decision.next_allowed_at == later
    assert desk.ledger.jobs == {}
    assert desk.ledger.of_kind("call1", Kind.CONTACT_REFUSED)[0]["rule"] == "pl/hours"


async def test_actions_reach_the_agents_own_talk_alone(desk: DeskStage) -> None:
    with pytest.raises(DeskRefused, match="no talk"):
        await desk.desks.act("anna", Hold())
    await desk.talks()
    await desk.desks.act("anna", Hold())
    assert desk.board.acts == [("call1", "anna", Hold())]
    desk.board.refusal = ActionRefused("phase", "The customer is on hold already.")
    with pytest.raises(DeskRefused, match="on hold already"):
        await desk.desks.act("anna", Hold())
    with pytest.raises(DeskRefused, match="wrapped up already"):
        await desk.desks.save_note("jan", "call1", "Not mine.", 1)


async def test_a_manual_call_is_ordered_when_the_agent_is_free(desk: DeskStage) -> None:
    call_id = await desk.desks.dial("anna", "600 000 012", "service", "orders")
    (order,) = desk.manual.placed
    assert (order.id, order.agent, order.to, order.queue) == (call_id, "anna", "+48600000012", "orders")
    with pytest.raises(DeskRefused, match="no telephone number"):
        await desk.desks.dial("anna", "12")
    with pytest.raises(DeskRefused, match="Say why you call"):
        await desk.desks.dial("anna", "600000012", "fun")
    with pytest.raises(DeskRefused, match="no queue 'nowhere'"):
        await desk.desks.dial("anna", "600000012", queue="nowhere")
    await desk.talks()
    with pytest.raises(DeskRefused, match="You have a call"):
        await desk.desks.dial("anna", "600000012")
    assert len(desk.manual.placed) == 1


async def test_a_desk_dials_no_number_that_would_cost_a_fortune(desk: DeskStage) -> None:
    for number in ("+48701234567", "+442079460018"):
        with pytest.raises(DeskRefused) as refused:
            await desk.desks.dial("anna", number)
        assert refused.value.why == "dial"
    assert desk.manual.placed == []
    await desk.talks()
    for action in (Consult, Transfer):
        with pytest.raises(DeskRefused, match="costs more"):
            await desk.desks.act("anna", action(Target(TargetKind.NUMBER, "701 234 567")))
    assert desk.board.acts == []
    await desk.desks.act("anna", Transfer(Target(TargetKind.NUMBER, "600 000 012")))
    assert len(desk.board.acts) == 1


async def test_who_is_offline_or_has_no_telephone_calls_nobody(desk: DeskStage) -> None:
    await desk.desks.set_status("anna", AgentStatus.OFFLINE)
    with pytest.raises(DeskRefused, match="You are offline"):
        await desk.desks.dial("anna", "600000012")
    await desk.desks.sign_in("jan", "page1")
    await desk.desks.set_status("jan", AgentStatus.AVAILABLE)
    with pytest.raises(DeskRefused, match="not connected"):
        await desk.desks.dial("jan", "600000012")


async def test_a_call_can_be_given_to_agents_queues_flows_and_numbers(desk: DeskStage) -> None:
    await desk.here("jan")
    kinds = [(one.kind, one.name, one.free) for one in desk.desks.targets("anna")]
    assert ("agent", "jan", True) in kinds
    assert ("queue", "strict", True) in kinds
    assert ("flow", "front", False) in kinds
    assert "anna" not in [name for _, name, _ in kinds]


async def test_a_colleague_who_chats_is_on_no_call_and_may_have_room(desk: DeskStage) -> None:
    await desk.here("jan")
    queues = desk.stage.exchange.queues

    def seen() -> tuple[str, bool, bool]:
        jan = next(one for one in desk.desks.targets("anna") if one.name == "jan")
        return jan.state, jan.free, jan.takes_chat

    assert seen() == ("available", True, True)
    room = DEFAULT_CAPACITY[WorkKind.CHAT]
    for n in range(room):
        queues.tell(AgentTaken(f"chat{n}", "jan", "orders", WorkKind.CHAT))
        assert seen() == ("chatting", False, n + 1 < room)


async def test_a_flow_that_no_number_leads_to_is_not_offered(desk: DeskStage) -> None:
    shelf = desk.stage.exchange.flows
    shelf.replace(
        {**{flow.name: flow for flow in shelf.all()}, shelf.unknown.name: shelf.unknown}, shelf.unknown
    )
    assert len(shelf.all()) == 2
    assert [one.name for one in desk.desks.targets("anna") if one.kind == "flow"] == ["front"]


async def test_colleagues_have_their_names_before_they_come(desk: DeskStage) -> None:
    await desk.here("jan")
    assert desk.desks.targets("anna")[0].shown == "jan"
    desk.names = {"jan": "Jan"}
    assert desk.desks.targets("anna")[0].shown == "Jan"
    assert (await desk.desks.view("anna")).names == {"jan": "Jan"}


async def test_a_database_that_hangs_keeps_nobody_waiting_and_loses_nothing(desk: DeskStage) -> None:
    await desk.talks()
    desk.ledger.slow = asyncio.Event()
    clock = desk.stage.clock
    began = clock.monotonic()
    assert (await desk.desks.save_note("anna", "call1", "Slow", 1)).text == "Slow"
    assert clock.monotonic() - began < 3
    began = clock.monotonic()
    await desk.desks.schedule_callback("anna", "call1", CallbackWish(None, None))
    assert clock.monotonic() - began < 4
    assert desk.ledger.callbacks == {}
    await asyncio.sleep(5)
    desk.ledger.slow.set()
    await desk.settled()
    assert len(desk.ledger.callbacks) == 1
    (part,) = desk.ledger.parts.values()
    assert (part.note, part.callback_id) == ("Slow", next(iter(desk.ledger.callbacks)))
    kinds = desk.ledger.kinds("call1")
    assert kinds.count(Kind.CALLBACK_REQUESTED) == 1
    assert Kind.TROUBLE not in kinds
